/**
 * @file edits.h
 * How far a name is from one that is known: for messages that say what was meant.
 */
#ifndef TSR_EDITS_H
#define TSR_EDITS_H

/** Local. Letters to insert, delete or replace to make @p a of @p b (Levenshtein); 64 where b has 64 or more.
 *  Cost: |a| |b| */
int tsr_edits(const char *a, const char *b);

/* The nearest of the names tried so far; begins with the first distance at which a name is no slip of the finger. */
typedef struct tsr_meant {
    int distance;
    const char *name; /* borrowed; NULL: none */
} tsr_meant;

/** Local. Keep @p name, if @p word is nearer to it than to those before. Cost: as above */
void tsr_meant_try(tsr_meant *meant, const char *word, const char *name);

#endif
