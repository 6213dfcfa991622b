#include "ingest/settle/rejects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tessera/file.h"
#include "tessera/log.h"
#include "tessera/memory.h"

/* ---- what can be done ---- */

const char *tsr_reject_advice(const char *reason)
{
    static const struct {
        const char *part, *advice;
    } known[] = {
        {"is not UTF-8", "convert the file, iconv -f WINDOWS-1252 -t UTF-8 or from what it is"},
        {"NUL byte", "is the file damaged, or UTF-16? then convert it, iconv -f UTF-16 -t UTF-8"},
        {"more fields than", "quote the fields that hold a delimiter, a decimal comma or a line break"},
        {"text after a closing quote", "double the quotes within quoted fields"},
        {"is not a number", "with decimal commas, set decimal_mark of the source"},
        {"is no date in time_format", "set time_format of the source"},
        {" decimals", "set ingest.money.scale"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(reason, known[i].part) != NULL) return known[i].advice;
    return NULL;
}

/* ---- the list ---- */

/* The first list of a folder has no other one to spare. */
static void name_of(const tsr_dataset_info *info, char *name)
{
    tsr_list_name(TSR_REJECTS, info->generation > 1 ? info->generation : 0, name);
}

tsr_status tsr_rejects_text(const tsr_balance *balance, const tsr_inputs *inputs, char **text, int64_t *bytes)
{
    const char **name = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&name, inputs->n, sizeof *name));
    for (int32_t i = 0; i < inputs->n; i++) name[i] = inputs->file[i].path;
    st = tsr_balance_csv(balance, name, text, bytes);
done:
    tsr_free(&name);
    return st;
}

/* New lines behind the old ones, under one header. */
static tsr_status put_behind(const char *folder, char **text, int64_t *bytes)
{
    char *path = NULL, *old = NULL, name[64];
    int64_t n, header = (int64_t)strcspn(*text, "\n") + 1;
    tsr_status st;

    tsr_list_name(TSR_REJECTS, 0, name);
    TSR_TRY(tsr_path(&path, folder, "%s", name));
    if (!tsr_file_exists(path)) goto done; /* somebody has removed it: it is for people */
    TSR_TRY(tsr_file_read(path, &old, &n));
    TSR_TRY(tsr_resize(&old, n + *bytes - header + 1, 1));
    memcpy(old + n, *text + header, (size_t)(*bytes - header));
    tsr_free(text);
    *text = old;
    *bytes += n - header;
    old = NULL;
done:
    tsr_free(&old);
    tsr_free(&path);
    return st;
}

tsr_status tsr_rejects_write(const tsr_balance *balance, const tsr_inputs *inputs, const char *folder,
                             const tsr_dataset_info *info, bool added)
{
    char *text = NULL, *path = NULL, name[64];
    int64_t bytes;
    tsr_status st;

    TSR_TRY(tsr_rejects_text(balance, inputs, &text, &bytes));
    if (added) TSR_TRY(put_behind(folder, &text, &bytes));
    name_of(info, name);
    TSR_TRY(tsr_path(&path, folder, "%s", name));
    st = tsr_file_write(path, text, bytes);
done:
    tsr_free(&path);
    tsr_free(&text);
    return st;
}

/* ---- what is said ---- */

/* Once for each advice, with the first reason that asks for it. */
static void advise(const tsr_refusal *refusal, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const char *advice = tsr_reject_advice(refusal[i].reason);
        int64_t rows = 0;
        bool said = advice == NULL;
        for (int32_t k = 0; k < n; k++) {
            if (said || tsr_reject_advice(refusal[k].reason) != advice) continue;
            said = k < i;
            rows += refusal[k].rows;
        }
        if (!said) tsr_warn("%" PRId64 " rejected, %s: %s", rows, refusal[i].reason, advice);
    }
}

tsr_status tsr_rejects_judge(const tsr_balance *balance, const tsr_ingest_result *so_far, const char *folder,
                             const tsr_dataset_info *info, bool added)
{
    int32_t n, most = 0;
    const tsr_refusal *refusal = tsr_balance_refusals(balance, &n);
    char name[64];

    for (int32_t i = 1; i < n; i++)
        if (refusal[i].rows > refusal[most].rows) most = i;
    if (so_far->rows_read == 0) return added ? TSR_OK : TSR_FAIL(TSR_EDATA, "no row: the sources of the job are empty");
    name_of(info, name);
    advise(refusal, n);
    if (so_far->rows_used == 0)
        return TSR_FAIL(TSR_EDATA, "no usable row: all %" PRId64 " rows were rejected, most for \"%s\" (see %s/%s)",
                        so_far->rows_read, refusal[most].reason, folder, name);
    if (so_far->rows_rejected > so_far->rows_used)
        tsr_warn("%" PRId64 " of %" PRId64 " rows were rejected, most for \"%s\" (see rejects.csv in %s)",
                 so_far->rows_rejected, so_far->rows_read, refusal[most].reason, folder);
    return TSR_OK;
}
