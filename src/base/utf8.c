#include "base/utf8.h"

#include <string.h>

/* Bytes of the character at @p at, or 0 where it is not one (Unicode, table 3-7). */
static int32_t character(const unsigned char *at, int64_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    int32_t n;

    if (at[0] < 0x80) return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        n = 2;
    else if ((at[0] & 0xf0) == 0xe0)
        n = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        n = 4;
    else
        return 0;
    if (at[0] == 0xe0) low = 0xa0;
    if (at[0] == 0xed) high = 0x9f;
    if (at[0] == 0xf0) low = 0x90;
    if (at[0] == 0xf4) high = 0x8f;
    if (left < n || at[1] < low || at[1] > high) return 0;
    for (int32_t i = 2; i < n; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return n;
}

int64_t tsr_utf8_bytes(const char *text, int64_t n)
{
    const unsigned char *at = (const unsigned char *)text;
    int64_t i = 0;

    for (uint64_t eight; i + 8 <= n; i += 8) {
        memcpy(&eight, at + i, sizeof eight);
        if (eight & 0x8080808080808080u) break;
    }
    while (i < n) {
        int32_t bytes = character(at + i, n - i);
        if (bytes == 0) return i;
        i += bytes;
    }
    return n;
}
