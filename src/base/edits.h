/**
 * @file edits.h
 * How far a name is from one that is known: for messages that say what was meant.
 */
#ifndef TSR_EDITS_H
#define TSR_EDITS_H

/** Local. Letters to insert, delete or replace to make @p a of @p b (Levenshtein); 64 where b has 64 or more.
 *  Cost: |a| |b| */
int tsr_edits(const char *a, const char *b);

#endif
