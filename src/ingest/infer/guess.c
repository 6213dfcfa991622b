#include "ingest/infer/guess.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "ingest/mapping/decimal_mark.h"

/* In the order of preference. Formats of one twin number (not 0) read a text as other days. */
static const struct {
    const char *format;
    int twin;
} formats[] = {
    {"iso", 0},
    {"%Y%m%d", 0},
    {"%Y%m%d %H:%M:%S", 0},
    {"%Y%m%d %H:%M", 0},
    {"%Y/%m/%d", 0},
    {"%Y/%m/%d %H:%M:%S", 0},
    {"%Y/%m/%d %H:%M", 0},
    {"%d/%m/%Y", 5},
    {"%d/%m/%Y %H:%M:%S", 6},
    {"%d/%m/%Y %H:%M", 7},
    {"%m/%d/%Y", 5},
    {"%m/%d/%Y %H:%M:%S", 6},
    {"%m/%d/%Y %H:%M", 7},
    {"%d.%m.%Y", 0},
    {"%d.%m.%Y %H:%M:%S", 0},
    {"%d.%m.%Y %H:%M", 0},
    {"%d-%m-%Y", 9},
    {"%d-%m-%Y %H:%M:%S", 10},
    {"%d-%m-%Y %H:%M", 11},
    {"%m-%d-%Y", 9},
    {"%m-%d-%Y %H:%M:%S", 10},
    {"%m-%d-%Y %H:%M", 11},
    {"%d/%m/%y", 13},
    {"%d/%m/%y %H:%M:%S", 14},
    {"%d/%m/%y %H:%M", 15},
    {"%m/%d/%y", 13},
    {"%m/%d/%y %H:%M:%S", 14},
    {"%m/%d/%y %H:%M", 15},
    {"%d/%m/%Y %I:%M %p", 16},
    {"%d/%m/%Y %I:%M:%S %p", 17},
    {"%m/%d/%Y %I:%M %p", 16},
    {"%m/%d/%Y %I:%M:%S %p", 17},
    {"%d.%m.%y", 0},
    {"%d.%m.%y %H:%M", 0},
    {"%d-%b-%Y", 0},
    {"%d-%b-%y", 0},
    {"%d %b %Y", 0},
    {"%b %d, %Y", 0},
    {"epoch", 0}, /* the last two only where the name of the column speaks of time */
    {"epoch_ms", 0},
};

#define FORMATS          ((int32_t)(sizeof formats / sizeof formats[0]))
#define CATEGORIES_SHARE 10 /* a category has its values ten times on average */
#define DIRTY_SHARE      50 /* one of so many values may be something else: real files have such */
#define MISFITS_MOST     1000

tsr_status tsr_guess_prepare(tsr_guess_clocks *clocks)
{
    tsr_status st = tsr_zone_read("UTC", &clocks->utc);

    for (clocks->n = 0; st == TSR_OK && clocks->n < FORMATS; clocks->n++)
        st = tsr_clock_set(&clocks->clock[clocks->n], formats[clocks->n].format, &clocks->utc, &clocks->utc);
    return st;
}

static bool is_twin(int32_t a, int32_t b)
{
    return a != b && formats[a].twin != 0 && formats[a].twin == formats[b].twin;
}

static bool fits(int64_t misfits, const tsr_guess *guess)
{
    return misfits * DIRTY_SHARE <= guess->filled;
}

static void see_value(tsr_guess *guess, tsr_slice text)
{
    uint64_t hash = XXH3_64bits(text.at, (size_t)text.n);

    for (int32_t i = 0; i < guess->different; i++)
        if (guess->seen[i] == hash) return;
    if (guess->different < TSR_GUESS_DIFFERENT) guess->seen[guess->different++] = hash;
}

static void see_number(tsr_guess *guess, tsr_slice text)
{
    char copy[TSR_MARKED_BYTES];
    tsr_decimal value;

    if (tsr_parse_decimal(text, &value) == TSR_PARSED) {
        guess->number++;
        guess->whole += memchr(text.at, '.', (size_t)text.n) == NULL;
        if (value.decimals > guess->decimals) guess->decimals = value.decimals;
    }
    tsr_slice point = tsr_decimal_comma(text, copy);
    if (tsr_parse_decimal(point, &value) == TSR_PARSED) {
        guess->comma++;
        if (value.decimals > guess->decimals) guess->decimals = value.decimals;
    }
}

static void see_time(tsr_guess *guess, const tsr_guess_clocks *clocks, tsr_slice text)
{
    uint64_t fit = 0;
    uint32_t seconds;
    bool clock = false;

    for (int32_t c = 0; c < clocks->n; c++) {
        if (guess->misfits[c] > MISFITS_MOST) continue;
        bool read = tsr_clock_parse(&clocks->clock[c], text, &seconds, &clock) == TSR_PARSED;
        guess->misfits[c] += !read;
        fit |= (uint64_t)read << c;
    }
    for (int32_t c = 0; c < clocks->n && fit != 0; c++)
        for (int32_t d = 0; d < clocks->n; d++)
            if (is_twin(c, d) && (fit >> c & 1) != 0 && (fit >> d & 1) == 0) guess->alone |= (uint64_t)1 << c;
}

void tsr_guess_add(tsr_guess *guess, const tsr_guess_clocks *clocks, tsr_slice text)
{
    if (text.n == 0 || guess->nested) return;
    if (guess->filled++ == 0) snprintf(guess->example, sizeof guess->example, "%.*s", (int)text.n, text.at);
    if (text.n > guess->longest) guess->longest = text.n;
    see_value(guess, text);
    see_number(guess, text);
    see_time(guess, clocks, text);
}

bool tsr_guess_hints(const char *name, const char *word)
{
    size_t n = strlen(word);

    for (; *name != '\0'; name++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)name[i]) == word[i]) i++;
        if (i == n) return true;
    }
    return false;
}

static bool speaks_of_time(const char *name)
{
    return tsr_guess_hints(name, "time") || tsr_guess_hints(name, "date") || tsr_guess_hints(name, "epoch") ||
           tsr_guess_hints(name, "stamp") || tsr_guess_hints(name, "created");
}

const char *tsr_guess_time_format(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name,
                                  const char **other)
{
    int32_t n = speaks_of_time(name) ? clocks->n : clocks->n - 2, first = 0;

    *other = NULL;
    while (first < n && !fits(guess->misfits[first], guess)) first++;
    if (guess->filled == 0 || first == n) return NULL;
    for (int32_t c = first + 1, one = first; c < n; c++) {
        bool both = is_twin(one, c) && (guess->alone >> one & 1) == (guess->alone >> c & 1);
        if (is_twin(one, c) && guess->misfits[c] < guess->misfits[first]) first = c;
        if (both) *other = formats[first == c ? one : c].format;
    }
    return formats[first].format;
}

tsr_guess_form tsr_guess_of(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name)
{
    const char *other;

    if (guess->nested) return TSR_GUESS_NESTED;
    if (guess->filled == 0) return TSR_GUESS_EMPTY;
    if (tsr_guess_time_format(guess, clocks, name, &other) != NULL) return TSR_GUESS_TIME;
    if (fits(guess->filled - guess->whole, guess)) return TSR_GUESS_WHOLE;
    if (fits(guess->filled - guess->number, guess)) return TSR_GUESS_NUMBER;
    if (fits(guess->filled - guess->comma, guess)) return TSR_GUESS_COMMA;
    bool few = guess->different < TSR_GUESS_DIFFERENT && guess->different * CATEGORIES_SHARE <= guess->filled;
    return few || guess->different <= 2 ? TSR_GUESS_CATEGORY : TSR_GUESS_TEXT;
}

const char *tsr_guess_words(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name, char *text)
{
    const char *other, *format = tsr_guess_time_format(guess, clocks, name, &other);

    switch (tsr_guess_of(guess, clocks, name)) {
    case TSR_GUESS_EMPTY: return strcpy(text, "empty");
    case TSR_GUESS_WHOLE: return strcpy(text, "whole number");
    case TSR_GUESS_NUMBER: snprintf(text, 64, "number, %d decimals", guess->decimals); return text;
    case TSR_GUESS_COMMA: snprintf(text, 64, "number, %d decimals, comma", guess->decimals); return text;
    case TSR_GUESS_TIME: snprintf(text, 64, "time, %s%s", format, other != NULL ? " ?" : ""); return text;
    case TSR_GUESS_CATEGORY: snprintf(text, 64, "category, %d values", guess->different); return text;
    case TSR_GUESS_NESTED: return strcpy(text, "lists or records");
    case TSR_GUESS_TEXT: break;
    }
    return strcpy(text, "text");
}
