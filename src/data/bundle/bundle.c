#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "data/bundle/bundle_parts.h"
#include "data/table/rowhash.h"
#include "tessera/digest.h"
#include "tessera/memory.h"

/* ---- in memory ---- */

tsr_status tsr_bundle_create(tsr_bundle **bundle)
{
    return tsr_alloc(bundle, 1, sizeof **bundle);
}

void tsr_entry_clear(tsr_entry *e)
{
    tsr_free(&e->path);
    tsr_free(&e->values);
}

void tsr_bundle_destroy(tsr_bundle **bundle)
{
    if (!*bundle) return;
    for (int32_t i = 0; i < (*bundle)->n; i++) tsr_entry_clear(&(*bundle)->entry[i]);
    tsr_free(&(*bundle)->entry);
    tsr_free(bundle);
}

/* The first entry not before @p path. */
static int32_t position(const tsr_bundle *bundle, const char *path, bool *found)
{
    int32_t low = 0, high = bundle->n;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (strcmp(bundle->entry[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < bundle->n && strcmp(bundle->entry[low].path, path) == 0;
    return low;
}

static const tsr_entry *find(const tsr_bundle *bundle, const char *path)
{
    bool found;
    int32_t at = position(bundle, path, &found);

    return found ? &bundle->entry[at] : NULL;
}

int64_t tsr_entry_row(int64_t cols)
{
    return cols > 0 ? cols : 1;
}

tsr_status tsr_entry_insert(tsr_bundle *bundle, const tsr_entry *e)
{
    bool found;
    int32_t at = position(bundle, e->path, &found);

    if (found) {
        tsr_entry_clear(&bundle->entry[at]);
    } else {
        tsr_status st = tsr_resize(&bundle->entry, bundle->n + 1, sizeof(tsr_entry));
        if (st != TSR_OK) return st;
        memmove(&bundle->entry[at + 1], &bundle->entry[at], (size_t)(bundle->n - at) * sizeof(tsr_entry));
        bundle->n++;
    }
    bundle->entry[at] = *e;
    return TSR_OK;
}

static void copy_text(char *to, size_t room, const char *from)
{
    size_t n = from ? strlen(from) : 0;

    if (n >= room) n = room - 1;
    memcpy(to, from ? from : "", n);
    to[n] = '\0';
}

tsr_status tsr_entry_shape(tsr_entry *e, const char *path, tsr_type type, int64_t rows, int64_t cols)
{
    tsr_status st = TSR_OK;
    size_t row = tsr_type_bytes(type) * (size_t)tsr_entry_row(cols);

    *e = (tsr_entry){.type = type, .rows = rows, .cols = cols, .bytes = rows * (int64_t)row};
    TSR_TRY(tsr_strdup(&e->path, path));
    TSR_TRY(tsr_alloc(&e->values, e->bytes + 1, 1));
done:
    if (st != TSR_OK) tsr_entry_clear(e);
    return st;
}

tsr_status tsr_entry_put(tsr_bundle *bundle, const char *path, tsr_type type, int64_t rows, int64_t cols,
                         const void *values, bool scalar, const char *unit, const char *description)
{
    tsr_status st = TSR_OK;
    tsr_entry e = {0};

    TSR_ASSERT(path[0] == '/' && path[1] != '\0' && (type != TSR_TEXT || cols > 0));
    TSR_TRY(tsr_entry_shape(&e, path, type, rows, cols));
    e.scalar = scalar;
    copy_text(e.unit, sizeof e.unit, unit);
    copy_text(e.description, sizeof e.description, description);
    if (e.bytes > 0) memcpy(e.values, values, (size_t)e.bytes);
    TSR_TRY(tsr_entry_insert(bundle, &e));
    return TSR_OK;
done:
    tsr_entry_clear(&e);
    return st;
}

tsr_status tsr_bundle_put(tsr_bundle *bundle, const char *path, tsr_type type, int64_t rows, int64_t cols,
                          const void *values, const char *unit, const char *description)
{
    return tsr_entry_put(bundle, path, type, rows, cols, values, false, unit, description);
}

tsr_status tsr_bundle_put_real(tsr_bundle *bundle, const char *path, double value)
{
    return tsr_entry_put(bundle, path, TSR_F64, 1, 0, &value, true, NULL, NULL);
}

tsr_status tsr_bundle_put_int(tsr_bundle *bundle, const char *path, int64_t value)
{
    return tsr_entry_put(bundle, path, TSR_I64, 1, 0, &value, true, NULL, NULL);
}

tsr_status tsr_bundle_put_text(tsr_bundle *bundle, const char *path, const char *text)
{
    /* HDF5 has no strings of no length: an empty one is one zero. */
    size_t n = strlen(text);

    return tsr_entry_put(bundle, path, TSR_TEXT, 1, n > 0 ? (int64_t)n : 1, text, true, NULL, NULL);
}

bool tsr_bundle_has(const tsr_bundle *bundle, const char *path)
{
    return find(bundle, path) != NULL;
}

tsr_status tsr_bundle_get(const tsr_bundle *bundle, const char *path, tsr_type type, int64_t *rows, int64_t *cols,
                          const void **values)
{
    const tsr_entry *e = find(bundle, path);

    *values = NULL;
    if (!e) return TSR_FAIL(TSR_EDATA, "%s is missing in the model", path);
    if (e->type != type)
        return TSR_FAIL(TSR_EDATA, "%s is of type %s in the model, not %s", path, tsr_type_name(e->type),
                        tsr_type_name(type));
    if (rows) *rows = e->rows;
    if (cols) *cols = e->cols;
    *values = e->values;
    return TSR_OK;
}

/* One value: the only element of an array. */
static tsr_status get_one(const tsr_bundle *bundle, const char *path, tsr_type type, const void **value)
{
    int64_t rows = 0, cols = 0;
    tsr_status st = tsr_bundle_get(bundle, path, type, &rows, &cols, value);

    if (st == TSR_OK && (rows != 1 || (type != TSR_TEXT && cols > 1)))
        st = TSR_FAIL(TSR_EDATA, "%s holds %lld values in the model, not one", path,
                      (long long)(rows * tsr_entry_row(cols)));
    return st;
}

tsr_status tsr_bundle_get_real(const tsr_bundle *bundle, const char *path, double *value)
{
    const void *at;
    tsr_status st = get_one(bundle, path, TSR_F64, &at);

    if (st == TSR_OK) memcpy(value, at, sizeof *value);
    return st;
}

tsr_status tsr_bundle_get_int(const tsr_bundle *bundle, const char *path, int64_t *value)
{
    const void *at;
    tsr_status st = get_one(bundle, path, TSR_I64, &at);

    if (st == TSR_OK) memcpy(value, at, sizeof *value);
    return st;
}

tsr_status tsr_bundle_get_text(const tsr_bundle *bundle, const char *path, const char **text)
{
    const void *at;
    tsr_status st = get_one(bundle, path, TSR_TEXT, &at);

    *text = st == TSR_OK ? at : NULL;
    return st;
}

bool tsr_bundle_at(const tsr_bundle *bundle, int32_t i, const char **path, tsr_type *type, int64_t *rows, int64_t *cols)
{
    if (i < 0 || i >= bundle->n) return false;
    const tsr_entry *e = &bundle->entry[i];
    *path = e->path;
    *type = e->type;
    *rows = e->rows;
    *cols = e->cols;
    return true;
}

tsr_status tsr_bundle_merge(tsr_bundle *into, const tsr_bundle *from)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < from->n; i++) {
        const tsr_entry *e = &from->entry[i];
        TSR_TRY(tsr_entry_put(into, e->path, e->type, e->rows, e->cols, e->values, e->scalar, e->unit, e->description));
    }
done:
    return st;
}

void tsr_bundle_digest(const tsr_bundle *bundle, uint8_t digest[TSR_DIGEST_SIZE])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, TSR_DIGEST_SIZE);
    for (int32_t i = 0; i < bundle->n; i++) {
        const tsr_entry *e = &bundle->entry[i];
        int64_t head[4] = {(int64_t)strlen(e->path), e->type, e->rows, e->cols};
        size_t size = tsr_type_bytes(e->type);
        crypto_generichash_update(&state, (const uint8_t *)head, sizeof head);
        crypto_generichash_update(&state, (const uint8_t *)e->path, strlen(e->path));
        for (int64_t at = 0; at < e->bytes; at += 4096) { /* canonical in pieces: the bundle stays as it is */
            double piece[512];
            size_t n = (size_t)(e->bytes - at < 4096 ? e->bytes - at : 4096);
            memcpy(piece, e->values + at, n);
            tsr_canonical(e->type, piece, (int64_t)(n / size));
            crypto_generichash_update(&state, (const uint8_t *)piece, n);
        }
    }
    crypto_generichash_final(&state, digest, TSR_DIGEST_SIZE);
}
