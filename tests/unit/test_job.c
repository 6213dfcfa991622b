#define JOB "unit_job.yaml"
#include "job_text.h"

static void missing_keys_take_their_defaults(void **state)
{
    (void)state;
    params p;
    tsr_job *job = read_well("output: runs/a\n", &p);
    assert_string_equal(p.first.output, "runs/a");
    assert_null(p.first.note);
    assert_int_equal(p.first.seed, 1);
    assert_int_equal(p.first.parts, 0);
    assert_false(p.first.as_of.set);
    assert_true(p.first.share == 0.95 && p.first.clip == 8);
    assert_int_equal(p.first.scale, 1);
    assert_int_equal(p.first.sources.n, 0);
    assert_true(p.second.k.low == 5 && p.second.k.high == 8);
    assert_null(p.second.start_file);
    assert_int_equal(p.second.set.n, 1);
    assert_string_equal(p.second.set.text[0], "default");
    assert_int_equal(p.second.transforms.n, 0);
    assert_int_equal(p.second.memory, 0);
    assert_true(p.second.keep);
    tsr_job_destroy(&job);
    assert_null(job);
}

static void every_type_is_read(void **state)
{
    (void)state;
    params p;
    tsr_job *job = read_well("output: \"a b\"\n"
                             "note: 'null'\n"
                             "seed: 9007199254740992\n"
                             "parts: 4\n"
                             "as_of: 1998-07-01\n"
                             "scale: {share: 1e-3, clip: 12, kind: none}\n"
                             "ingest:\n"
                             "  sources:\n"
                             "    - kind: transactions\n"
                             "      files: [a.csv, b.csv]\n"
                             "      columns: {id: 1, amount: Preis}\n"
                             "      header: no\n"
                             "    - files: c.csv\n"
                             "cluster:\n"
                             "  k: 6\n"
                             "  start: {file: c.h5, path: /c}\n"
                             "features:\n"
                             "  set: [recency, frequency]\n"
                             "  transforms:\n"
                             "    recency: log1p\n"
                             "memory: 1.5GiB\n"
                             "privacy: {keep: false}\n",
                             &p);
    assert_string_equal(p.first.output, "a b");
    assert_string_equal(p.first.note, "null");
    assert_true(p.first.seed == 9007199254740992);
    assert_int_equal(p.first.parts, 4);
    assert_true(p.first.as_of.set && p.first.as_of.seconds == 899251200);
    assert_true(p.first.share == 1e-3 && p.first.clip == 12);
    assert_int_equal(p.first.scale, 0);
    assert_int_equal(p.first.sources.n, 2);
    const source_params *source = p.first.sources.item;
    assert_int_equal(source[0].kind, 1);
    assert_int_equal(source[0].files.n, 2);
    assert_string_equal(source[0].files.text[1], "b.csv");
    assert_int_equal(source[0].columns.n, 2);
    assert_string_equal(source[0].columns.name[0], "id");
    assert_string_equal(source[0].columns.text[0], "1");
    assert_string_equal(source[0].columns.text[1], "Preis");
    assert_false(source[0].header);
    assert_int_equal(source[1].kind, 0);
    assert_string_equal(source[1].files.text[0], "c.csv");
    assert_true(source[1].header);
    assert_true(p.second.k.low == 6 && p.second.k.high == 6);
    assert_string_equal(p.second.start_file, "c.h5");
    assert_string_equal(p.second.start_path, "/c");
    assert_string_equal(p.second.set.text[1], "frequency");
    assert_string_equal(p.second.transforms.name[0], "recency");
    assert_string_equal(p.second.transforms.text[0], "log1p");
    assert_true(p.second.memory == 1610612736);
    assert_false(p.second.keep);
    tsr_job_destroy(&job);
}

static void sizes_know_decimal_and_binary_units(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {{"memory: 0", 0},
                 {"memory: 12", 12},
                 {"memory: 2KB", 2000},
                 {"memory: 2 KiB", 2048},
                 {"memory: 3MB", 3000000},
                 {"memory: 512MiB", 536870912},
                 {"memory: 1GB", 1000000000},
                 {"memory: 1TiB", 1099511627776},
                 {"memory: auto", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        params p;
        snprintf(text, sizeof text, "output: x\n%s\n", cases[i].text);
        tsr_job *job = read_well(text, &p);
        assert_true(p.second.memory == cases[i].bytes);
        tsr_job_destroy(&job);
    }
    expect_error("output: x\nmemory: 3 bananas\n",
                 ":2:9: memory: 3 bananas is not a size: write a number and KiB, MiB, GiB or TiB");
    expect_error("output: x\nmemory: -1\n", ":2:9: memory: -1 is not a size: write a number and KiB, MiB, GiB or TiB");
}

static void dates_are_days_of_the_calendar(void **state)
{
    (void)state;
    params p;
    tsr_job *job = read_well("output: x\nas_of: 2000-02-29 23:59:58\n", &p);
    assert_true(p.first.as_of.seconds == 951868798);
    tsr_job_destroy(&job);
    job = read_well("output: x\nas_of: 1970-01-01T00:01\n", &p);
    assert_true(p.first.as_of.set && p.first.as_of.seconds == 60);
    tsr_job_destroy(&job);
    expect_error("output: x\nas_of: 1999-02-29\n",
                 ":2:8: as_of: 1999-02-29 is not a date: write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS");
    expect_error("output: x\nas_of: 01.07.1998\n",
                 ":2:8: as_of: 01.07.1998 is not a date: write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS");
    expect_error("output: x\nas_of: 1969-12-31\n", ":2:8: as_of: 1969-12-31 is out of range 1970-01-01 to 2106-02-07");
}

static void an_unknown_key_names_the_nearest_one(void **state)
{
    (void)state;
    expect_error("output: x\ncluster:\n  kk: 5\n", ":3:3: unknown key cluster.kk; did you mean cluster.k?");
    expect_error("output: x\nk: 5\n", ":2:1: unknown key k; did you mean cluster.k?");
    expect_error("output: x\nclutser: {k: 5}\n", ":2:1: unknown key clutser; did you mean cluster?");
    expect_error("output: x\nzebra: 5\n", ":2:1: unknown key zebra; `tessera job --explain` lists all keys");
    expect_error("output: x\ningest:\n  sources:\n    - file: a\n",
                 ":4:7: unknown key ingest.sources[0].file; did you mean ingest.sources[0].files?");
}

static void values_of_the_wrong_type_are_refused_with_their_place(void **state)
{
    (void)state;
    expect_error("output: x\nseed: many\n", ":2:7: seed: many is not a whole number");
    expect_error("output: x\nseed: 1.5\n", ":2:7: seed: 1.5 is not a whole number");
    expect_error("output: x\nseed: null\n", ":2:7: seed: null is not a whole number");
    expect_error("output: x\nseed: [1]\n", ":2:7: seed: a list, where a whole number belongs");
    expect_error("output: x\nseed: 99999999999999999999\n", ":2:7: seed: 99999999999999999999 is not a whole number");
    expect_error("output: x\nscale: {share: nan}\n", ":2:16: scale.share: nan is not a number");
    expect_error("output: x\nscale: {share: 0x1}\n", ":2:16: scale.share: 0x1 is not a number");
    expect_error("output: x\nscale: {kind: Standard}\n", ":2:15: scale.kind: Standard is none of none|standard");
    expect_error("output: x\nscale: {kind: stand}\n", ":2:15: scale.kind: stand is none of none|standard");
    expect_error("output: x\nprivacy: {keep: maybe}\n", ":2:17: privacy.keep: maybe is neither true nor false");
    expect_error("output: x\nfeatures: {set: {a: b}}\n", ":2:17: features.set: a map, where a list of texts belongs");
    expect_error("output: x\nfeatures: {set: [a, ~]}\n", ":2:21: features.set: an empty item");
    expect_error("output: x\nfeatures: {transforms: [a]}\n",
                 ":2:24: features.transforms: a map like {name: value} belongs here");
    expect_error("output: x\nfeatures: {transforms: {a: }}\n", ":2:25: features.transforms: a has no value");
    expect_error("output: x\ningest: {sources: {files: a}}\n",
                 ":2:19: ingest.sources: a list belongs here: begin each entry with a dash");
    expect_error("output: x\ncluster: 5\n", ":2:10: cluster: keys belong here (such as cluster.k), not a value");
    expect_error("output: {a: b}\n", ":1:9: output: a map, where a path belongs");
    expect_error("just text\n", ":1:1: keys belong here (such as output), not a value");
}

static void values_out_of_range_are_refused_with_the_range(void **state)
{
    (void)state;
    expect_error("output: x\nparts: 0\n", ":2:8: parts: 0 is out of range 1 to 100");
    expect_error("output: x\nseed: -1\n", ":2:7: seed: -1 is out of range 0 to 9007199254740992");
    expect_error("output: x\nscale: {share: 1.01}\n", ":2:16: scale.share: 1.01 is out of range 0 to 1");
    expect_error("output: x\nscale: {clip: 0.1}\n", ":2:15: scale.clip: 0.1 is out of range: at least 0.5");
    expect_error("output: x\ncluster: {k: 1..8}\n", ":2:14: cluster.k: 1..8 is out of range 2 to 100");
    expect_error("output: x\ncluster: {k: 8..5}\n", ":2:14: cluster.k: 8..5 runs backwards");
    expect_error("output: x\ncluster: {k: 5-8}\n",
                 ":2:14: cluster.k: 5-8 is neither a whole number nor a range like 5..8");
}

static void a_key_given_twice_is_refused(void **state)
{
    (void)state;
    expect_error("output: x\nseed: 1\nseed: 2\n", ":3:1: seed is given twice");
    expect_error("output: x\ncluster: {k: 5}\ncluster: {start: null}\n", ":3:1: cluster is given twice");
    expect_error("output: x\ncluster: {k: 5}\ncluster.k: 6\n", ":3:1: cluster.k is given twice");
    expect_error("output: x\nfeatures: {transforms: {a: log, a: log}}\n",
                 ":2:33: features.transforms: a is given twice");
}

static void a_missing_key_is_named_with_its_meaning(void **state)
{
    (void)state;
    expect_error("seed: 1\n", ": output is missing: folder to write");
    expect_error("", ": output is missing: folder to write");
    expect_error("# nothing\n", ": output is missing: folder to write");
    expect_error("output: x\ningest:\n  sources:\n    - kind: customers\n",
                 ":4:7: ingest.sources[0].files is missing: files to read");
}

static void text_that_is_not_yaml_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_error("output: x\n  seed: 1\n", ":2:7: not YAML: mapping values are not allowed in this context");
    expect_error("output: [a\n", ":2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence");
    expect_error("output: x\n---\noutput: y\n", ":3:1: a second document; a job is one document");
    expect_error("output: \xff\n", ": byte 9: invalid leading UTF-8 octet; the file must be UTF-8 text");
}

static void null_in_place_of_a_map_means_its_defaults(void **state)
{
    static const char *const null_start = "cluster.start=null";
    (void)state;
    params p;
    tsr_job *job = read_well("output: x\ncluster: {start: null, k: 7}\nfeatures:\n", &p);
    assert_null(p.second.start_file);
    assert_int_equal(p.second.k.low, 7);
    tsr_job_destroy(&job);
    assert_int_equal(read_with("output: x\ncluster: {start: {file: a, path: b}}\n", &null_start, 1, &p, &job), TSR_OK);
    assert_null(p.second.start_file);
    assert_null(p.second.start_path);
    tsr_job_destroy(&job);
}

static void a_missing_file_is_an_input_error(void **state)
{
    (void)state;
    params p;
    const tsr_section sections[] = {{first_keys, &p.first}};
    tsr_job *job = NULL;
    assert_int_equal(tsr_job_read(&comm, "no_such.yaml", NULL, 0, sections, 1, &job), TSR_EIO);
    assert_null(job);
    assert_non_null(strstr(tsr_error_last()->text, "no_such.yaml"));
}

static void every_failing_allocation_ends_well(void **state)
{
    static const char *const text = "output: ${HOME}\nfeatures: {set: [a, b], transforms: {a: log}}\n"
                                    "ingest: {sources: [{files: [a, b], columns: {id: 1}}]}\n";
    (void)state;
    for (int nth = 1;; nth++) {
        char plan[64];
        params p;
        tsr_job *job = NULL;
        snprintf(plan, sizeof plan, "point=alloc,rank=0,nth=%d", nth);
        tsr_fault_set(plan);
        tsr_status st = read_with(text, NULL, 0, &p, &job);
        tsr_fault_set(NULL);
        tsr_job_destroy(&job);
        if (st == TSR_OK) {
            assert_true(nth > 20);
            break;
        }
        assert_int_equal(st, TSR_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_keys_take_their_defaults),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(sizes_know_decimal_and_binary_units),
        cmocka_unit_test(dates_are_days_of_the_calendar),
        cmocka_unit_test(an_unknown_key_names_the_nearest_one),
        cmocka_unit_test(values_of_the_wrong_type_are_refused_with_their_place),
        cmocka_unit_test(values_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(a_key_given_twice_is_refused),
        cmocka_unit_test(a_missing_key_is_named_with_its_meaning),
        cmocka_unit_test(text_that_is_not_yaml_is_refused_with_its_place),
        cmocka_unit_test(null_in_place_of_a_map_means_its_defaults),
        cmocka_unit_test(a_missing_file_is_an_input_error),
        cmocka_unit_test(every_failing_allocation_ends_well),
    };

    return RUN_JOB_TESTS(tests);
}
