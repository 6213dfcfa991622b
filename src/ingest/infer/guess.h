/**
 * @file ingest/infer/guess.h
 * What a column of text seems to hold, from a sample of its values: numbers, times, categories, text.
 */
#ifndef TSR_INGEST_GUESS_H
#define TSR_INGEST_GUESS_H

#include "ingest/parse/clock.h"

#define TSR_GUESS_DIFFERENT 256 /* different values that are told apart */
#define TSR_GUESS_CLOCKS    64

typedef enum tsr_guess_form {
    TSR_GUESS_EMPTY, /* no value in the sample */
    TSR_GUESS_WHOLE,
    TSR_GUESS_NUMBER, /* with a decimal point */
    TSR_GUESS_COMMA,  /* with a decimal comma: 1.234,56 */
    TSR_GUESS_TIME,
    TSR_GUESS_CATEGORY, /* few different texts */
    TSR_GUESS_TEXT,
    TSR_GUESS_NESTED /* lists or records: no single values */
} tsr_guess_form;

/* The formats of times that are tried, with one clock each. */
typedef struct tsr_guess_clocks {
    tsr_zone utc;
    int32_t n;
    tsr_clock clock[TSR_GUESS_CLOCKS];
} tsr_guess_clocks;

/* A column so far. All zero: no value yet. */
typedef struct tsr_guess {
    bool nested; /* told by the file; what is in it is not looked at */
    int64_t filled, whole, number, comma;
    int32_t decimals;                  /* the most */
    int32_t longest;                   /* bytes */
    int32_t misfits[TSR_GUESS_CLOCKS]; /* values that do not fit the clock; no longer counted where they are many */
    uint64_t alone;                    /* bit per clock: it reads a value that its twin, of other days, cannot read */
    int32_t different;
    uint64_t seen[TSR_GUESS_DIFFERENT];
    char example[32]; /* the first value, cut */
} tsr_guess;

/** Local. @return TSR_OK; TSR_ECONF (no tz database) */
tsr_status tsr_guess_prepare(tsr_guess_clocks *clocks) TSR_NODISCARD;

/** Local. One more value, trimmed; an empty one says nothing. */
void tsr_guess_add(tsr_guess *guess, const tsr_guess_clocks *clocks, tsr_slice text);

/** Local. @param name  of the column: seconds since 1970 are a time only where the name says so */
tsr_guess_form tsr_guess_of(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name);

/** Local. The time_format that all values fit, but for one of fifty; NULL: none. @param[out] other  one that reads them
 * as other days, where day and month cannot be told apart; else NULL */
const char *tsr_guess_time_format(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name,
                                  const char **other);

/** Local. "number with 2 decimals", "date as %Y-%m-%d", ... into @p text [64]; returns it. */
const char *tsr_guess_words(const tsr_guess *guess, const tsr_guess_clocks *clocks, const char *name, char *text);

/** Local. Does the text hold a word, without regard to case? */
bool tsr_guess_hints(const char *name, const char *word);

#endif
