/**
 * @file ingest/collect/collect_parts.h
 * The inside of a collection: rows come in (deal.c), go to their owners (gather.c) and out (deliver.c).
 */
#ifndef TSR_INGEST_COLLECT_PARTS_H
#define TSR_INGEST_COLLECT_PARTS_H

#include "ingest/collect/collect.h"
#include "ingest/collect/redirect.h"
#include "ingest/sort/sorted.h"
#include "ingest/sort/strings.h"

/* Rows of one stream that stand here until the next round. */
typedef struct tsr_waiting {
    char *row;
    int64_t rows, room;
} tsr_waiting;

/* Texts of one dictionary: as this rank saw them, and, numbered alike on all ranks, of all that took part in a round.
 */
typedef struct tsr_texts_of_all {
    tsr_strings mine, all;
    int32_t told;    /* of mine: the others know them */
    int32_t *number; /* [told] of mine in all */
} tsr_texts_of_all;

typedef struct tsr_attribute_state {
    char name[TSR_NAME_BYTES];
    int32_t form;  /* tsr_attribute_form */
    int32_t rule;  /* tsr_reconcile_rule */
    int text_seen; /* a value that is not a number; int: it is reduced */
    int too_many;  /* different texts: their codes are no longer kept */
    bool empty;    /* no value has come, and no form was declared */
} tsr_attribute_state;

/* An id on its way to the check whether it was sent lately: that looks at a random place of memory, which is fetched
 * while the next rows are read. */
#define TSR_PENDING 16
typedef struct tsr_pending_id {
    tsr_customer_ref customer;
    int32_t n; /* 0: none */
    char id[TSR_ID_MAX + 1];
} tsr_pending_id;

#define TSR_PACKED_ROWS 128
#define TSR_SENT_WAYS   8 /* of one cache line */

struct tsr_collect {
    uint32_t has;
    int rank, size;
    int64_t memory;
    int32_t partitions;
    int64_t fine;                  /* buckets of a partition */
    int64_t first_bucket, buckets; /* of this rank */
    tsr_layout layout[TSR_STREAMS];
    char *scratch;
    tsr_spill spill;
    tsr_cleaner *cleaner;
    tsr_store *store;
    tsr_waiting waiting[TSR_STREAMS];  /* rows with codes that not all ranks know yet; of one rank: none */
    tsr_waiting *leaving[TSR_STREAMS]; /* [size] rows for other ranks */
    char *received;                    /* [received_bytes] rows that came in the last round */
    int64_t received_bytes;
    int64_t waiting_bytes, waiting_most;
    int64_t most[TSR_STREAMS]; /* rows that a rank sends to another one in a round: a rank gets no more than twice what
                                  waits at one, and where all rows go to one owner, there are more rounds */
    bool is_full;              /* what leaves for one rank is all that it takes in a round */
    int32_t *owner;            /* [partitions] ranks */
    uint64_t *sent;            /* [sent_lines][TSR_SENT_WAYS] customers whose id went on its way lately */
    int64_t sent_lines;
    tsr_redirect redirect; /* merged ids that this rank owns */
    tsr_pending_id pending[TSR_PENDING];
    uint32_t pending_at;
    int32_t id_width;
    int32_t attributes;
    tsr_attribute_state *attribute;
    int32_t dictionaries;    /* TSR_DICTIONARIES + attributes */
    tsr_texts_of_all *texts; /* [dictionaries] */
    const int32_t **number;  /* [dictionaries] the number of each text that was told, among all */
    char *attribute_row;
    char *packed; /* [TSR_PACKED_ROWS] records of one kind, before they go where they belong */
    int64_t low[TSR_KINDS][TSR_KIND_COLUMNS], high[TSR_KINDS][TSR_KIND_COLUMNS];
};

/** Local. Does the dataset have rows of this stream? */
bool tsr_collect_has_stream(const tsr_collect *collect, int32_t stream);

/** Local. The rank that a customer of this key belongs to. */
int tsr_collect_owner(const tsr_collect *collect, uint64_t key);

/** Local. The id goes to the owner of its customer, unless it did lately. */
tsr_status tsr_collect_send_id(tsr_collect *collect, tsr_customer_ref customer, tsr_slice id) TSR_NODISCARD;

/** Local. Room for a row whose codes all ranks know: in its bucket, or among those that leave. */
tsr_status tsr_collect_place(tsr_collect *collect, int32_t stream, uint64_t key, char **row) TSR_NODISCARD;

/** Local. Rows that stand one behind the other and whose codes all ranks know: as with tsr_collect_place(). */
tsr_status tsr_collect_place_rows(tsr_collect *collect, int32_t stream, const char *row, int64_t n) TSR_NODISCARD;

/** Local. Send the ids that are still pending. */
tsr_status tsr_collect_flush(tsr_collect *collect) TSR_NODISCARD;

#endif
