#define JOB "unit_job_echo.yaml"
#include "job_text.h"

static void expect_override_error(const char *override, const char *message)
{
    params p;
    tsr_job *job = NULL;
    assert_int_equal(read_with("output: x\n", &override, 1, &p, &job), TSR_ECONF);
    assert_null(job);
    assert_string_equal(tsr_error_last()->text, message);
}

static void overrides_win_and_the_last_one_first(void **state)
{
    static const char *const overrides[] = {"cluster.k=5",         "cluster.k=3..9",
                                            "features.set=[a, b]", "note=A: b # [c]",
                                            "as_of=null",          "cluster.start={file: c.h5, path: /c}",
                                            "scale.share=\"0.5\"", "output=y"};
    (void)state;
    params p;
    tsr_job *job = NULL;
    assert_int_equal(read_with("output: x\nas_of: 1998-01-01\ncluster: {k: 6}\n", overrides, 8, &p, &job), TSR_OK);
    assert_true(p.second.k.low == 3 && p.second.k.high == 9);
    assert_int_equal(p.second.set.n, 2);
    assert_string_equal(p.second.set.text[1], "b");
    assert_string_equal(p.first.note, "A: b # [c]");
    assert_false(p.first.as_of.set);
    assert_string_equal(p.second.start_path, "/c");
    assert_true(p.first.share == 0.5);
    assert_string_equal(p.first.output, "y");
    tsr_job_destroy(&job);
}

static void a_bad_override_names_itself(void **state)
{
    (void)state;
    expect_override_error("cluster.k=abc", "--set cluster.k=abc: abc is neither a whole number nor a range like 5..8");
    expect_override_error("cluster.kk=5", "--set cluster.kk=5: unknown key cluster.kk; did you mean cluster.k?");
    expect_override_error("cluster.k", "--set cluster.k: write --set KEY=VALUE, as in --set cluster.k=6");
    expect_override_error("=5", "--set =5: write --set KEY=VALUE, as in --set cluster.k=6");
    expect_override_error("cluster=5", "--set cluster=5: keys belong here (such as cluster.k), not a value");
    expect_override_error("features.set=[a",
                          "--set features.set=[a: not YAML: did not find expected ',' or ']' while parsing a flow "
                          "sequence");
    expect_override_error(
        "output=${TSR_TEST_NO_SUCH}/x",
        "--set output=${TSR_TEST_NO_SUCH}/x: environment variable TSR_TEST_NO_SUCH is not set; export "
        "it or write the path");
}

static void variables_go_into_paths_but_not_into_the_echo(void **state)
{
    (void)state;
    params p;
    setenv("TSR_TEST_FOLDER", "/tmp/a b", 1);
    unsetenv("TESSERA_DATA");
    tsr_job *job = read_well("output: ${TSR_TEST_FOLDER}/out-${TSR_TEST_FOLDER}\nnote: ${TSR_TEST_FOLDER}\n"
                             "ingest: {sources: [{files: [\"${TESSERA_DATA}/a.csv\"]}]}\n",
                             &p);
    assert_string_equal(p.first.output, "/tmp/a b/out-/tmp/a b");
    assert_string_equal(p.first.note, "${TSR_TEST_FOLDER}");
    const source_params *source = p.first.sources.item;
    assert_string_equal(source[0].files.text[0], "../shared/data/a.csv");
    assert_non_null(strstr(tsr_job_echo(job), "\"output\": \"${TSR_TEST_FOLDER}/out-${TSR_TEST_FOLDER}\""));
    assert_null(strstr(tsr_job_echo(job), "/tmp/a b"));
    tsr_job_destroy(&job);
    setenv("TESSERA_DATA", "/data", 1);
    job = read_well("output: \"${TESSERA_DATA}/x\"\n", &p);
    assert_string_equal(p.first.output, "/data/x");
    tsr_job_destroy(&job);
    unsetenv("TSR_TEST_FOLDER");
    expect_error("seed: 2\noutput: ${TSR_TEST_FOLDER}/out\n",
                 ":2:9: output: environment variable TSR_TEST_FOLDER is not set; export it or write the path");
    expect_error("output: ${HOME\n", ":1:9: output: ${HOME: ${ without }");
}

static void the_echo_is_sorted_and_whole(void **state)
{
    (void)state;
    params p;
    tsr_job *job = read_well("output: x\nscale: {share: 0.1}\ncluster: {k: 6}\nmemory: 1KiB\n", &p);
    assert_string_equal(tsr_job_echo(job), "{\n"
                                           "  \"as_of\": null,\n"
                                           "  \"cluster.k\": 6,\n"
                                           "  \"cluster.start.file\": null,\n"
                                           "  \"cluster.start.path\": null,\n"
                                           "  \"features.set\": [\n    \"default\"\n  ],\n"
                                           "  \"features.transforms\": {},\n"
                                           "  \"ingest.sources\": [],\n"
                                           "  \"memory\": 1024,\n"
                                           "  \"note\": null,\n"
                                           "  \"output\": \"x\",\n"
                                           "  \"parts\": \"auto\",\n"
                                           "  \"privacy.keep\": true,\n"
                                           "  \"scale.clip\": 8.0,\n"
                                           "  \"scale.kind\": \"standard\",\n"
                                           "  \"scale.share\": 0.1,\n"
                                           "  \"seed\": 1\n"
                                           "}");
    tsr_job_destroy(&job);
}

static void the_first_difference_of_two_jobs_is_named(void **state)
{
    (void)state;
    char *key = NULL;
    assert_int_equal(tsr_job_difference("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", NULL, &key), TSR_OK);
    assert_null(key);
    assert_int_equal(tsr_job_difference("{\"c\": 1, \"b\": 2}", "{\"b\": 3, \"c\": 4}", NULL, &key), TSR_OK);
    assert_string_equal(key, "b");
    tsr_free(&key);
    assert_int_equal(tsr_job_difference("{\"b\": 2}", "{\"b\": 2, \"z\": 1}", "report.", &key), TSR_OK);
    assert_string_equal(key, "z");
    tsr_free(&key);
    assert_int_equal(tsr_job_difference("{\"report.title\": 2}", "{\"report.title\": 3}", "report.", &key), TSR_OK);
    assert_null(key);
    assert_int_equal(tsr_job_difference("{}", "no json", NULL, &key), TSR_EDATA);
}

static void explain_shows_every_key(void **state)
{
    (void)state;
    params p;
    const tsr_section sections[] = {{first_keys, &p.first}, {second_keys, &p.second}};
    char *text = NULL;
    assert_int_equal(tsr_job_explain(sections, 2, &text), TSR_OK);
    assert_non_null(strstr(text, "job\n  output          path; must be given\n      folder to write\n"));
    assert_non_null(strstr(text, "scale.kind      one of none|standard; default standard"));
    assert_non_null(strstr(text, "scale.share     number, 0 to 1; default 0.95"));
    assert_non_null(strstr(text, "scale.clip      number, at least 0.5; default 8"));
    assert_non_null(strstr(text, "ingest.sources[].files    list of paths; must be given"));
    assert_non_null(strstr(text, "\ncluster\n"));
    tsr_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overrides_win_and_the_last_one_first),          cmocka_unit_test(a_bad_override_names_itself),
        cmocka_unit_test(variables_go_into_paths_but_not_into_the_echo), cmocka_unit_test(the_echo_is_sorted_and_whole),
        cmocka_unit_test(the_first_difference_of_two_jobs_is_named),     cmocka_unit_test(explain_shows_every_key),
    };

    return RUN_JOB_TESTS(tests);
}
