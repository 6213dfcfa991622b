#include "ingest/scan.h"

tsr_text_bytes tsr_scan_bytes(const char *text, int64_t n)
{
    typedef unsigned char lanes __attribute__((vector_size(16)));
    lanes all = {0}, quotes = {0}, zeros = {0}, bytes;
    unsigned char any[3] = {0};
    int64_t i = 0;

    for (; i + 16 <= n; i += 16) {
        memcpy(&bytes, text + i, sizeof bytes);
        all |= bytes;
        quotes |= (lanes)(bytes == '"');
        zeros |= (lanes)(bytes == 0);
    }
    for (int lane = 0; lane < 16; lane++) any[0] |= all[lane], any[1] |= quotes[lane], any[2] |= zeros[lane];
    for (; i < n; i++) {
        any[0] |= (unsigned char)text[i];
        any[1] |= text[i] == '"';
        any[2] |= text[i] == '\0';
    }
    return (tsr_text_bytes){.ascii = any[0] < 0x80, .quotes = any[1] != 0, .nul = any[2] != 0};
}
