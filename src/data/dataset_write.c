#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataset_parts.h"
#include "h5.h"
#include "tessera/exchange.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* ---- one partition ---- */

/* The narrowest type of the file that holds all values. */
static hid_t narrow(int64_t low, int64_t high)
{
    if (low >= INT8_MIN && high <= INT8_MAX) return H5T_STD_I8LE;
    if (low >= INT16_MIN && high <= INT16_MAX) return H5T_STD_I16LE;
    if (low >= INT32_MIN && high <= INT32_MAX) return H5T_STD_I32LE;
    return H5T_STD_I64LE;
}

static hid_t narrow_int32(const int32_t *values, int64_t n)
{
    int64_t low = 0, high = 0;

    for (int64_t i = 0; i < n; i++) {
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    return narrow(low, high);
}

static hid_t narrow_int64(const int64_t *values, int64_t n)
{
    int64_t low = 0, high = 0;

    for (int64_t i = 0; i < n; i++) {
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    return narrow(low, high);
}

/* One column; @p scale >= 0 becomes its attribute `scale`. */
static tsr_status write_column(hid_t file, const char *path, const char *name, hid_t type, hid_t memory, int64_t rows,
                               size_t bytes, const void *values, int scale)
{
    tsr_status st = TSR_OK;
    hid_t dataset = TSR_NO_ID;

    TSR_TRY(tsr_h5_create_dataset(file, path, name, type, rows, 0, &dataset));
    TSR_TRY(tsr_h5_write_rows(dataset, path, name, memory, 0, rows, 0, bytes, values));
    if (scale >= 0) TSR_TRY(tsr_h5_put_int(dataset, path, "scale", scale));
done:
    tsr_h5_close(&dataset);
    return st;
}

static tsr_status write_customers(hid_t file, const char *path, const tsr_dataset_info *info, const tsr_block *b)
{
    tsr_status st = TSR_OK;
    char name[TSR_NAME_BYTES + 32];
    hid_t text = tsr_h5_file_type(TSR_TEXT, b->id_width);

    TSR_TRY(tsr_h5_create_group(file, path, "/customers"));
    TSR_TRY(write_column(file, path, "/customers/key", H5T_STD_U64LE, H5T_NATIVE_UINT64, b->customers, 8, b->key, -1));
    TSR_TRY(write_column(file, path, "/customers/id", text, text, b->customers, (size_t)b->id_width, b->id, -1));
    for (int32_t i = 0; i < info->attributes_n; i++) {
        snprintf(name, sizeof name, "/customers/%s", info->attributes[i].name);
        if (info->attributes[i].categorical)
            TSR_TRY(write_column(file, path, name, narrow_int32(b->code[i], b->customers), H5T_NATIVE_INT32,
                                 b->customers, 4, b->code[i], -1));
        else
            TSR_TRY(
                write_column(file, path, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, b->customers, 4, b->number[i], -1));
    }
done:
    tsr_h5_close(&text);
    return st;
}

static tsr_status write_transactions(hid_t file, const char *path, const tsr_dataset_info *info, const tsr_block *b)
{
    tsr_status st = TSR_OK;
    char name[64];
    int64_t n = b->transactions;
    tsr_block view = *b;

    TSR_TRY(tsr_h5_create_group(file, path, "/transactions"));
    TSR_TRY(write_column(file, path, "/transactions/offset", n <= UINT32_MAX ? H5T_STD_U32LE : H5T_STD_U64LE,
                         H5T_NATIVE_INT64, b->customers + 1, 8, b->offset, -1));
    TSR_TRY(write_column(file, path, "/transactions/time", H5T_STD_U32LE, H5T_NATIVE_UINT32, n, 4, b->time, -1));
    TSR_TRY(write_column(file, path, "/transactions/amount", narrow_int64(b->amount, n), H5T_NATIVE_INT64, n, 8,
                         b->amount, info->money_scale));
    if (info->has & TSR_HAS_ORDER)
        TSR_TRY(write_column(file, path, "/transactions/order", H5T_STD_U64LE, H5T_NATIVE_UINT64, n, 8, b->order, -1));
    for (int i = 1; i < TSR_OPTIONAL_N; i++) {
        if (!(info->has & tsr_optionals[i].bit)) continue;
        const int32_t *values = *tsr_optional_of(&view, tsr_optionals[i].bit);
        snprintf(name, sizeof name, "/transactions/%s", tsr_optionals[i].name);
        TSR_TRY(write_column(file, path, name, narrow_int32(values, n), H5T_NATIVE_INT32, n, 4, values, -1));
    }
done:
    return st;
}

/* What commit needs to know of the partition travels in the file itself. */
static tsr_status write_about(hid_t file, const char *path, const tsr_block *b, const tsr_digest_sum *sum)
{
    tsr_status st = TSR_OK;
    int64_t low = INT64_MAX, high = INT64_MIN;
    char hex[2 * TSR_DIGEST_SIZE + 1];

    for (int64_t i = 0; i < b->transactions; i++) {
        if (b->time[i] < low) low = b->time[i];
        if (b->time[i] > high) high = b->time[i];
    }
    tsr_digest_hex((const uint8_t *)sum->limb, hex);
    TSR_TRY(tsr_h5_put_int(file, path, "customers", b->customers));
    TSR_TRY(tsr_h5_put_int(file, path, "transactions", b->transactions));
    TSR_TRY(tsr_h5_put_int(file, path, "time_first", low));
    TSR_TRY(tsr_h5_put_int(file, path, "time_last", high));
    TSR_TRY(tsr_h5_put_text(file, path, "digest", hex));
done:
    return st;
}

static tsr_status check_write(const tsr_dataset_info *info, int32_t partition, const tsr_block *b, const char *path)
{
    if (b->id_width != info->id_width || b->attributes_n != info->attributes_n || info->id_width < 1)
        return TSR_FAIL(TSR_EBUG, "%s: the block does not have the shape that the dataset has", path);
    for (int32_t i = 0; i < info->attributes_n; i++) {
        const char *name = info->attributes[i].name;
        if (strcmp(name, "key") == 0 || strcmp(name, "id") == 0 || name[0] == '\0' || name[0] == '.' ||
            strchr(name, '/'))
            return TSR_FAIL(TSR_ECONF, "an attribute cannot be called \"%s\": choose another name", name);
        if (i > 0 && strcmp(info->attributes[i - 1].name, name) >= 0)
            return TSR_FAIL(TSR_EBUG, "%s: attributes are not sorted by name", path);
    }
    for (int64_t i = 0; i < b->customers; i++)
        if (tsr_partition_of(b->key[i], info->partitions) != partition)
            return TSR_FAIL(TSR_EBUG, "%s: a customer belongs to another partition", path);
    if (b->offset[0] != 0 || b->offset[b->customers] != b->transactions)
        return TSR_FAIL(TSR_EBUG, "%s: offsets do not span the transactions", path);
    return tsr_block_check(info, b, 0, b->customers, TSR_EBUG, path);
}

static int64_t bytes_needed(const tsr_dataset_info *info, const tsr_block *b)
{
    int64_t n = b->customers, m = b->transactions;
    int64_t bytes = TSR_H5_FILE_BYTES + tsr_h5_dataset_bytes(n, 8) + tsr_h5_dataset_bytes(n, (size_t)b->id_width) +
                    tsr_h5_dataset_bytes(n + 1, 8) + info->attributes_n * tsr_h5_dataset_bytes(n, 4);

    /* time, amount, order; the others are int32 */
    bytes += tsr_h5_dataset_bytes(m, 4) + tsr_h5_dataset_bytes(m, 8);
    if (info->has & TSR_HAS_ORDER) bytes += tsr_h5_dataset_bytes(m, 8);
    for (int i = 1; i < TSR_OPTIONAL_N; i++)
        if (info->has & tsr_optionals[i].bit) bytes += tsr_h5_dataset_bytes(m, 4);
    return bytes;
}

tsr_status tsr_partition_write(const char *folder, const tsr_dataset_info *info, int32_t partition,
                               const tsr_block *block, tsr_digest_sum *digest)
{
    tsr_status st = TSR_OK;
    char name[64], *path = NULL, *temporary = NULL;
    hid_t file = TSR_NO_ID;
    tsr_digest_sum sum = {{0}};

    tsr_part_name(partition, info->generation, name);
    TSR_TRY(tsr_path(&path, folder, "%s", name));
    TSR_TRY(tsr_path(&temporary, "", "%s.part", path));
    TSR_TRY(check_write(info, partition, block, path));
    tsr_records_hash(info, block, &sum);
    TSR_TRY(tsr_h5_create(temporary, path, bytes_needed(info, block), &file));
    TSR_TRY(write_customers(file, path, info, block));
    TSR_TRY(write_transactions(file, path, info, block));
    TSR_TRY(write_about(file, path, block, &sum));
    TSR_TRY(tsr_h5_finish(&file, path, temporary));
    TSR_TRY(tsr_file_commit(temporary, path));
    tsr_digest_add(digest, &sum);
done:
    tsr_h5_close(&file);
    if (st != TSR_OK && temporary) unlink(temporary);
    tsr_free(&temporary);
    tsr_free(&path);
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
    TSR_TRY(tsr_h5_get_int(file, path, "transactions", &part->transactions));
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
    for (int32_t i = 0; i < info->partitions; i++) {
        info->customers += parts[i].customers;
        info->transactions += parts[i].transactions;
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
           (name[end] == '\0' || strcmp(name + end, ".part") == 0);
}

/* The dataset is complete without this: what cannot be removed now goes with the next generation. */
static void remove_strays(const char *folder, const tsr_dataset_info *info)
{
    DIR *files = opendir(folder);
    char current[64];
    int partition;

    for (struct dirent *e; files && (e = readdir(files)) != NULL;) {
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
    remove_strays(folder, info);
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
