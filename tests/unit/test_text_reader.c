#define FILE_NAME "text_reader_test.txt"
#include "text_rows.h"

static const tsr_text_format blank = {.delimiter = TSR_DELIMITER_BLANK};

static void rows_end_with_lf_crlf_or_the_file(void **state)
{
    (void)state;
    write_text("a,b\r\nc,d\ne,f");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a][b]\n[c][d]\n[e][f]\n");
}

/* Where ranks cut a file, all but the first take its first row for data. */
static void header_behind_many_empty_lines_is_refused_whole_or_in_parts(void **state)
{
    tsr_text_format header = {.delimiter = ',', .header = true};
    static char text[TSR_SOURCE_BLOCK + 16];
    int64_t breaks = 0;

    (void)state;
    memset(text, '\n', TSR_SOURCE_BLOCK);
    memcpy(text + TSR_SOURCE_BLOCK, "id\n1\n", 5);
    write_file(text, TSR_SOURCE_BLOCK + 5);
    assert_int_equal(show(&header), TSR_EDATA);
    assert_int_equal(show_range(&header, 0, TSR_SOURCE_BLOCK, &breaks, false), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, FILE_NAME ": begins with more than 65536 bytes of empty lines"));
    write_file(text + 1, TSR_SOURCE_BLOCK + 4);
    assert_int_equal(show(&header), TSR_OK);
    assert_string_equal(shown, "[1]\n");
    tsr_error_clear();
}

static void byte_order_mark_and_header_are_no_rows(void **state)
{
    tsr_text_format header = {.delimiter = ',', .header = true};

    (void)state;
    write_text("\xef\xbb\xbfid,x\n1,2\n");
    assert_int_equal(show(&header), TSR_OK);
    assert_string_equal(shown, "[1][2]\n");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[id][x]\n[1][2]\n");
}

static void empty_lines_and_files_give_no_rows(void **state)
{
    (void)state;
    write_text("\n\r\na\n\n");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a]\n");
    write_text("");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "");
    write_text("\xef\xbb\xbf");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "");
}

static void empty_fields_are_fields(void **state)
{
    (void)state;
    write_text(",\na,,b\n,,\n");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[][]\n[a][][b]\n[][][]\n");
}

static void quotes_hold_delimiters_and_doubled_quotes(void **state)
{
    (void)state;
    write_text("\"a,b\",\"say \"\"hi\"\"\",\"\"\n5\" pipe,x\"y\n\"\"\"\",last\n");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a,b][say \"hi\"][]\n[5\" pipe][x\"y]\n[\"][last]\n");
}

static void text_behind_a_closing_quote_is_a_defect_of_the_row(void **state)
{
    (void)state;
    write_text("\"a\"b,c\nd,e\n");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a][c]!2\n[d][e]\n");
}

static void open_quote_is_an_error_with_its_line(void **state)
{
    (void)state;
    write_text("a,b\nc,d\n\"e,f\ng,h\"\n");
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, FILE_NAME ", line 3: "));
    assert_non_null(strstr(tsr_error_last()->text, "multiline"));
}

static void open_quote_has_its_line_in_any_range(void **state)
{
    int64_t breaks = 0;

    (void)state;
    write_text("a,b\nc,d\n\"e,f\ng,h\"\n");
    assert_int_equal(show_range(&comma, 5, 17, &breaks, false), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, ", line 3: "));
}

static void multiline_fields_keep_their_breaks(void **state)
{
    tsr_text_format multiline = {.delimiter = ',', .multiline = true};
    int64_t breaks = 0;

    (void)state;
    write_text("a,\"x\ny\r\n\"\"z\"\"\"\nb,c\n");
    shown_n = 0;
    assert_int_equal(show_range(&multiline, 0, -1, &breaks, true), TSR_OK);
    assert_string_equal(shown, "1@0 [a][x\ny\r\n\"z\"]\n4@15 [b][c]\n");
    assert_int_equal(breaks, 4);
    write_text("a,\"x\nb,c\n");
    assert_int_equal(show(&multiline), TSR_EDATA);
}

static void quotes_inside_plain_fields_open_nothing(void **state)
{
    tsr_text_format multiline = {.delimiter = ',', .multiline = true};

    (void)state;
    write_text("\xef\xbb\xbf\"q\nr\",1\na,5\" pipe\nb,6\" pipe\n\"c\"\"\nd\",7\n");
    assert_int_equal(show(&multiline), TSR_OK);
    assert_string_equal(shown, "[q\nr][1]\n[a][5\" pipe]\n[b][6\" pipe]\n[c\"\nd][7]\n");
}

static void blanks_are_runs_and_leading_ones_do_not_count(void **state)
{
    (void)state;
    write_text("  1  2\t \t3 \r\n4 5 6\n   \n\" 7\"\n");
    assert_int_equal(show(&blank), TSR_OK);
    assert_string_equal(shown, "[1][2][3]\n[4][5][6]\n[\"][7\"]\n");
}

static void other_delimiters_work_the_same(void **state)
{
    tsr_text_format semicolon = {.delimiter = ';'}, tab = {.delimiter = '\t'};

    (void)state;
    write_text("a;\"b;c\";1,5\n");
    assert_int_equal(show(&semicolon), TSR_OK);
    assert_string_equal(shown, "[a][b;c][1,5]\n");
    write_text("a b\t\"c\td\"\t\n");
    assert_int_equal(show(&tab), TSR_OK);
    assert_string_equal(shown, "[a b][c\td][]\n");
}

static void fields_beyond_those_needed_are_not_split(void **state)
{
    tsr_text_format two = {.delimiter = ',', .fields = 2};

    (void)state;
    write_text("a,b,c,d\ne\n");
    assert_int_equal(show(&two), TSR_OK);
    assert_string_equal(shown, "[a][b]\n[e]\n");
}

static void nul_bytes_are_a_defect_of_their_row(void **state)
{
    (void)state;
    write_file("a,b\nc\0d,e\nf,g\n", 14);
    assert_int_equal(show(&comma), TSR_OK);
    assert_non_null(strstr(shown, "!1\n"));
    assert_non_null(strstr(shown, "[f][g]\n"));
    assert_null(strstr(shown, "[a][b]!"));
}

/* The heart of parallel reading: wherever a file is cut, each row comes once, with its own line and offset. */
static void check_every_cut(const char *text, const tsr_text_format *format)
{
    static char whole[sizeof shown];
    int64_t n = (int64_t)strlen(text), breaks;

    write_text(text);
    for (int64_t first = 0; first <= n; first++) {
        for (int64_t second = first; second <= n; second++) {
            int64_t cut[4] = {0, first, second, n};
            shown_n = 0;
            shown[0] = '\0';
            breaks = 0;
            for (int i = 0; i < 3; i++)
                if (cut[i] < cut[i + 1])
                    assert_int_equal(show_range(format, cut[i], cut[i + 1], &breaks, true), TSR_OK);
            if (first == 0 && second == 0) memcpy(whole, shown, sizeof whole);
            if (strcmp(whole, shown) != 0) print_error("cut at %d, %d:\n%s", (int)first, (int)second, shown);
            assert_string_equal(shown, whole);
        }
    }
    assert_true(shown_n > 0);
}

static void ranges_give_every_row_once_wherever_they_are_cut(void **state)
{
    (void)state;
    check_every_cut("id,x\r\n1,2\r\n\r\n\"3\",4\n5,6", &(tsr_text_format){.delimiter = ',', .header = true});
    check_every_cut("\n\na,b\n\nc,d\n\n", &comma);
    check_every_cut(" 1 2\n  3 4 \r\n5 6\n", &blank);
    check_every_cut("\xef\xbb\xbf"
                    "a,b\nc,d\n",
                    &comma);
    check_every_cut("no break at all", &comma);
}

static void digests_of_ranges_add_up_to_that_of_the_file(void **state)
{
    enum { BYTES = 5 * TSR_SOURCE_BLOCK + 777 };
    static char text[BYTES];
    tsr_text_reader *reader = NULL;
    tsr_file_facts facts;
    tsr_row row;
    bool more;
    uint64_t digest[2] = {0, 0};

    (void)state;
    for (int i = 0; i < BYTES; i++) text[i] = i % 61 == 60 ? '\n' : (char)('a' + i % 23);
    write_file(text, BYTES);
    assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_OK);
    const int64_t cuts[2][4] = {{0, BYTES, BYTES, BYTES}, {0, 2 * TSR_SOURCE_BLOCK, 3 * TSR_SOURCE_BLOCK, BYTES}};
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < 3; i++) {
            if (cuts[way][i] == cuts[way][i + 1]) continue;
            assert_int_equal(tsr_text_reader_open(FILE_NAME, &facts, &comma, cuts[way][i], cuts[way][i + 1], &reader),
                             TSR_OK);
            for (more = true; more;) assert_int_equal(tsr_text_reader_next(reader, &row, &more), TSR_OK);
            digest[way] += tsr_byte_source_digest(tsr_text_reader_bytes(reader));
            tsr_text_reader_close(&reader);
        }
    }
    assert_true(digest[0] == digest[1] && digest[0] != 0);
}

static void lines_of_more_than_a_mebibyte_are_an_error_with_their_line(void **state)
{
    enum { LONG = (1 << 20) + 2 };
    char *text = calloc(1, LONG + 8);

    (void)state;
    assert_non_null(text);
    memcpy(text, "a\nb\n", 4);
    memset(text + 4, 'x', LONG);
    write_file(text, LONG + 4);
    free(text);
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, ", line 3: longer than 1 MiB"));
}

static void file_that_changes_is_noticed(void **state)
{
    tsr_file_facts facts;

    (void)state;
    write_text("a,b\n");
    assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_OK);
    assert_int_equal(tsr_file_unchanged(FILE_NAME, &facts), TSR_OK);
    write_text("a,b\nc,d\n");
    assert_int_equal(tsr_file_unchanged(FILE_NAME, &facts), TSR_EDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_with_lf_crlf_or_the_file),
        cmocka_unit_test(header_behind_many_empty_lines_is_refused_whole_or_in_parts),
        cmocka_unit_test(byte_order_mark_and_header_are_no_rows),
        cmocka_unit_test(empty_lines_and_files_give_no_rows),
        cmocka_unit_test(empty_fields_are_fields),
        cmocka_unit_test(quotes_hold_delimiters_and_doubled_quotes),
        cmocka_unit_test(text_behind_a_closing_quote_is_a_defect_of_the_row),
        cmocka_unit_test(open_quote_is_an_error_with_its_line),
        cmocka_unit_test(open_quote_has_its_line_in_any_range),
        cmocka_unit_test(multiline_fields_keep_their_breaks),
        cmocka_unit_test(quotes_inside_plain_fields_open_nothing),
        cmocka_unit_test(blanks_are_runs_and_leading_ones_do_not_count),
        cmocka_unit_test(other_delimiters_work_the_same),
        cmocka_unit_test(fields_beyond_those_needed_are_not_split),
        cmocka_unit_test(nul_bytes_are_a_defect_of_their_row),
        cmocka_unit_test(ranges_give_every_row_once_wherever_they_are_cut),
        cmocka_unit_test(digests_of_ranges_add_up_to_that_of_the_file),
        cmocka_unit_test(lines_of_more_than_a_mebibyte_are_an_error_with_their_line),
        cmocka_unit_test(file_that_changes_is_noticed),
    };

    return RUN_UNIT_TESTS(tests);
}
