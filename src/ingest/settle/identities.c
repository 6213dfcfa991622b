#include "ingest/settle/identities.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ingest/take/input_reader.h"
#include "tessera/components.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define MARK         '\xff' /* no text in UTF-8 begins with it, and it sorts last: an id is the smallest of its person */
#define PHONE_DIGITS 7

/* A pair as it travels: this head, then the bytes of both texts. */
typedef struct pair_head {
    int32_t source, n[2];
} pair_head;

/* A text that pairs name, among those of a rank. */
typedef struct known_text {
    tsr_node node; /* its hash */
    tsr_slice text;
    int32_t source; /* the first one that pairs it */
} known_text;

/* Texts of one rank that are one person, by their root: the smallest, and how many ids they are. */
typedef struct claim {
    tsr_node root;
    tsr_slice text; /* n = 0 in an answer: the person is refused */
    int64_t ids;
    int32_t source; /* of one text: the first that pairs it */
    int from;       /* rank */
} claim;

/* They travel as heads, with the bytes of the text behind. */
typedef struct text_head {
    int32_t source, n;
} text_head;

typedef struct claim_head {
    tsr_node root;
    int64_t ids;
    int64_t n;
} claim_head;

/* ---- marks ---- */

static int32_t keep_digits(tsr_slice text, char *mark)
{
    int32_t n = 0;

    for (int32_t i = 0; i < text.n; i++)
        if (isdigit((unsigned char)text.at[i])) mark[n++] = text.at[i];
    bool abroad = n > 2 && text.at[0] != '+' && mark[0] == '0' && mark[1] == '0'; /* 0049 is +49 */
    if (abroad) memmove(mark, mark + 2, (size_t)(n -= 2));
    if (n < PHONE_DIGITS) return 0;
    mark[n] = abroad || text.at[0] == '+' ? '+' : ' '; /* 49... within a country is not +49... */
    return n + 1;
}

int32_t tsr_identity_mark(int32_t match, tsr_slice text, char *mark)
{
    int32_t n = text.n;

    if (n == 0 || n + 4 > TSR_MARK_BYTES) return 0;
    mark[0] = MARK;
    mark[1] = (char)('0' + match);
    if (match == TSR_MATCH_PHONE) {
        n = keep_digits(text, mark + 2);
        return n > 0 ? n + 2 : 0;
    }
    if (match == TSR_MATCH_EMAIL && memchr(text.at, '@', (size_t)n) == NULL) return 0;
    for (int32_t i = 0; i < n; i++)
        mark[2 + i] = match == TSR_MATCH_EXACT ? text.at[i] : (char)tolower((unsigned char)text.at[i]);
    return n + 2;
}

/* ---- pairs ---- */

static tsr_status keep_pair(int32_t source, int32_t match, tsr_slice id, tsr_slice other, tsr_blob *pairs)
{
    char mark[TSR_MARK_BYTES];
    tsr_status st;

    if (match != TSR_MATCH_ID) other = (tsr_slice){mark, tsr_identity_mark(match, other, mark)};
    if (other.n == 0) return TSR_OK;
    pair_head head = {source, {id.n, other.n}};
    TSR_TRY(tsr_blob_add(pairs, &head, sizeof head));
    TSR_TRY(tsr_blob_add(pairs, id.at, id.n));
    TSR_TRY(tsr_blob_add(pairs, other.at, other.n));
done:
    return st;
}

static tsr_status read_file(const tsr_ingest_params *params, const tsr_inputs *inputs, int32_t number, int64_t begin,
                            int64_t end, tsr_blob *pairs)
{
    const tsr_input *input = &inputs->file[number];
    const tsr_source *source = (const tsr_source *)params->sources.item + input->source;
    tsr_input_reader *reader = NULL;
    tsr_mapping *mapping = NULL;
    tsr_slice id, other;
    tsr_row row;
    bool more = true;
    tsr_status st;

    TSR_TRY(tsr_inputs_mapping(inputs, params, number, &mapping));
    TSR_TRY(tsr_input_reader_open(input, mapping, begin, end, &reader));
    while (more) {
        TSR_TRY(tsr_input_reader_next(reader, &row, &more));
        if (more && tsr_mapping_pair(mapping, &row, &id, &other))
            TSR_TRY(keep_pair(input->source, source->match, id, other, pairs));
    }
done:
    tsr_input_reader_close(&reader);
    tsr_mapping_destroy(&mapping);
    return st;
}

static bool is_identities(const tsr_ingest_params *params, int32_t source)
{
    return ((const tsr_source *)params->sources.item + source)->kind == TSR_SOURCE_IDENTITIES;
}

static tsr_status read_share(const tsr_ingest_params *params, const tsr_inputs *inputs, int rank, int size,
                             tsr_blob *pairs)
{
    int64_t begin, end;
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < inputs->n; i++) {
        if (!is_identities(params, inputs->file[i].source)) continue;
        tsr_input_share(&inputs->file[i], i, rank, size, &begin, &end);
        if (begin < end) st = read_file(params, inputs, i, begin, end, pairs);
    }
    return st;
}

/* ---- texts to the ranks of their hashes ---- */

static tsr_node node_of(tsr_slice text)
{
    XXH128_hash_t hash = XXH3_128bits(text.at, (size_t)text.n);

    return (tsr_node){hash.high64, hash.low64};
}

static int by_node(const void *left, const void *right)
{
    const known_text *a = left, *b = right;
    int order = tsr_node_compare(&a->node, &b->node);

    return order != 0 ? order : (a->source > b->source) - (a->source < b->source);
}

/* Each text once, with its first source. */
static void sort_out(known_text *text, int64_t *n)
{
    int64_t kept = 0;

    if (*n > 1) qsort(text, (size_t)*n, sizeof *text, by_node);
    for (int64_t i = 0; i < *n; i++)
        if (kept == 0 || tsr_node_compare(&text[kept - 1].node, &text[i].node) != 0) text[kept++] = text[i];
    *n = kept;
}

/* The texts of this rank's pairs, and an edge for each pair. */
static tsr_status list_pairs(const tsr_blob *pairs, known_text **text, int64_t *n, tsr_edge **edges, int64_t *edges_n)
{
    const char *at = pairs->bytes, *end = pairs->bytes + pairs->n;
    int64_t most = pairs->n / (int64_t)sizeof(pair_head);
    pair_head head;
    tsr_status st;

    TSR_TRY(tsr_alloc(text, 2 * most, sizeof **text));
    TSR_TRY(tsr_alloc(edges, most, sizeof **edges));
    while (at < end) {
        memcpy(&head, at, sizeof head);
        tsr_slice id = {at + sizeof head, head.n[0]}, other = {id.at + id.n, head.n[1]};
        tsr_edge edge = {node_of(id), node_of(other)};
        (*text)[(*n)++] = (known_text){edge.a, id, head.source};
        (*text)[(*n)++] = (known_text){edge.b, other, head.source};
        (*edges)[(*edges_n)++] = edge;
        at = other.at + other.n;
    }
    sort_out(*text, n);
done:
    return st;
}

static tsr_status send_texts(const known_text *text, int64_t n, int size, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < n; i++) {
        text_head head = {text[i].source, text[i].text.n};
        tsr_blob *rank = &to[tsr_node_rank(&text[i].node, size)];
        TSR_TRY(tsr_blob_add(rank, &head, sizeof head));
        TSR_TRY(tsr_blob_add(rank, text[i].text.at, text[i].text.n));
    }
done:
    return st;
}

static tsr_status take_texts(const tsr_blob *received, known_text **text, int64_t *texts)
{
    text_head head;
    tsr_status st = tsr_alloc(text, received->n / (int64_t)sizeof head, sizeof **text);

    const char *at = received->bytes, *end = at + received->n;

    for (*texts = 0; st == TSR_OK && at < end; at += sizeof head + (size_t)head.n) {
        memcpy(&head, at, sizeof head);
        tsr_slice one = {at + sizeof head, head.n};
        (*text)[(*texts)++] = (known_text){node_of(one), one, head.source};
    }
    if (st == TSR_OK) sort_out(*text, texts);
    return st;
}

/* ---- the smallest text of each person ---- */

static int by_root(const void *left, const void *right)
{
    const claim *a = left, *b = right;
    int order = tsr_node_compare(&a->root, &b->root);

    return order != 0 ? order : tsr_slice_compare(&a->text, &b->text);
}

static int64_t end_of_person(const claim *claims, int64_t n, int64_t first)
{
    int64_t end = first;

    while (end < n && tsr_node_compare(&claims[end].root, &claims[first].root) == 0) end++;
    return end;
}

static tsr_status send_claim(const claim *c, tsr_blob *to)
{
    claim_head head = {c->root, c->ids, c->text.n};
    tsr_status st;

    TSR_TRY(tsr_blob_add(to, &head, sizeof head));
    TSR_TRY(tsr_blob_add(to, c->text.at, c->text.n));
done:
    return st;
}

/* What came from all ranks, by root and text. */
static tsr_status take_claims(const tsr_blob *received, const int64_t *from, int size, claim **claims, int64_t *n)
{
    const char *at = received->bytes, *end = at;
    claim_head head;
    tsr_status st;

    TSR_TRY(tsr_alloc(claims, received->n / (int64_t)sizeof head, sizeof **claims));
    *n = 0;
    for (int r = 0; r < size; r++)
        for (end += from[r]; at < end; at += sizeof head + (size_t)head.n) {
            memcpy(&head, at, sizeof head);
            (*claims)[(*n)++] = (claim){head.root, {at + sizeof head, (int32_t)head.n}, head.ids, 0, r};
        }
    if (*n > 1) qsort(*claims, (size_t)*n, sizeof **claims, by_root);
done:
    return st;
}

/* Ids, not marks, count. */
static tsr_status claim_persons(const claim *own, int64_t n, int size, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int64_t first = 0, end; first < n && st == TSR_OK; first = end) {
        claim sum = own[first];
        end = end_of_person(own, n, first);
        for (int64_t i = first + 1; i < end; i++) sum.ids += own[i].ids;
        st = send_claim(&sum, &to[tsr_node_rank(&sum.root, size)]);
    }
    return st;
}

/* A person with more ids than the limit is none: a shared phone, a test account. */
static tsr_status answer(const claim *claims, int64_t n, int64_t limit, tsr_blob *to, tsr_identities *ids)
{
    tsr_status st = TSR_OK;

    for (int64_t first = 0, end; first < n; first = end) {
        claim kept = claims[first];
        end = end_of_person(claims, n, first);
        for (int64_t i = first + 1; i < end; i++) kept.ids += claims[i].ids;
        if (kept.ids > limit) {
            int32_t many = kept.ids < INT32_MAX ? (int32_t)kept.ids : INT32_MAX;
            TSR_TRY(tsr_merge_pack(&(tsr_merge){kept.text, {"", 0}, -many}, &ids->refusals));
            ids->refused++;
            kept.text.n = 0;
        }
        for (int64_t i = first; i < end; i++) TSR_TRY(send_claim(&kept, &to[claims[i].from]));
    }
done:
    return st;
}

/* Own texts and answers are sorted by root, and each root has one answer. */
static tsr_status list_merges(const claim *own, int64_t n, const claim *answers, tsr_identities *ids)
{
    tsr_status st = tsr_alloc(&ids->merge, n, sizeof *ids->merge);

    for (int64_t i = 0, a = 0; st == TSR_OK && i < n; i++) {
        while (tsr_node_compare(&answers[a].root, &own[i].root) != 0) a++;
        tsr_slice kept = answers[a].text;
        if (own[i].ids == 0 || kept.n == 0 || tsr_slice_compare(&kept, &own[i].text) == 0) continue;
        ids->merge[ids->merges++] = (tsr_merge){own[i].text, kept, own[i].source};
    }
    return st;
}

/* ---- together ---- */

/* Each text of any pair stands at the rank of its hash, and has a member of the components. */
static tsr_status find_components(const tsr_comm *comm, const tsr_blob *pairs, tsr_identities *ids, claim **own,
                                  int64_t *n)
{
    known_text *mine = NULL, *text = NULL;
    tsr_member *member = NULL;
    tsr_edge *edges = NULL;
    tsr_blob *to = NULL;
    int64_t mine_n = 0, edges_n = 0, members;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&to, comm->size, sizeof *to));
    TSR_AGREE(comm, list_pairs(pairs, &mine, &mine_n, &edges, &edges_n));
    TSR_AGREE(comm, send_texts(mine, mine_n, comm->size, to));
    tsr_free(&mine);
    TSR_TRY(tsr_blobs_exchange(comm, to, &ids->texts, NULL));
    TSR_AGREE(comm, take_texts(&ids->texts, &text, n));
    TSR_TRY(tsr_components_find(comm, edges, edges_n, &member, &members));
    TSR_ASSERT(members == *n);
    TSR_AGREE(comm, tsr_alloc(own, *n, sizeof **own));
    for (int64_t i = 0; i < *n; i++)
        (*own)[i] = (claim){member[i].root, text[i].text, text[i].text.at[0] != MARK, text[i].source, 0};
    if (*n > 1) qsort(*own, (size_t)*n, sizeof **own, by_root);
done:
    tsr_free(&edges);
    tsr_free(&member);
    tsr_free(&text);
    tsr_free(&mine);
    tsr_blobs_destroy(&to, comm->size);
    return st;
}

/* Ranks claim persons at the ranks of their roots, which answer with the text that is kept. */
static tsr_status find_kept(const tsr_comm *comm, const claim *own, int64_t n, int64_t limit, tsr_identities *ids)
{
    claim *claims = NULL, *answers = NULL;
    tsr_blob received = {0}, *to = NULL;
    int64_t *from = NULL, claims_n, answers_n;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&from, comm->size, sizeof *from));
    TSR_AGREE(comm, tsr_alloc(&to, comm->size, sizeof *to));
    TSR_AGREE(comm, claim_persons(own, n, comm->size, to));
    TSR_TRY(tsr_blobs_exchange(comm, to, &received, from));
    TSR_AGREE(comm, take_claims(&received, from, comm->size, &claims, &claims_n));
    TSR_AGREE(comm, answer(claims, claims_n, limit, to, ids));
    TSR_TRY(tsr_blobs_exchange(comm, to, &ids->answers, from));
    TSR_AGREE(comm, take_claims(&ids->answers, from, comm->size, &answers, &answers_n));
    TSR_AGREE(comm, list_merges(own, n, answers, ids));
    ids->merged = ids->merges;
    tsr_sum_int64(comm, &ids->merged, 1);
    tsr_sum_int64(comm, &ids->refused, 1);
done:
    tsr_free(&answers);
    tsr_free(&claims);
    tsr_free(&received.bytes);
    tsr_free(&from);
    tsr_blobs_destroy(&to, comm->size);
    return st;
}

tsr_status tsr_identities_read(const tsr_comm *comm, const tsr_ingest_params *params, const struct tsr_inputs *inputs,
                               tsr_identities *ids)
{
    tsr_blob pairs = {0};
    claim *own = NULL;
    int64_t n = 0;
    tsr_status st = TSR_OK;

    *ids = (tsr_identities){.any = false};
    for (int32_t i = 0; i < params->sources.n; i++) ids->any = ids->any || is_identities(params, i);
    if (!ids->any) return TSR_OK;
    TSR_AGREE(comm, read_share(params, inputs, comm->rank, comm->size, &pairs));
    TSR_TRY(find_components(comm, &pairs, ids, &own, &n));
    tsr_free(&pairs.bytes);
    TSR_TRY(find_kept(comm, own, n, params->identity_limit, ids));
done:
    tsr_free(&own);
    tsr_free(&pairs.bytes);
    if (st != TSR_OK) tsr_identities_clear(ids);
    return st;
}

tsr_status tsr_identities_list(tsr_identities *ids)
{
    tsr_merge *refused = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_merges_unpack(&ids->refusals, &refused, &n));
    if (n == 0) goto done;
    TSR_TRY(tsr_resize(&ids->merge, ids->merges + n, sizeof *ids->merge));
    memcpy(ids->merge + ids->merges, refused, (size_t)n * sizeof *refused);
    ids->merges += n;
done:
    tsr_free(&refused);
    return st;
}

void tsr_identities_clear(tsr_identities *ids)
{
    tsr_free(&ids->refusals.bytes);
    tsr_free(&ids->merge);
    tsr_free(&ids->answers.bytes);
    tsr_free(&ids->texts.bytes);
    *ids = (tsr_identities){.any = false};
}
