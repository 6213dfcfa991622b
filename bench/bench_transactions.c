/*
 * A file of transactions for bench/ingest: customer_id,time,amount,category. The same bytes for the same arguments.
 *   bench_transactions BYTES CUSTOMERS [PERCENT] > file.csv
 * PERCENT of the rows are of one customer.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS       730
#define CATEGORIES 40

/* splitmix64: a bench needs numbers that do not repeat, no more */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static char *put_number(char *to, uint64_t value, int least)
{
    char digits[20];
    int n = 0;

    do digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) > 0 || n < least);
    while (n > 0) *to++ = digits[--n];
    return to;
}

static char *put_text(char *to, const char *text)
{
    while (*text != '\0') *to++ = *text++;
    return to;
}

/* Months of 28 days: every date exists. */
static char *put_row(char *to, uint64_t customers, uint64_t percent, uint64_t *state)
{
    uint64_t a = next(state), b = next(state);
    uint64_t day = a % DAYS;

    to = put_number(to, (b >> 32) % 100 < percent ? 7 : b % customers, 1);
    to = put_text(to, ",");
    to = put_number(to, 2022 + day / 336, 4);
    to = put_text(to, "-");
    to = put_number(to, 1 + day % 336 / 28, 2);
    to = put_text(to, "-");
    to = put_number(to, 1 + day % 28, 2);
    to = put_text(to, ",");
    to = put_number(to, (a >> 20) % 250, 1);
    to = put_text(to, ".");
    to = put_number(to, (a >> 40) % 100, 2);
    to = put_text(to, ",cat");
    to = put_number(to, (b >> 48) % CATEGORIES, 1);
    return put_text(to, "\n");
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    uint64_t state = 1;
    bool asked = argc == 3 || argc == 4;
    int64_t bytes = asked ? atoll(argv[1]) : 0, customers = asked ? atoll(argv[2]) : 0, written = 0;
    int64_t percent = argc == 4 ? atoll(argv[3]) : 0;

    if (bytes < 1 || customers < 1) {
        fprintf(stderr, "usage: bench_transactions BYTES CUSTOMERS [PERCENT] > file.csv\n");
        return 2;
    }
    written = printf("customer_id,time,amount,category\n");
    while (written < bytes) {
        char *at = buffer;
        while (at < buffer + sizeof buffer - 128) at = put_row(at, (uint64_t)customers, (uint64_t)percent, &state);
        if (fwrite(buffer, 1, (size_t)(at - buffer), stdout) != (size_t)(at - buffer)) return 4;
        written += at - buffer;
    }
    return fflush(stdout) == 0 ? 0 : 4;
}
