/**
 * @file ingest/sort/strings.h
 * Distinct texts and their numbers: ids of customers, entries of dictionaries. The hash of a text is tsr_key_of_id().
 *
 * Looking up a text is what ingest does most, at random places of memory: a short text costs two cache lines, one of
 * the table and one of its entry.
 */
#ifndef TSR_INGEST_STRINGS_H
#define TSR_INGEST_STRINGS_H

#include "ingest/parse/parse.h"
#include "tessera/status.h"

#define TSR_SHORT_TEXT 20

/* Half a cache line. */
typedef struct tsr_text_entry {
    uint64_t hash;
    int32_t n;
    char head[TSR_SHORT_TEXT]; /* the text, or where it stands in `bytes` */
} tsr_text_entry;

/* Part of the hash beside the number: most lookups of other texts end here. */
typedef struct tsr_text_slot {
    uint32_t tag;
    int32_t number; /* + 1; 0: empty */
} tsr_text_slot;

/* Grows by doubling; all zero is an empty set. */
typedef struct tsr_strings {
    int32_t n, room;
    tsr_text_entry *entry; /* [n] */
    char *bytes;           /* the long texts */
    int64_t bytes_n, bytes_room;
    int32_t widest;      /* bytes of the longest text */
    tsr_text_slot *slot; /* [slots] open addressing */
    int64_t slots;
} tsr_strings;

/** Local. The number of a text (its bytes as they are, without blanks at the ends), added where it is new.
 *  @return TSR_OK; TSR_ENOMEM; TSR_EDATA (2^31 - 1 distinct texts) */
tsr_status tsr_strings_add(tsr_strings *strings, tsr_slice text, int32_t *number) TSR_NODISCARD;

/** Local. A view, valid until the next text is added. */
tsr_slice tsr_strings_get(const tsr_strings *strings, int32_t number);

/** Local. Bytes of memory in use. */
int64_t tsr_strings_bytes(const tsr_strings *strings);

void tsr_strings_clear(tsr_strings *strings);

#endif
