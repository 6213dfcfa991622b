#include "unit_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void memory_is_zeroed_and_counted(void **state)
{
    unsigned char *a = NULL, *b = NULL;
    int64_t before = tsr_memory_blocks();

    (void)state;
    assert_int_equal(tsr_alloc(&a, 1000, 3), TSR_OK);
    assert_int_equal(tsr_alloc_aligned(&b, 1000, 3), TSR_OK);
    for (int i = 0; i < 3000; i++) assert_true(a[i] == 0 && b[i] == 0);
    assert_int_equal(tsr_memory_blocks(), before + 2);
    tsr_free(&a);
    tsr_free(&b);
    assert_null(a);
    tsr_free(&a);
    assert_int_equal(tsr_memory_blocks(), before);
}

static void nothing_is_a_block_too(void **state)
{
    char *a = NULL, *b = NULL, *c = NULL;

    (void)state;
    assert_int_equal(tsr_alloc(&a, 0, 8), TSR_OK);
    assert_int_equal(tsr_alloc_aligned(&b, 5, 0), TSR_OK);
    assert_int_equal(tsr_resize(&c, 0, 8), TSR_OK);
    assert_true(a != NULL && b != NULL && c != NULL);
    tsr_free(&a);
    tsr_free(&b);
    tsr_free(&c);
}

static void aligned_memory_is_aligned_at_every_size(void **state)
{
    const int64_t sizes[] = {1, 63, 64, 65, 4096, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 9 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = NULL;
        assert_int_equal(tsr_alloc_aligned(&block, sizes[i], 1), TSR_OK);
        assert_int_equal((uintptr_t)block % 64, 0);
        if (sizes[i] >= 4 << 20) assert_int_equal((uintptr_t)block % (2 << 20), 0);
        assert_true(block[0] == 0 && block[sizes[i] - 1] == 0);
        memset(block, 1, (size_t)sizes[i]);
        tsr_free(&block);
    }
}

static void resized_memory_keeps_its_content(void **state)
{
    int32_t *values = NULL;

    (void)state;
    assert_int_equal(tsr_resize(&values, 10, sizeof *values), TSR_OK);
    for (int i = 0; i < 10; i++) values[i] = i;
    assert_int_equal(tsr_resize(&values, 100000, sizeof *values), TSR_OK);
    for (int i = 0; i < 10; i++) assert_int_equal(values[i], i);
    tsr_fault_set("1,7");
    int32_t *before = values;
    assert_int_equal(tsr_resize(&values, 200000, sizeof *values), TSR_ENOMEM);
    assert_ptr_equal(values, before);
    assert_int_equal(values[9], 9);
    tsr_free(&values);
}

static void size_that_does_not_fit_is_out_of_memory(void **state)
{
    char *block = (char *)&block;

    (void)state;
    assert_int_equal(tsr_alloc(&block, INT64_MAX, 8), TSR_ENOMEM);
    assert_null(block);
    assert_int_equal(tsr_alloc(&block, -1, 1), TSR_ENOMEM);
    assert_int_equal(tsr_alloc_aligned(&block, INT64_MAX, 1), TSR_ENOMEM);
    assert_null(block);
    assert_int_equal(tsr_resize(&block, INT64_MAX / 4, 8), TSR_ENOMEM);
    assert_null(block);
    assert_int_equal(tsr_error_last()->status, TSR_ENOMEM);
    assert_non_null(strstr(tsr_error_last()->text, "out of memory"));
}

static void string_is_copied(void **state)
{
    char *copy = NULL;

    (void)state;
    assert_int_equal(tsr_strdup(&copy, "tessera"), TSR_OK);
    assert_string_equal(copy, "tessera");
    tsr_free(&copy);
    tsr_fault_set("1,1");
    assert_int_equal(tsr_strdup(&copy, "tessera"), TSR_ENOMEM);
    assert_null(copy);
}

static void peak_grows_with_touched_memory(void **state)
{
    const int64_t size = (int64_t)64 << 20;
    char *block = NULL;

    (void)state;
    int64_t before = tsr_memory_peak();
    if (before == 0) skip();
    assert_int_equal(tsr_alloc_aligned(&block, size, 1), TSR_OK);
    memset(block, 1, (size_t)size);
    assert_true(tsr_memory_peak() >= before + size / 2);
    tsr_free(&block);
    tsr_memory_peak_reset();
#ifndef __SANITIZE_ADDRESS__ /* it keeps what was freed */
    if (access("/proc/self/clear_refs", W_OK) == 0) assert_true(tsr_memory_peak() <= before + size / 2);
#endif
}

/* ---- failures on purpose ---- */

static int fail_at(const char *plan, const char *site, int passes)
{
    int which = 0;

    tsr_fault_set(plan);
    for (int i = 1; i <= passes; i++)
        if (tsr_fault(site)) which = which == 0 ? i : -1;
    return which;
}

static void fault_at_a_point_comes_once_at_its_turn(void **state)
{
    (void)state;
    assert_int_equal(fail_at("point=kmeans,rank=0", "kmeans", 10), 1);
    assert_int_equal(fail_at("point=kmeans,rank=0,nth=4", "kmeans", 10), 4);
    assert_int_equal(fail_at("point=kmeans,nth=4,action=fail", "kmeans", 10), 4);
    assert_int_equal(fail_at("point=kmeans,rank=1", "kmeans", 10), 0);
    assert_int_equal(fail_at("point=kmeans,rank=0", "pca", 10), 0);
    assert_int_equal(fail_at(NULL, "kmeans", 10), 0);
}

static void rank_of_a_fault_is_the_launchers(void **state)
{
    (void)state;
    setenv("SLURM_PROCID", "2", 1);
    assert_int_equal(fail_at("point=kmeans,rank=2", "kmeans", 3), 1);
    setenv("OMPI_COMM_WORLD_RANK", "5", 1);
    assert_int_equal(fail_at("point=kmeans,rank=2", "kmeans", 3), 0);
    assert_int_equal(fail_at("point=kmeans,rank=5", "kmeans", 3), 1);
    unsetenv("OMPI_COMM_WORLD_RANK");
    unsetenv("SLURM_PROCID");
}

static void random_faults_are_about_one_in_n_and_repeat(void **state)
{
    bool first[4000];
    int failed = 0, differ = 0;

    (void)state;
    tsr_fault_set("10,42");
    for (int i = 0; i < 4000; i++) failed += first[i] = tsr_fault(i % 2 == 0 ? "alloc" : "file");
    assert_true(failed > 300 && failed < 500);
    tsr_fault_set("10,42");
    for (int i = 0; i < 4000; i++) assert_int_equal(tsr_fault("alloc"), first[i]);
    tsr_fault_set("10,43");
    for (int i = 0; i < 4000; i++) differ += tsr_fault("alloc") != first[i];
    assert_true(differ > 0);
    tsr_fault_set("1,42");
    assert_false(tsr_fault("kmeans"));
    assert_true(tsr_fault("file"));
}

/* The exit status of a child that passes the point twice under this plan; 128 + signal if a signal ended it. */
static int child_under(const char *plan)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(99);
        tsr_interrupt_install(0);
        tsr_fault_set(plan);
        bool failed = tsr_fault("save");
        failed |= tsr_fault("save");
        _exit(failed ? 10 : tsr_interrupt_wanted() ? 11 : 12);
    }
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void fault_may_be_a_signal(void **state)
{
    (void)state;
    assert_int_equal(child_under("point=save,rank=0,nth=2"), 10);
    assert_int_equal(child_under("point=save,rank=0,nth=2,action=kill"), 128 + 9);
    assert_int_equal(child_under("point=save,rank=0,nth=2,action=usr1"), 11);
    assert_int_equal(child_under("point=save,rank=0,nth=3,action=kill"), 12);
}

static void plan_not_understood_ends_the_program(void **state)
{
    (void)state;
    assert_int_equal(child_under("sometimes"), TSR_EBUG);
    assert_int_equal(child_under("point=save,rank=x"), TSR_EBUG);
    assert_int_equal(child_under("point=save,action=explode"), TSR_EBUG);
    assert_int_equal(child_under("rank=0"), TSR_EBUG);
    assert_int_equal(child_under("0,1"), TSR_EBUG);
}

static int child_with_environment(const char *plan)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        setenv("TSR_FAULT", plan, 1);
        execl("/proc/self/exe", "unit_memory", "pass the point", (char *)NULL);
        _exit(99);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

static void plan_comes_from_the_environment(void **state)
{
    (void)state;
    assert_int_equal(child_with_environment("point=save,rank=0"), 10);
    assert_int_equal(child_with_environment("point=other,rank=0"), 12);
    assert_int_equal(child_with_environment(""), 12);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) return tsr_fault("save") ? 10 : 12; /* the child of the test above */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_counted),
        cmocka_unit_test(nothing_is_a_block_too),
        cmocka_unit_test(aligned_memory_is_aligned_at_every_size),
        cmocka_unit_test(resized_memory_keeps_its_content),
        cmocka_unit_test(size_that_does_not_fit_is_out_of_memory),
        cmocka_unit_test(string_is_copied),
        cmocka_unit_test(peak_grows_with_touched_memory),
        cmocka_unit_test(fault_at_a_point_comes_once_at_its_turn),
        cmocka_unit_test(rank_of_a_fault_is_the_launchers),
        cmocka_unit_test(random_faults_are_about_one_in_n_and_repeat),
        cmocka_unit_test(fault_may_be_a_signal),
        cmocka_unit_test(plan_not_understood_ends_the_program),
        cmocka_unit_test(plan_comes_from_the_environment),
    };
    return RUN_UNIT_TESTS(tests);
}
