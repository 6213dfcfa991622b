#include "base/edits.h"

#include <string.h>

#define LONGEST 64

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* One row of the table at a time: row[j] is the distance of the letters of a so far from the first j of b. */
int tsr_edits(const char *a, const char *b)
{
    const size_t n = strlen(b);
    int row[LONGEST];

    if (n >= LONGEST) return LONGEST;
    for (size_t j = 0; j <= n; j++) row[j] = (int)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        int corner = row[0];
        row[0] = (int)i + 1;
        for (size_t j = 1; j <= n; j++) {
            int replaced = corner + (a[i] != b[j - 1]);
            corner = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

void tsr_meant_try(tsr_meant *meant, const char *word, const char *name)
{
    const int distance = tsr_edits(word, name);

    if (distance < meant->distance) *meant = (tsr_meant){distance, name};
}
