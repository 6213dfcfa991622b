#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/dataset/dataset_parts.h"
#include "data/table/h5.h"
#include "tessera/exchange.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* ---- one partition from a block ---- */

static tsr_status check_write(const tsr_dataset_info *info, const tsr_block *b, const char *folder)
{
    tsr_block view = *b;

    if (b->id_width != info->id_width || b->attributes_n != info->attributes_n)
        return TSR_FAIL(TSR_EBUG, "%s: the block does not have the shape that the dataset has", folder);
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (!tsr_has_kind(info->has, kind)) continue;
        const int64_t *offset = *tsr_block_offset(&view, kind);
        if (offset[0] != 0 || offset[b->customers] != *tsr_block_records(&view, kind))
            return TSR_FAIL(TSR_EBUG, "%s: offsets do not span the %s", folder, tsr_kind_of(kind)->name);
    }
    return tsr_block_check(info, b, 0, b->customers, TSR_EBUG, folder);
}

static void see_range(const tsr_block *b, int32_t kind, int32_t c, int64_t rows, tsr_partition_plan *plan)
{
    const void *cells = tsr_block_column(b, kind, c);
    tsr_cell cell = tsr_kind_of(kind)->column[c].cell;

    if (cells == NULL || (cell != TSR_CELL_MONEY && cell != TSR_CELL_COUNT)) return;
    for (int64_t i = 0; i < rows; i++) {
        int64_t value = cell == TSR_CELL_MONEY ? ((const int64_t *)cells)[i] : ((const int32_t *)cells)[i];
        if (value < plan->low[kind][c]) plan->low[kind][c] = value;
        if (value > plan->high[kind][c]) plan->high[kind][c] = value;
    }
}

static void plan_block(const tsr_block *block, tsr_partition_plan *plan)
{
    tsr_block view = *block;

    *plan = (tsr_partition_plan){.customers = block->customers};
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        plan->records[kind] = *tsr_block_records(&view, kind);
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) see_range(block, kind, c, plan->records[kind], plan);
    }
}

/* The part of a column that begins at a record. */
static void columns_at(const tsr_block *block, int32_t kind, int64_t record, const void *column[TSR_KIND_COLUMNS])
{
    tsr_block_columns(block, kind, column);
    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
        if (column[c] != NULL)
            column[c] = (const char *)column[c] + (size_t)record * tsr_cell_bytes(tsr_kind_of(kind)->column[c].cell);
}

static tsr_status write_customer(tsr_partition_writer *writer, const tsr_dataset_info *info, const tsr_block *block,
                                 int64_t i, uint32_t *attribute)
{
    const void *column[TSR_KIND_COLUMNS];
    tsr_block view = *block;
    int64_t rows[TSR_KINDS] = {0};
    tsr_status st;

    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        const int64_t *offset = *tsr_block_offset(&view, kind);
        if (tsr_has_kind(info->has, kind)) rows[kind] = offset[i + 1] - offset[i];
    }
    tsr_block_attributes(block, i, attribute);
    TSR_TRY(tsr_partition_customer(writer, block->key[i], block->id + i * block->id_width, attribute, rows));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (rows[kind] == 0) continue;
        columns_at(block, kind, (*tsr_block_offset(&view, kind))[i], column);
        TSR_TRY(tsr_partition_records(writer, kind, rows[kind], column));
    }
done:
    return st;
}

tsr_status tsr_partition_write(const char *folder, const tsr_dataset_info *info, int32_t partition,
                               const tsr_block *block, tsr_digest_sum *digest)
{
    tsr_partition_writer *writer = NULL;
    tsr_partition_plan plan;
    uint32_t *attribute = NULL;
    tsr_status st;

    TSR_TRY(check_write(info, block, folder));
    plan_block(block, &plan);
    TSR_TRY(tsr_alloc(&attribute, block->attributes_n, sizeof *attribute));
    TSR_TRY(tsr_partition_open(folder, info, partition, &plan, &writer));
    for (int64_t i = 0; i < block->customers; i++) TSR_TRY(write_customer(writer, info, block, i, attribute));
    TSR_TRY(tsr_partition_finish(writer, digest));
done:
    tsr_partition_close(&writer);
    tsr_free(&attribute);
    return st;
}

/* ---- all partitions at once ---- */

static tsr_status look_at_part(const char *folder, const tsr_dataset_info *info, int32_t partition, tsr_part *part)
{
    tsr_status st = TSR_OK;
    char *path = NULL, hex[2 * TSR_DIGEST_SIZE + 1];
    struct stat about;
    hid_t file = TSR_NO_ID;

    tsr_part_name(partition, info->generation, part->file);
    TSR_TRY(tsr_path(&path, folder, "%s", part->file));
    TSR_TRY(tsr_h5_open(path, &file));
    TSR_TRY(tsr_h5_get_int(file, path, "customers", &part->customers));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (tsr_has_kind(info->has, kind))
            TSR_TRY(tsr_h5_get_int(file, path, tsr_kind_of(kind)->name, tsr_part_records(part, kind)));
    TSR_TRY(tsr_h5_get_int(file, path, "time_first", &part->time_first));
    TSR_TRY(tsr_h5_get_int(file, path, "time_last", &part->time_last));
    TSR_TRY(tsr_h5_get_text(file, path, "digest", hex, sizeof hex));
    if (!tsr_digest_parse(hex, (uint8_t *)part->digest.limb))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: is not a partition of a dataset", path));
    if (stat(path, &about) != 0) TSR_TRY(TSR_FAIL(TSR_EIO, "%s: cannot be read", path));
    part->bytes = about.st_size;
done:
    tsr_h5_close(&file);
    tsr_free(&path);
    return st;
}

static tsr_status look_at_mine(const tsr_comm *comm, const char *folder, const tsr_dataset_info *info, tsr_part **mine,
                               int64_t *n)
{
    tsr_status st = TSR_OK;

    if (info->partitions < 1) TSR_TRY(TSR_FAIL(TSR_ECONF, "%s: a dataset needs a partition", folder));
    for (int32_t p = 0; p < info->partitions; p++) {
        if (tsr_partition_rank(p, info->partitions, comm->size) != comm->rank) continue;
        TSR_TRY(tsr_resize(mine, *n + 1, sizeof **mine));
        (*mine)[*n] = (tsr_part){.file = ""};
        TSR_TRY(look_at_part(folder, info, p, &(*mine)[(*n)++]));
    }
done:
    return st;
}

static tsr_status add_up(tsr_dataset_info *info, const tsr_part *parts, const tsr_digest_sum *expected)
{
    tsr_digest_sum sum = {{0}};
    int64_t low = UINT32_MAX, high = 0;

    info->customers = info->transactions = 0;
    memset(info->records, 0, sizeof info->records);
    for (int32_t i = 0; i < info->partitions; i++) {
        info->customers += parts[i].customers;
        info->transactions += parts[i].transactions;
        for (int32_t kind = 1; kind < TSR_KINDS; kind++) info->records[kind] += parts[i].records[kind];
        if (parts[i].time_first < low) low = parts[i].time_first;
        if (parts[i].time_last > high) high = parts[i].time_last;
        tsr_digest_add(&sum, &parts[i].digest);
    }
    info->time_first = (uint32_t)low;
    info->time_last = (uint32_t)high;
    tsr_dataset_digest_of(info, &sum, info->digest);
    if (memcmp(&sum, expected, sizeof sum) != 0)
        return TSR_FAIL(TSR_EDATA, "the partition files of generation %d are not the ones just written",
                        info->generation);
    return TSR_OK;
}

/* Does a name belong to a partition file, of any generation, finished or not? */
static bool is_part_name(const char *name)
{
    int partition, generation, end = 0;

    return sscanf(name, "part-%d.g%d.h5%n", &partition, &generation, &end) == 2 && end > 0 &&
           (name[end] == '\0' || strcmp(name + end, TSR_PART) == 0);
}

/* The lists of a generation that waited for its commit get their names; those of other generations go. */
static void tidy_list(int files, const char *list, const char *found, int32_t current)
{
    char name[64];
    int generation, end = 0;
    size_t n = strlen(list);

    if (strncmp(found, list, n) != 0 || sscanf(found + n, ".g%d.csv%n", &generation, &end) != 1 || end == 0) return;
    tsr_list_name(list, 0, name);
    if (generation == current && found[n + (size_t)end] == '\0')
        renameat(files, found, files, name);
    else if (found[n + (size_t)end] == '\0' || strcmp(found + n + end, TSR_PART) == 0)
        unlinkat(files, found, 0);
}

void tsr_dataset_tidy(const char *folder, const tsr_dataset_info *info)
{
    DIR *files = opendir(folder);
    char current[64];
    int partition;

    for (struct dirent *e; files && (e = readdir(files)) != NULL;) {
        tidy_list(dirfd(files), TSR_MERGES, e->d_name, info->generation);
        tidy_list(dirfd(files), TSR_REJECTS, e->d_name, info->generation);
        if (!is_part_name(e->d_name) || sscanf(e->d_name, "part-%d", &partition) != 1) continue;
        tsr_part_name(partition, info->generation, current);
        if (partition < info->partitions && strcmp(current, e->d_name) == 0) continue;
        unlinkat(dirfd(files), e->d_name, 0);
    }
    if (files) closedir(files);
}

static tsr_status write_json(const char *folder, const tsr_dataset_info *info, const tsr_part *parts)
{
    tsr_status st = TSR_OK;
    char *text = NULL, *path = NULL;
    int64_t n = 0;

    TSR_TRY(tsr_dataset_print(info, parts, &text, &n));
    TSR_TRY(tsr_path(&path, folder, "dataset.json"));
    TSR_TRY(tsr_file_write(path, text, n));
    tsr_free(&path);
    TSR_TRY(tsr_path(&path, folder, TSR_MERGES ".csv"));
    unlink(path); /* of the generation before; this one may have none */
    tsr_dataset_tidy(folder, info);
done:
    tsr_free(&path);
    tsr_free(&text);
    return st;
}

static tsr_status digest_of_info(const tsr_dataset_info *info, uint8_t digest[TSR_DIGEST_SIZE])
{
    tsr_dataset_info plain = *info;
    char *text = NULL;
    int64_t n = 0;

    plain.customers = plain.transactions = plain.time_first = plain.time_last = 0;
    memset(plain.records, 0, sizeof plain.records);
    memset(plain.digest, 0, sizeof plain.digest);
    tsr_status st = tsr_dataset_print(&plain, NULL, &text, &n);
    if (st == TSR_OK) tsr_digest_bytes(text, (size_t)n, digest);
    tsr_free(&text);
    return st;
}

tsr_status tsr_dataset_commit(const tsr_comm *comm, const char *folder, tsr_dataset_info *info,
                              const tsr_digest_sum *digest)
{
    tsr_status st = TSR_OK;
    tsr_part *mine = NULL, *parts = NULL;
    tsr_digest_sum sum = *digest;
    uint8_t same[TSR_DIGEST_SIZE];
    int64_t n = 0, n_all = 0;

    TSR_AGREE(comm, digest_of_info(info, same));
    TSR_TRY(tsr_same(comm, same, sizeof same, "what is known about the dataset"));
    TSR_AGREE(comm, look_at_mine(comm, folder, info, &mine, &n));
    TSR_TRY(tsr_gather_all(comm, mine, n, sizeof *mine, (void **)&parts, &n_all));
    tsr_digest_reduce(comm, &sum);
    TSR_AGREE(comm, add_up(info, parts, &sum));
    TSR_AGREE(comm, comm->rank == 0 ? write_json(folder, info, parts) : TSR_OK);
done:
    tsr_free(&parts);
    tsr_free(&mine);
    return st;
}
