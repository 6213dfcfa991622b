#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/bundle/bundle_parts.h"
#include "data/table/h5.h"
#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/trace.h"

/* ---- from the root to all ---- */

typedef struct packed_head {
    int64_t path_bytes, rows, cols, bytes;
    int32_t type, scalar;
    char unit[32], description[192];
} packed_head;

static tsr_status pack(const tsr_bundle *bundle, char **bytes, int64_t *n)
{
    char *to;

    *n = 0;
    for (int32_t i = 0; i < bundle->n; i++)
        *n += (int64_t)sizeof(packed_head) + (int64_t)strlen(bundle->entry[i].path) + bundle->entry[i].bytes;
    tsr_status st = tsr_alloc(bytes, *n, 1);
    if (st != TSR_OK) return st;
    to = *bytes;
    for (int32_t i = 0; i < bundle->n; i++) {
        const tsr_entry *e = &bundle->entry[i];
        packed_head head = {(int64_t)strlen(e->path), e->rows, e->cols, e->bytes, (int32_t)e->type, e->scalar, "", ""};
        memcpy(head.unit, e->unit, sizeof head.unit);
        memcpy(head.description, e->description, sizeof head.description);
        memcpy(to, &head, sizeof head);
        to += sizeof head;
        memcpy(to, e->path, (size_t)head.path_bytes);
        to += head.path_bytes;
        memcpy(to, e->values, (size_t)e->bytes);
        to += e->bytes;
    }
    return TSR_OK;
}

static tsr_status unpack(const char *bytes, int64_t n, tsr_bundle *bundle)
{
    tsr_status st = TSR_OK;
    char *path = NULL;
    packed_head head;

    for (const char *from = bytes, *end = bytes + n; from < end;) {
        memcpy(&head, from, sizeof head);
        from += sizeof head;
        TSR_TRY(tsr_alloc(&path, head.path_bytes + 1, 1));
        memcpy(path, from, (size_t)head.path_bytes);
        from += head.path_bytes;
        TSR_TRY(tsr_entry_put(bundle, path, (tsr_type)head.type, head.rows, head.cols, from, head.scalar, head.unit,
                              head.description));
        from += head.bytes;
        tsr_free(&path);
    }
done:
    tsr_free(&path);
    return st;
}

/* ---- the file ---- */

/* Make the folders of "/value/spend/p" that are not there yet. */
static tsr_status make_groups(hid_t file, const char *name, const char *path)
{
    tsr_status st = TSR_OK;
    char *group = NULL;

    TSR_TRY(tsr_strdup(&group, path));
    for (char *slash = strchr(group + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (H5Lexists(file, group, H5P_DEFAULT) <= 0) TSR_TRY(tsr_h5_create_group(file, name, group));
        *slash = '/';
    }
done:
    tsr_free(&group);
    return st;
}

static tsr_status write_scalar(hid_t file, const char *name, const tsr_entry *e, hid_t type, hid_t memory,
                               hid_t *dataset)
{
    hid_t space = H5Screate(H5S_SCALAR), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    bool good = H5Pset_obj_track_times(dcpl, 0) >= 0 &&
                (*dataset = H5Dcreate2(file, e->path, type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT)) >= 0 &&
                H5Dwrite(*dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, e->values) >= 0;
    tsr_status st = good ? TSR_OK : tsr_h5_fail(TSR_EIO, name, e->path, "cannot be written");

    tsr_h5_close(&dcpl);
    tsr_h5_close(&space);
    return st;
}

static tsr_status write_entry(hid_t file, const char *name, const tsr_entry *e)
{
    tsr_status st = TSR_OK;
    int32_t width = e->type == TSR_TEXT ? (int32_t)e->cols : 0;
    int64_t cols = e->type == TSR_TEXT ? 0 : e->cols;
    hid_t type = tsr_h5_file_type(e->type, width), memory = tsr_h5_memory_type(e->type, width), dataset = TSR_NO_ID;

    TSR_TRY(make_groups(file, name, e->path));
    if (e->scalar) {
        TSR_TRY(write_scalar(file, name, e, type, memory, &dataset));
    } else {
        TSR_TRY(tsr_h5_create_dataset(file, name, e->path, type, e->rows, cols, &dataset));
        TSR_TRY(tsr_h5_write_rows(dataset, name, e->path, memory, 0, e->rows, cols,
                                  tsr_type_bytes(e->type) * (size_t)tsr_entry_row(e->cols), e->values));
    }
    if (e->unit[0]) TSR_TRY(tsr_h5_put_text(dataset, name, "unit", e->unit));
    if (e->description[0]) TSR_TRY(tsr_h5_put_text(dataset, name, "description", e->description));
done:
    tsr_h5_close(&dataset);
    tsr_h5_close(&memory);
    tsr_h5_close(&type);
    return st;
}

static tsr_status write_file(const tsr_bundle *bundle, const char *path)
{
    tsr_status st = TSR_OK;
    int64_t bytes = TSR_H5_FILE_BYTES;
    char *temporary = NULL;
    hid_t file = TSR_NO_ID;

    TSR_TRY(tsr_path(&temporary, "", "%s" TSR_PART, path));
    for (int32_t i = 0; i < bundle->n; i++) {
        const tsr_entry *e = &bundle->entry[i];
        bytes += tsr_h5_dataset_bytes(e->rows, tsr_type_bytes(e->type) * (size_t)tsr_entry_row(e->cols));
    }
    TSR_TRY(tsr_h5_create(temporary, path, bytes, &file));
    for (int32_t i = 0; i < bundle->n; i++) TSR_TRY(write_entry(file, path, &bundle->entry[i]));
    TSR_TRY(tsr_h5_finish(&file, path, temporary));
    TSR_TRY(tsr_file_commit(temporary, path));
done:
    tsr_h5_close(&file);
    if (st != TSR_OK && temporary) unlink(temporary);
    tsr_free(&temporary);
    return st;
}

tsr_status tsr_bundle_write(const tsr_comm *comm, const tsr_bundle *bundle, const char *path)
{
    const double began = tsr_seconds();
    tsr_status st = tsr_agree(comm, comm->rank == 0 ? write_file(bundle, path) : TSR_OK);

    tsr_trace_add(TSR_SPAN_STEP, "write bundle", began);
    return st;
}

typedef struct reading {
    tsr_bundle *bundle;
    const char *name;
    tsr_status st;
} reading;

static tsr_status read_entry(hid_t file, const char *link, const reading *r)
{
    tsr_status st = TSR_OK;
    hid_t dataset = TSR_NO_ID, type = TSR_NO_ID, memory = TSR_NO_ID, space = TSR_NO_ID;
    tsr_entry e = {0};
    tsr_type kind;
    int32_t width;
    int64_t rows = 1, cols = 0;
    char *path = NULL;

    TSR_TRY(tsr_path(&path, "/", "%s", link));
    dataset = H5Dopen2(file, link, H5P_DEFAULT);
    if (dataset < 0) TSR_TRY(tsr_h5_fail(TSR_EDATA, r->name, path, "cannot be opened"));
    type = H5Dget_type(dataset);
    space = H5Dget_space(dataset);
    bool scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
    if (!scalar) TSR_TRY(tsr_h5_shape(dataset, r->name, path, &rows, &cols));
    if (!tsr_h5_type_of(type, &kind, &width) || (kind == TSR_TEXT && cols > 0))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: is neither numbers nor strings of fixed length", r->name, path));

    TSR_TRY(tsr_entry_shape(&e, path, kind, rows, kind == TSR_TEXT ? width : cols));
    e.scalar = scalar;
    TSR_TRY(tsr_h5_get_text(dataset, r->name, "unit", e.unit, sizeof e.unit));
    TSR_TRY(tsr_h5_get_text(dataset, r->name, "description", e.description, sizeof e.description));
    memory = kind == TSR_TEXT ? H5Tcopy(type) : tsr_h5_memory_type(kind, 0);
    if (kind == TSR_TEXT) H5Tset_strpad(memory, H5T_STR_NULLPAD);
    if (scalar && H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, e.values) < 0)
        TSR_TRY(tsr_h5_fail(TSR_EDATA, r->name, path, "cannot be read"));
    if (!scalar)
        TSR_TRY(tsr_h5_read_rows(dataset, r->name, path, memory, 0, rows, cols,
                                 tsr_type_bytes(kind) * (size_t)tsr_entry_row(e.cols), e.values));
    TSR_TRY(tsr_entry_insert(r->bundle, &e));
    e = (tsr_entry){0};
done:
    tsr_entry_clear(&e);
    tsr_free(&path);
    tsr_h5_close(&memory);
    tsr_h5_close(&space);
    tsr_h5_close(&type);
    tsr_h5_close(&dataset);
    return st;
}

static herr_t visit(hid_t file, const char *link, const H5O_info_t *info, void *context)
{
    reading *r = context;

    if (info->type == H5O_TYPE_DATASET) r->st = read_entry(file, link, r);
    return r->st == TSR_OK ? 0 : -1;
}

static tsr_status read_file(const char *path, tsr_bundle *bundle)
{
    tsr_status st = TSR_OK;
    hid_t file = TSR_NO_ID;
    reading r = {bundle, path, TSR_OK};

    TSR_TRY(tsr_h5_open(path, &file));
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit, &r, H5O_INFO_BASIC) < 0)
        st = r.st != TSR_OK ? r.st : tsr_h5_fail(TSR_EDATA, path, NULL, "is damaged");
    H5Eclear2(H5E_DEFAULT);
done:
    tsr_h5_close(&file);
    return st;
}

tsr_status tsr_bundle_read(const tsr_comm *comm, const char *path, tsr_bundle **bundle)
{
    tsr_status st = TSR_OK;
    char *packed = NULL;
    int64_t n = 0;

    *bundle = NULL;
    TSR_AGREE(comm, tsr_bundle_create(bundle));
    TSR_AGREE(comm, comm->rank == 0 ? read_file(path, *bundle) : TSR_OK);
    TSR_AGREE(comm, comm->rank == 0 ? pack(*bundle, &packed, &n) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&packed, &n, 0));
    TSR_AGREE(comm, comm->rank != 0 ? unpack(packed, n, *bundle) : TSR_OK);
done:
    tsr_free(&packed);
    if (st != TSR_OK) tsr_bundle_destroy(bundle);
    return st;
}
