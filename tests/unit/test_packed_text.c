#include <zlib.h>
#include <zstd.h>

#define FILE_NAME "packed_text_test.txt"
#include "text_rows.h"

static void write_gzip(const char *text, const char *mode)
{
    gzFile file = gzopen(FILE_NAME, mode);

    assert_non_null(file);
    assert_true(gzwrite(file, text, (unsigned)strlen(text)) == (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

static void gzip_files_of_several_members_are_unpacked(void **state)
{
    (void)state;
    write_gzip("\xef\xbb\xbf"
               "a,b\nc,",
               "wb");
    write_gzip("d\ne,f", "ab");
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a][b]\n[c][d]\n[e][f]\n");
}

static void damaged_gzip_files_are_named(void **state)
{
    static char bytes[4096];

    (void)state;
    write_gzip("a,b\nc,d\nand some more text that does not repeat itself, 1234567890\n", "wb");
    FILE *file = fopen(FILE_NAME, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    write_file(bytes, n - 9);
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, "cut off"));
    bytes[n / 2] ^= 0x55;
    write_file(bytes, n);
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, "damaged gzip"));
}

/* One frame, or two. @return bytes of the file */
static size_t write_zstd(const char *text, size_t n, size_t cut)
{
    static char bytes[1 << 20];
    size_t first = ZSTD_compress(bytes, sizeof bytes, text, cut, 3);
    size_t second = cut < n ? ZSTD_compress(bytes + first, sizeof bytes - first, text + cut, n - cut, 3) : 0;

    assert_false(ZSTD_isError(first) || ZSTD_isError(second));
    write_file(bytes, first + second);
    return first + second;
}

static void zstd_files_of_several_frames_are_unpacked(void **state)
{
    const char *text = "a,b\nc,d\ne,f";

    (void)state;
    write_zstd(text, strlen(text), 6);
    assert_int_equal(show(&comma), TSR_OK);
    assert_string_equal(shown, "[a][b]\n[c][d]\n[e][f]\n");
}

/* A frame of repeated lines is far smaller than what comes out of it: it is taken in at once, and handed out in parts.
 */
static void zstd_frames_give_more_than_they_take(void **state)
{
    static char text[6 << 20], line[] = "abcdefghij,klmnopqrst\n";
    size_t n = sizeof line - 1, lines = sizeof text / n;
    tsr_file_facts facts;
    tsr_text_reader *reader = NULL;
    tsr_row row;
    bool more = true;
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < lines; i++) memcpy(text + i * n, line, n);
    assert_true(write_zstd(text, lines * n, lines * n) < 65536);
    assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_OK);
    assert_int_equal(tsr_text_reader_open(FILE_NAME, &facts, &comma, 0, facts.bytes, &reader), TSR_OK);
    for (; more; rows += more) assert_int_equal(tsr_text_reader_next(reader, &row, &more), TSR_OK);
    tsr_text_reader_close(&reader);
    assert_int_equal(rows, lines);
}

static void damaged_zstd_files_are_named(void **state)
{
    static char bytes[4096];
    const char *text = "a,b\nc,d\nand some more text that does not repeat itself, 1234567890\n";
    size_t n = write_zstd(text, strlen(text), strlen(text));

    (void)state;
    FILE *file = fopen(FILE_NAME, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), n);
    fclose(file);
    write_file(bytes, n - 9);
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, "cut off"));
    bytes[4] ^= 0x55;
    write_file(bytes, n);
    assert_int_equal(show(&comma), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, FILE_NAME ": the zstd file"));
}

static void foreign_files_are_refused_by_their_first_bytes(void **state)
{
    static const char *const starts[] = {"\xff\xfe"
                                         "a,",
                                         "\xfe\xff,a", "PK\x03\x04"};
    static const char wide[] = {0, 'i', 0, 'd'};
    tsr_file_facts facts;

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        write_text(starts[i]);
        assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_EDATA);
    }
    write_file(wide, sizeof wide);
    assert_int_equal(tsr_file_look(FILE_NAME, &facts), TSR_EDATA);
    assert_int_equal(tsr_file_look("not-there.txt", &facts), TSR_EIO);
    assert_int_equal(tsr_file_look(".", &facts), TSR_EIO);
    assert_int_equal(tsr_file_look("/dev/null", &facts), TSR_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_files_of_several_members_are_unpacked),
        cmocka_unit_test(damaged_gzip_files_are_named),
        cmocka_unit_test(zstd_files_of_several_frames_are_unpacked),
        cmocka_unit_test(zstd_frames_give_more_than_they_take),
        cmocka_unit_test(damaged_zstd_files_are_named),
        cmocka_unit_test(foreign_files_are_refused_by_their_first_bytes),
    };

    return RUN_UNIT_TESTS(tests);
}
