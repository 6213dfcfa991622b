#include "base/wrap.h"

#include <string.h>

int tsr_text_columns(const char *text, int bytes)
{
    int columns = 0;

    for (int i = 0; i < bytes; i++) columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

int tsr_line_bytes(const char *text, int columns)
{
    int line = 0, end;

    for (int at = 0; text[at] != '\0'; at = end) {
        const int word = at + (int)strspn(text + at, " ");
        end = word + (int)strcspn(text + word, " ");
        if (line > 0 && (end == word || tsr_text_columns(text, end) > columns)) break;
        line = end;
    }
    return line;
}

void tsr_print_wrapped(FILE *out, int indent, const char *text)
{
    do {
        const int n = tsr_line_bytes(text, TSR_LINE_COLUMNS - indent);
        fprintf(out, "%*s%.*s\n", indent, "", n, text);
        text += n;
        text += strspn(text, " ");
    } while (*text != '\0');
}
