/* A dataset as the files that a data team would have: written from the dataset itself, so that reading them back tests
 * the readers and not this. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/collect/collect.h"
#include "ingest/csv.h"
#include "tessera/exact.h"
#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/synth.h"

#define BLOCK     4096 /* customers at a time */
#define CUSTOMERS TSR_KINDS
#define FILES     (TSR_KINDS + 1)
#define TEXT      64

typedef struct writing {
    const tsr_dataset *dataset;
    const tsr_dataset_info *info;
    const char *folder;
    int rank;
    FILE *to[FILES]; /* one per kind, and customers */
    tsr_block block;
} writing;

static const char *name_of(int32_t file)
{
    return file == CUSTOMERS ? "customers" : tsr_kind_of(file)->name;
}

static bool has_file(const tsr_dataset_info *info, int32_t file)
{
    return file == CUSTOMERS || tsr_has_kind(info->has, file);
}

/* ---- cells ---- */

static void put_time(FILE *to, uint32_t seconds, bool may_be_never)
{
    time_t moment = seconds;
    struct tm civil;
    char text[TEXT];

    if (may_be_never && seconds == 0) return;
    gmtime_r(&moment, &civil); /* civil seconds: the zone is already in them */
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &civil);
    fputs(text, to);
}

static void put_cell(const writing *w, FILE *to, const tsr_kind_column *column, bool first, const void *cells,
                     int64_t row)
{
    char text[TEXT];
    int32_t code;

    switch (column->cell) {
    case TSR_CELL_TIME: put_time(to, ((const uint32_t *)cells)[row], !first); return;
    case TSR_CELL_MONEY:
        tsr_int128_print(((const int64_t *)cells)[row], w->info->money_scale, text);
        fputs(text, to);
        return;
    case TSR_CELL_HASH: fprintf(to, "%016" PRIx64, ((const uint64_t *)cells)[row]); return;
    case TSR_CELL_COUNT: fprintf(to, "%" PRId32, ((const int32_t *)cells)[row]); return;
    case TSR_CELL_CODE:
        code = ((const int32_t *)cells)[row];
        if (code >= 0) tsr_csv_put(to, w->info->dictionary[column->dictionary].text[code]);
        return;
    case TSR_CELL_VALUE:
        if (!isnan(((const float *)cells)[row])) fprintf(to, "%.9g", ((const float *)cells)[row]);
        return;
    }
}

/* ---- rows ---- */

static void put_header(const writing *w, int32_t file)
{
    FILE *to = w->to[file];

    fputs("id", to);
    for (int32_t a = 0; file == CUSTOMERS && a < w->info->attributes_n; a++)
        fprintf(to, ",%s", w->info->attributes[a].name);
    for (int32_t c = 0; file != CUSTOMERS && c < tsr_kind_of(file)->columns; c++)
        if (tsr_has_column(w->info->has, file, c)) fprintf(to, ",%s", tsr_kind_of(file)->column[c].name);
    fputc('\n', to);
}

static void put_id(const writing *w, FILE *to, int64_t customer)
{
    char id[TSR_ID_MAX + 1];

    snprintf(id, sizeof id, "%.*s", (int)w->block.id_width, w->block.id + customer * w->block.id_width);
    tsr_csv_put(to, id);
}

static void put_customer(const writing *w, int64_t i)
{
    FILE *to = w->to[CUSTOMERS];

    put_id(w, to, i);
    for (int32_t a = 0; a < w->info->attributes_n; a++) {
        const tsr_attribute *about = &w->info->attributes[a];
        fputc(',', to);
        if (about->categorical) {
            int32_t code = w->block.code[a][i];
            if (code >= 0) tsr_csv_put(to, about->dictionary.text[code]);
        } else if (!isnan(w->block.number[a][i])) {
            fprintf(to, "%.9g", w->block.number[a][i]);
        }
    }
    fputc('\n', to);
}

static void put_records(const writing *w, int32_t kind, int64_t customer)
{
    const tsr_kind_about *about = tsr_kind_of(kind);
    const tsr_block *b = &w->block;
    const int64_t *offset = kind == TSR_TRANSACTIONS ? b->offset : b->records[kind].offset;
    const void *transaction[] = {b->time, b->amount, b->order, b->item, b->quantity, b->category, b->promotion};

    for (int64_t row = offset[customer]; row < offset[customer + 1]; row++) {
        put_id(w, w->to[kind], customer);
        for (int32_t c = 0; c < about->columns; c++) {
            if (!tsr_has_column(w->info->has, kind, c)) continue;
            fputc(',', w->to[kind]);
            put_cell(w, w->to[kind], &about->column[c], c == 0,
                     kind == TSR_TRANSACTIONS ? transaction[c] : b->records[kind].column[c], row);
        }
        fputc('\n', w->to[kind]);
    }
}

/* ---- files ---- */

static tsr_status open_file(writing *w, int32_t file)
{
    char *path = NULL;
    tsr_status st = tsr_path(&path, w->folder, "%s-%05d.csv", name_of(file), w->rank);

    if (st == TSR_OK) w->to[file] = fopen(path, "wb");
    if (st == TSR_OK && w->to[file] == NULL) st = TSR_FAIL(TSR_EIO, "%s: cannot be written", path);
    if (st == TSR_OK) put_header(w, file);
    tsr_free(&path);
    return st;
}

static tsr_status close_file(writing *w, int32_t file)
{
    bool good = w->to[file] == NULL || (fflush(w->to[file]) == 0 && !ferror(w->to[file]));

    if (w->to[file] != NULL && fclose(w->to[file]) != 0) good = false;
    w->to[file] = NULL;
    return good ? TSR_OK : TSR_FAIL(TSR_EIO, "%s/%s-%05d.csv: cannot be written", w->folder, name_of(file), w->rank);
}

static tsr_status write_rows(writing *w, const tsr_span *span)
{
    tsr_status st = TSR_OK;

    for (int32_t file = 0; file < FILES; file++)
        if (has_file(w->info, file)) TSR_TRY(open_file(w, file));
    for (int64_t at = 0; at < span->rows; at += BLOCK) {
        int64_t rows = span->rows - at < BLOCK ? span->rows - at : BLOCK;
        TSR_TRY(tsr_dataset_read(w->dataset, span->first + at, rows, TSR_READ_ALL, &w->block));
        for (int64_t i = 0; i < rows; i++) {
            put_customer(w, i);
            for (int32_t kind = 0; kind < TSR_KINDS; kind++)
                if (has_file(w->info, kind)) put_records(w, kind, i);
        }
    }
done:
    tsr_block_clear(&w->block);
    for (int32_t file = 0; file < FILES; file++) {
        tsr_status closed = close_file(w, file);
        if (st == TSR_OK) st = closed;
    }
    return st;
}

/* ---- the job ---- */

static void put_source(const tsr_dataset_info *info, int32_t file, const char *folder, int ranks, FILE *to)
{
    fprintf(to, "    - kind: %s\n      files: [", name_of(file));
    for (int r = 0; r < ranks; r++) fprintf(to, "%s\"%s/%s-%05d.csv\"", r > 0 ? ", " : "", folder, name_of(file), r);
    fputs("]\n      header: true\n      columns: {id: id", to);
    for (int32_t a = 0; file == CUSTOMERS && a < info->attributes_n; a++)
        fprintf(to, ", %s: %s", info->attributes[a].name, info->attributes[a].name);
    for (int32_t c = 0; file != CUSTOMERS && c < tsr_kind_of(file)->columns; c++)
        if (tsr_has_column(info->has, file, c))
            fprintf(to, ", %s: %s", tsr_kind_of(file)->column[c].name, tsr_kind_of(file)->column[c].name);
    fputs("}\n", to);
    if (file != CUSTOMERS) return;
    fputs("      types: {", to);
    for (int32_t a = 0; a < info->attributes_n; a++)
        fprintf(to, "%s%s: %s", a > 0 ? ", " : "", info->attributes[a].name,
                info->attributes[a].categorical ? "category" : "number");
    fputs("}\n", to);
}

static tsr_status write_job(const tsr_dataset_info *info, const char *folder, int ranks)
{
    char *buffer = NULL, *path = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&buffer, &bytes);
    tsr_status st = tsr_path(&path, folder, "job.yaml");

    if (to == NULL) TSR_TRY(TSR_FAIL(TSR_ENOMEM, "out of memory: the job's text"));
    fprintf(to, "# The files beside this one, made by `tessera synth --sources`.\ndataset: %s/dataset\n", folder);
    fprintf(to, "output: %s/run\ningest:\n  money: {scale: %d, currency: %s}\n  time_zone: %s\n  resolution: second\n",
            folder, info->money_scale, info->currency, info->time_zone);
    fputs("  sources:\n", to);
    put_source(info, CUSTOMERS, folder, ranks, to);
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (has_file(info, kind)) put_source(info, kind, folder, ranks, to);
    bool whole = fclose(to) == 0;
    to = NULL;
    if (!whole) TSR_TRY(TSR_FAIL(TSR_ENOMEM, "out of memory: the job's text"));
    if (st == TSR_OK) st = tsr_file_write(path, buffer, (int64_t)bytes);
done:
    if (to != NULL) fclose(to);
    free(buffer);
    tsr_free(&path);
    return st;
}

tsr_status tsr_synth_sources(const tsr_comm *comm, const char *dataset, const char *folder)
{
    writing w = {.folder = folder, .rank = comm->rank};
    tsr_dataset *opened = NULL;
    tsr_span span;
    tsr_status st;

    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_TRY(tsr_dataset_open(comm, dataset, &opened));
    w.dataset = opened;
    w.info = tsr_dataset_about(opened);
    TSR_TRY(tsr_dataset_deal(comm, opened, &span));
    TSR_AGREE(comm, write_rows(&w, &span));
    TSR_AGREE(comm, comm->rank == 0 ? write_job(w.info, folder, comm->size) : TSR_OK);
done:
    tsr_dataset_close(&opened);
    return st;
}
