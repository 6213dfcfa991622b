/**
 * @file ingest/strings.h
 * Distinct texts and their numbers: ids of customers, entries of dictionaries. The hash of a text is tsr_key_of_id().
 */
#ifndef TSR_INGEST_STRINGS_H
#define TSR_INGEST_STRINGS_H

#include "ingest/parse.h"
#include "tessera/status.h"

/* Grows by doubling; all zero is an empty set. */
typedef struct tsr_strings {
    int32_t n, room;
    uint64_t *hash; /* [n] */
    int64_t *end;   /* [n]: text i is bytes[end[i - 1]] .. bytes[end[i] - 1] */
    char *bytes;
    int64_t bytes_room;
    int32_t widest; /* bytes of the longest text */
    int32_t *slot;  /* [slots] open addressing: number + 1, 0 empty */
    int64_t slots;
} tsr_strings;

/** Local. The number of a text (its bytes as they are, without blanks at the ends), added where it is new.
 *  @return TSR_OK; TSR_ENOMEM; TSR_EDATA (2^31 - 1 distinct texts) */
tsr_status tsr_strings_add(tsr_strings *strings, tsr_slice text, int32_t *number) TSR_NODISCARD;

/** Local. A view, valid until the next text is added. */
tsr_slice tsr_strings_get(const tsr_strings *strings, int32_t number);

void tsr_strings_clear(tsr_strings *strings);

#endif
