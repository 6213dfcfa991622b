#include "unit_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/wrap.h"

static void lines_hold_whole_words_and_count_characters_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(tsr_line_bytes("one two three", 8), 7);
    assert_int_equal(tsr_line_bytes("one two three", 7), 7);
    assert_int_equal(tsr_line_bytes("one two three", 6), 3);
    assert_int_equal(tsr_line_bytes("é – ü", 5), 9);
    assert_int_equal(tsr_line_bytes("endless word", 3), 7);
    assert_int_equal(tsr_line_bytes("end   ", 80), 3);
    assert_int_equal(tsr_line_bytes("", 80), 0);
}

static void wrapped_text_is_indented_and_no_line_is_wider_than_a_terminal(void **state)
{
    char text[301], *printed = NULL;
    size_t n;

    (void)state;
    for (int i = 0; i < 300; i++) text[i] = i % 10 == 9 ? ' ' : 'x';
    text[300] = '\0';
    FILE *out = open_memstream(&printed, &n);
    assert_non_null(out);
    tsr_print_wrapped(out, 5, text);
    fclose(out);
    int lines = 0;
    for (char *line = strtok(printed, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        assert_memory_equal(line, "     x", 6);
        assert_int_equal(strlen(line), lines < 3 ? 5 + 89 : 5 + 29);
    }
    assert_int_equal(lines, 4);
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_hold_whole_words_and_count_characters_not_bytes),
        cmocka_unit_test(wrapped_text_is_indented_and_no_line_is_wider_than_a_terminal),
    };

    return RUN_UNIT_TESTS(tests);
}
