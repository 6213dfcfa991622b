#include "ingest/identities.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "ingest/input_reader.h"
#include "tessera/components.h"
#include "tessera/exchange.h"
#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define MARK         '\xff' /* no text in UTF-8 begins with it, and it sorts last: an id is the smallest of its person */
#define PHONE_DIGITS 7

/* A pair as it travels: this head, then the bytes of both texts. */
typedef struct pair_head {
    int32_t source, n[2];
} pair_head;

typedef struct blob {
    char *bytes;
    int64_t n, room;
} blob;

struct tsr_identities {
    char *bytes; /* all pairs */
    int32_t texts;
    tsr_slice *text; /* [texts] sorted by bytes: number of a text */
    int32_t *kept;   /* [texts] number of the text that stands for it */
    int32_t *source; /* [texts] the first source that pairs it */
    int32_t *slot;   /* [slots] number + 1; 0: empty */
    int64_t slots, merged, refused;
    const tsr_ingest_params *params;
};

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

static tsr_status append(blob *to, const void *bytes, int64_t n)
{
    if (to->n + n > to->room) {
        int64_t room = 2 * (to->n + n) + 4096;
        tsr_status st = tsr_resize(&to->bytes, room, 1);
        if (st != TSR_OK) return st;
        to->room = room;
    }
    memcpy(to->bytes + to->n, bytes, (size_t)n);
    to->n += n;
    return TSR_OK;
}

static tsr_status keep_pair(int32_t source, int32_t match, tsr_slice id, tsr_slice other, blob *pairs)
{
    char mark[TSR_MARK_BYTES];
    tsr_status st;

    if (match != TSR_MATCH_ID) other = (tsr_slice){mark, tsr_identity_mark(match, other, mark)};
    if (other.n == 0) return TSR_OK;
    pair_head head = {source, {id.n, other.n}};
    TSR_TRY(append(pairs, &head, sizeof head));
    TSR_TRY(append(pairs, id.at, id.n));
    TSR_TRY(append(pairs, other.at, other.n));
done:
    return st;
}

static tsr_status read_file(const tsr_ingest_params *params, const tsr_inputs *inputs, int32_t number, int64_t begin,
                            int64_t end, blob *pairs)
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

static tsr_status read_share(const tsr_ingest_params *params, const tsr_inputs *inputs, int rank, int size, blob *pairs)
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

/* The next pair of the gathered bytes. */
static const char *next_pair(const char *at, pair_head *head, tsr_slice text[2])
{
    memcpy(head, at, sizeof *head);
    text[0] = (tsr_slice){at + sizeof *head, head->n[0]};
    text[1] = (tsr_slice){text[0].at + head->n[0], head->n[1]};
    return text[1].at + head->n[1];
}

/* ---- numbers of texts ---- */

static int by_bytes(const void *left, const void *right)
{
    const tsr_slice *a = left, *b = right;
    int order = memcmp(a->at, b->at, (size_t)(a->n < b->n ? a->n : b->n));

    return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static tsr_status number_texts(tsr_identities *ids, int64_t bytes)
{
    const char *end = ids->bytes + bytes;
    pair_head head;
    tsr_slice text[2];
    int64_t n = 0;
    tsr_status st;

    for (const char *at = ids->bytes; at < end; n += 2) at = next_pair(at, &head, text);
    if (n > INT32_MAX / 2) return TSR_FAIL(TSR_EDATA, "identities: more than %d pairs", INT32_MAX / 4);
    TSR_TRY(tsr_alloc(&ids->text, n, sizeof *ids->text));
    n = 0;
    for (const char *at = ids->bytes; at < end; n += 2) at = next_pair(at, &head, ids->text + n);
    qsort(ids->text, (size_t)n, sizeof *ids->text, by_bytes);
    for (int64_t i = 0; i < n; i++)
        if (ids->texts == 0 || by_bytes(&ids->text[ids->texts - 1], &ids->text[i]) != 0)
            ids->text[ids->texts++] = ids->text[i];
    for (ids->slots = 16; ids->slots < 2 * (int64_t)ids->texts;) ids->slots *= 2;
    TSR_TRY(tsr_alloc(&ids->slot, ids->slots, sizeof *ids->slot));
    for (int32_t i = 0; i < ids->texts; i++) {
        int64_t s = (int64_t)(XXH3_64bits(ids->text[i].at, (size_t)ids->text[i].n) & (uint64_t)(ids->slots - 1));
        while (ids->slot[s] != 0) s = (s + 1) & (ids->slots - 1);
        ids->slot[s] = i + 1;
    }
done:
    return st;
}

/* -1: no pair names it. */
static int32_t number_of(const tsr_identities *ids, tsr_slice text)
{
    int64_t s = (int64_t)(XXH3_64bits(text.at, (size_t)text.n) & (uint64_t)(ids->slots - 1));

    for (; ids->slot[s] != 0; s = (s + 1) & (ids->slots - 1))
        if (by_bytes(&ids->text[ids->slot[s] - 1], &text) == 0) return ids->slot[s] - 1;
    return -1;
}

/* ---- persons ---- */

/* Every rank takes each size-th pair; all note the first source of each text. */
static tsr_status make_edges(tsr_identities *ids, int64_t bytes, const tsr_comm *by, tsr_edge **edges, int64_t *n)
{
    const char *end = ids->bytes + bytes;
    pair_head head;
    tsr_slice text[2];
    int64_t pair = 0;
    tsr_status st;

    TSR_TRY(tsr_alloc(edges, bytes / (int64_t)sizeof head / by->size + 1, sizeof **edges));
    TSR_TRY(tsr_alloc(&ids->source, ids->texts, sizeof *ids->source));
    for (int32_t i = 0; i < ids->texts; i++) ids->source[i] = INT32_MAX;
    for (const char *at = ids->bytes; at < end; pair++) {
        at = next_pair(at, &head, text);
        int32_t number[2] = {number_of(ids, text[0]), number_of(ids, text[1])};
        for (int i = 0; i < 2; i++)
            if (head.source < ids->source[number[i]]) ids->source[number[i]] = head.source;
        if (pair % by->size != by->rank) continue;
        (*edges)[(*n)++] = (tsr_edge){{0, (uint64_t)number[0]}, {0, (uint64_t)number[1]}};
    }
done:
    return st;
}

/* Ids, not marks, count. A person with more of them than the limit is none: a shared phone, a test account. */
static tsr_status apply_limit(tsr_identities *ids)
{
    int64_t *size = NULL;
    tsr_status st = tsr_alloc(&size, ids->texts, sizeof *size);

    if (st != TSR_OK) return st;
    for (int32_t i = 0; i < ids->texts; i++) size[ids->kept[i]] += ids->text[i].at[0] != MARK;
    for (int32_t i = 0; i < ids->texts; i++) ids->refused += size[i] > ids->params->identity_limit;
    for (int32_t i = 0; i < ids->texts; i++) {
        if (size[ids->kept[i]] > ids->params->identity_limit) ids->kept[i] = i;
        ids->merged += ids->kept[i] != i && ids->text[i].at[0] != MARK;
    }
    tsr_free(&size);
    return TSR_OK;
}

static tsr_status find_persons(const tsr_comm *comm, tsr_identities *ids, int64_t bytes)
{
    tsr_edge *edges = NULL;
    tsr_member *mine = NULL, *member = NULL;
    int64_t n = 0, members, all;
    tsr_status st;

    TSR_AGREE(comm, make_edges(ids, bytes, comm, &edges, &n));
    TSR_TRY(tsr_components_find(comm, edges, n, &mine, &members));
    TSR_TRY(tsr_gather_all(comm, mine, members, sizeof *mine, (void **)&member, &all));
    TSR_AGREE(comm, tsr_alloc(&ids->kept, ids->texts, sizeof *ids->kept));
    for (int64_t i = 0; i < all; i++) ids->kept[member[i].node.low] = (int32_t)member[i].root.low;
    TSR_AGREE(comm, apply_limit(ids));
done:
    tsr_free(&member);
    tsr_free(&mine);
    tsr_free(&edges);
    return st;
}

tsr_status tsr_identities_read(const tsr_comm *comm, const tsr_ingest_params *params, const struct tsr_inputs *inputs,
                               tsr_identities **out)
{
    tsr_identities *ids = NULL;
    blob pairs = {0};
    int64_t bytes;
    bool any = false;
    tsr_status st = TSR_OK;

    *out = NULL;
    for (int32_t i = 0; i < params->sources.n; i++) any = any || is_identities(params, i);
    if (!any) return TSR_OK;
    TSR_AGREE(comm, tsr_alloc(&ids, 1, sizeof *ids));
    ids->params = params;
    TSR_AGREE(comm, read_share(params, inputs, comm->rank, comm->size, &pairs));
    TSR_TRY(tsr_gather_all(comm, pairs.bytes, pairs.n, 1, (void **)&ids->bytes, &bytes));
    TSR_AGREE(comm, number_texts(ids, bytes));
    TSR_TRY(find_persons(comm, ids, bytes));
    *out = ids;
    ids = NULL;
done:
    tsr_free(&pairs.bytes);
    tsr_identities_destroy(&ids);
    return st;
}

void tsr_identities_destroy(tsr_identities **at)
{
    tsr_identities *ids = *at;

    if (ids == NULL) return;
    tsr_free(&ids->slot);
    tsr_free(&ids->source);
    tsr_free(&ids->kept);
    tsr_free(&ids->text);
    tsr_free(&ids->bytes);
    tsr_free(at);
}

tsr_slice tsr_identities_kept(const tsr_identities *identities, tsr_slice id)
{
    int32_t number = identities != NULL ? number_of(identities, id) : -1;

    return number >= 0 ? identities->text[identities->kept[number]] : id;
}

int64_t tsr_identities_merged(const tsr_identities *identities)
{
    return identities->merged;
}

int64_t tsr_identities_refused(const tsr_identities *identities)
{
    return identities->refused;
}

/* ---- the list of merges ---- */

static tsr_status append_field(blob *to, tsr_slice text)
{
    tsr_status st;

    TSR_TRY(append(to, "\"", 1));
    for (int32_t i = 0; i < text.n; i++) {
        TSR_TRY(append(to, text.at + i, 1));
        if (text.at[i] == '"') TSR_TRY(append(to, "\"", 1));
    }
    TSR_TRY(append(to, "\"", 1));
done:
    return st;
}

static tsr_status append_merge(const tsr_identities *ids, int32_t number, blob *to)
{
    static const char *const rules[] = {"pair of ids", "exact", "case", "email", "phone"};
    const tsr_source *source = (const tsr_source *)ids->params->sources.item + ids->source[number];
    char rule[64];
    tsr_status st;

    TSR_TRY(append_field(to, ids->text[ids->kept[number]]));
    TSR_TRY(append(to, ",", 1));
    TSR_TRY(append_field(to, ids->text[number]));
    int n = snprintf(rule, sizeof rule, ",ingest.sources[%d]: %s\n", ids->source[number], rules[source->match]);
    TSR_TRY(append(to, rule, n));
done:
    return st;
}

tsr_status tsr_identities_write(const tsr_identities *identities, const char *folder, int32_t generation)
{
    static const char header[] = "kept,merged,rule\n";
    blob text = {0};
    char *path = NULL, name[64];
    tsr_status st;

    tsr_merges_name(generation, name);
    TSR_TRY(append(&text, header, sizeof header - 1));
    for (int32_t i = 0; i < identities->texts; i++)
        if (identities->kept[i] != i && identities->text[i].at[0] != MARK) TSR_TRY(append_merge(identities, i, &text));
    TSR_TRY(tsr_path(&path, folder, "%s", name));
    mode_t before = umask(S_IRWXG | S_IRWXO);
    st = tsr_file_write(path, text.bytes, text.n);
    umask(before);
done:
    tsr_free(&path);
    tsr_free(&text.bytes);
    return st;
}
