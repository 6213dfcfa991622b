#include "inspect.h"

#include <inttypes.h>
#include <stdio.h>

#include "tessera/bundle.h"
#include "tessera/digest.h"

static const char *type_name(tsr_type type)
{
    switch (type) {
    case TSR_F64: return "float64";
    case TSR_F32: return "float32";
    case TSR_I64: return "int64";
    case TSR_U64: return "uint64";
    case TSR_I32: return "int32";
    case TSR_U32: return "uint32";
    case TSR_U16: return "uint16";
    case TSR_I8: return "int8";
    case TSR_TEXT: return "text";
    }
    return "";
}

static void print_table(const tsr_comm *comm, const char *path, const tsr_table *table)
{
    int32_t n;
    char rows[32];
    const tsr_column *columns = tsr_table_columns(table, &n);
    cli_print(comm, "table %s: %s rows, %d columns\n", path, cli_count(tsr_table_rows(table), rows), n);
    for (int32_t i = 0; i < n; i++) {
        const tsr_column *c = &columns[i];
        char shape[24] = "";
        if (c->width > 1) snprintf(shape, sizeof shape, "[%d]", c->width);
        cli_print(comm, "  %-24s %s%s%s%s%s%s\n", c->name, type_name(c->type), shape, c->unit[0] != '\0' ? ", " : "",
                  c->unit, c->description[0] != '\0' ? ": " : "", c->description);
    }
}

static void print_bundle(const tsr_comm *comm, const char *path, const tsr_bundle *bundle)
{
    const char *name;
    tsr_type type;
    int64_t rows, cols;
    cli_print(comm, "arrays in %s\n", path);
    for (int32_t i = 0; tsr_bundle_at(bundle, i, &name, &type, &rows, &cols); i++) {
        cli_print(comm, "  %-36s %s [%" PRId64 "]", name, type_name(type), rows);
        if (cols > 0) cli_print(comm, "[%" PRId64 "]", cols);
        cli_print(comm, "\n");
    }
}

/* Reading everything passes all checksums: that is what can be verified of a single file. */
static void finish(const tsr_comm *comm, const uint8_t digest[TSR_DIGEST_SIZE], const cli_options *options)
{
    char hex[2 * TSR_DIGEST_SIZE + 1];
    tsr_digest_hex(digest, hex);
    if (cli_given(options, CLI_VERIFY)) cli_print(comm, "verified: all checksums hold\n");
    if (cli_given(options, CLI_DIGEST)) cli_print(comm, "%s\n", hex);
}

static tsr_status inspect_bundle(const tsr_comm *comm, const char *path, const cli_options *options)
{
    tsr_bundle *bundle = NULL;
    uint8_t digest[TSR_DIGEST_SIZE];
    tsr_status st = tsr_bundle_read(comm, path, &bundle);
    if (st == TSR_OK) {
        print_bundle(comm, path, bundle);
        tsr_bundle_digest(bundle, digest);
        finish(comm, digest, options);
    }
    tsr_bundle_destroy(&bundle);
    return st;
}

tsr_status cli_inspect_file(const tsr_comm *comm, const char *path, const cli_options *options)
{
    tsr_table *table = NULL;
    uint8_t digest[TSR_DIGEST_SIZE];
    tsr_status st = tsr_agree(comm, tsr_table_open(path, &table));

    if (st == TSR_EDATA) { /* groups, or arrays of several lengths */
        tsr_error_clear();
        tsr_table_close(&table);
        return inspect_bundle(comm, path, options);
    }
    if (st != TSR_OK) goto done;
    print_table(comm, path, table);
    if (cli_given(options, CLI_DIGEST) || cli_given(options, CLI_VERIFY)) {
        TSR_TRY(tsr_table_digest(comm, path, digest));
        finish(comm, digest, options);
    }
done:
    tsr_table_close(&table);
    return st;
}
