#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "ingest/read/typed.h"

#define FILE_NAME "row_block_test.txt"

/* Common rows, and all that stop a block: short rows, empty lines, a line break that a row shares with the end. */
static const char mixed[] =
    "id,amount,text\n1,2.50,abc\r\n2,3,d,more\n\n3,4.00,\n4\n5,6,x\r\n\r\n6,7,\xc3\xa9\n,,\n7,8,y\n"
    "8,9,zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\n9,10,end";

static void write_text(const char *text)
{
    FILE *file = fopen(FILE_NAME, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

typedef struct shown {
    char text[1 << 16];
    size_t n;
    int32_t in_blocks; /* rows */
    int64_t breaks;
} shown;

static void show_row(const tsr_row *row, shown *to)
{
    to->n += (size_t)snprintf(to->text + to->n, sizeof to->text - to->n, "%d@%d", (int)row->breaks, (int)row->offset);
    for (int32_t i = 0; i < row->fields; i++)
        to->n +=
            (size_t)snprintf(to->text + to->n, sizeof to->text - to->n, "[%.*s]", row->field[i].n, row->field[i].at);
    to->n += (size_t)snprintf(to->text + to->n, sizeof to->text - to->n,
                              row->defect == TSR_DEFECT_FIELDS ? " too many\n" : "\n");
}

static void show_range(int32_t fields, int32_t columns, int64_t begin, int64_t end, bool blocks, shown *to)
{
    const tsr_text_format format = {.delimiter = ',', .header = true, .fields = fields, .columns = columns};
    tsr_text_reader *reader = NULL;
    tsr_row_block block = {.rows = 0};
    tsr_file_facts facts;
    tsr_row row;

    *to = (shown){.n = 0};
    assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_OK);
    assert_int_equal(tsr_text_reader_open(FILE_NAME, &facts, &format, begin, end, &reader), TSR_OK);
    for (bool more = true; more;) {
        if (blocks) assert_int_equal(tsr_text_reader_block(reader, &block), TSR_OK);
        for (int32_t i = 0; i < block.rows; i++) {
            assert_int_equal(tsr_row_of_block(&block, i, &row), TSR_OK);
            show_row(&row, to);
        }
        to->in_blocks += block.rows;
        if (block.rows > 0) continue;
        assert_int_equal(tsr_text_reader_next(reader, &row, &more), TSR_OK);
        if (more) show_row(&row, to);
    }
    to->breaks = tsr_text_reader_breaks(reader);
    tsr_text_reader_close(&reader);
}

/* Wherever the file is cut, and whichever fields are wanted. */
static void blocks_hold_the_rows_that_come_one_by_one(void **state)
{
    const int64_t bytes = sizeof mixed - 1;
    static shown single, blocks;

    (void)state;
    write_text(mixed);
    for (int32_t fields = 1; fields <= 4; fields++)
        for (int64_t cut = 0; cut <= bytes; cut++)
            for (int part = 0; part < 4; part++) {
                int64_t begin = part % 2 == 0 ? 0 : cut, end = part % 2 == 0 ? cut : bytes;
                int32_t columns = part < 2 ? 0 : 3;
                show_range(fields, columns, begin, end, false, &single);
                show_range(fields, columns, begin, end, true, &blocks);
                assert_string_equal(blocks.text, single.text);
                assert_int_equal(blocks.breaks, single.breaks);
            }
    show_range(3, 0, 0, bytes, true, &blocks);
    assert_int_equal(blocks.in_blocks, 6); /* not those behind an empty line, that of one field, and the last */
}

/* Whether they are looked at or not; what is empty behind the last delimiter is none. */
static void rows_of_more_fields_than_columns_are_defects(void **state)
{
    static const char text[] =
        "a,b,c\n1,2,3\n1,2,3,\n1,2,3,4\n1,2\n1,\"2,3\",4\n\"1\",2,3,4\n\"1\",2,3,,\n5,6,7\r8,9,0\n";
    static shown rows;

    (void)state;
    write_text(text);
    for (int blocks = 0; blocks < 2; blocks++) {
        show_range(2, 3, 0, sizeof text - 1, blocks != 0, &rows);
        assert_non_null(strstr(rows.text, "1@6[1][2]\n2@12[1][2]\n3@19[1][2] too many\n4@27[1][2]\n"));
        assert_non_null(
            strstr(rows.text, "[1][2,3][4]\n6@41[1][2][3][4] too many\n7@51[1][2][3][][]\n8@61[5][6] too many\n"));
    }
}

static void blocks_of_quoted_text_are_empty(void **state)
{
    static shown blocks;

    (void)state;
    write_text("a,b\n\"1\",2\n3,4\n");
    show_range(2, 0, 0, 14, true, &blocks);
    assert_int_equal(blocks.in_blocks, 0);
    assert_string_equal(blocks.text, "1@4[1][2]\n2@10[3][4]\n");
}

/* More rows than a block takes. */
static void blocks_follow_each_other_without_a_gap(void **state)
{
    static char text[16 * TSR_BLOCK_MOST];
    static shown blocks;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 2 * TSR_BLOCK_MOST; i++) n += (size_t)snprintf(text + n, sizeof text - n, "%d\n", i + 100);
    write_text(text);
    show_range(1, 0, 0, (int64_t)n, true, &blocks);
    assert_int_equal(blocks.in_blocks, 2 * TSR_BLOCK_MOST - 1); /* the first is the header */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_hold_the_rows_that_come_one_by_one),
        cmocka_unit_test(rows_of_more_fields_than_columns_are_defects),
        cmocka_unit_test(blocks_of_quoted_text_are_empty),
        cmocka_unit_test(blocks_follow_each_other_without_a_gap),
    };

    return RUN_UNIT_TESTS(tests);
}
