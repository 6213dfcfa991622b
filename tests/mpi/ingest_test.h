/**
 * @file ingest_test.h
 * Small helpers of the tests of ingest: text files, sources, folders of one test run.
 */
#ifndef TSR_INGEST_TEST_H
#define TSR_INGEST_TEST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tessera/digest.h"
#include "tessera/file.h"
#include "tessera/ingest.h"

#define PAIRS_MAX 16
#ifndef TEST_FOLDER /* programs that include this may run beside each other */
#define TEST_FOLDER "ingest-test"
#endif

/* A source on the stack, with lists that it points to. */
typedef struct test_source {
    tsr_source source;
    char *file[PAIRS_MAX], *name[PAIRS_MAX], *column[PAIRS_MAX], *rule[PAIRS_MAX], *typed[PAIRS_MAX], *type[PAIRS_MAX];
} test_source;

/* Texts of a test live in one static store. */
static inline char *keep(const char *format, ...)
{
    static char store[1 << 16];
    static size_t at;
    va_list args;

    if (at + 2048 > sizeof store) at = 0;
    va_start(args, format);
    char *text = store + at;
    at += (size_t)vsnprintf(text, 2048, format, args) + 1;
    va_end(args);
    return text;
}

static inline void use_source(test_source *t, tsr_source_kind kind, const char *delimiter, bool header)
{
    memset(t, 0, sizeof *t);
    t->source.kind = kind;
    t->source.delimiter = keep("%s", delimiter);
    t->source.header = header;
    t->source.time_format = keep("iso");
    t->source.files.text = t->file;
    t->source.columns.name = t->name;
    t->source.columns.text = t->column;
    t->source.reject.text = t->rule;
    t->source.types.name = t->typed;
    t->source.types.text = t->type;
}

static inline void use_file(test_source *t, const char *path)
{
    t->file[t->source.files.n++] = keep("%s", path);
}

static inline void use_column(test_source *t, const char *field, const char *column)
{
    t->name[t->source.columns.n] = keep("%s", field);
    t->column[t->source.columns.n++] = keep("%s", column);
}

static inline void use_rule(test_source *t, const char *rule)
{
    t->rule[t->source.reject.n++] = keep("%s", rule);
}

static inline void use_type(test_source *t, const char *attribute, const char *type)
{
    t->typed[t->source.types.n] = keep("%s", attribute);
    t->type[t->source.types.n++] = keep("%s", type);
}

typedef struct text_file {
    char *bytes; /* from malloc */
    size_t n;
} text_file;

static inline void put(text_file *file, const char *line)
{
    size_t n = strlen(line);

    memcpy(file->bytes + file->n, line, n);
    file->n += n;
}

/* A source of transactions with columns id, when, amount, order, item. */
static inline void use_transactions(test_source *t, const char *path)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(t, path);
    use_column(t, "id", "id");
    use_column(t, "time", "when");
    use_column(t, "amount", "amount");
    use_column(t, "order", "order");
    use_column(t, "item", "item");
    t->source.time_format = keep("%%Y-%%m-%%d %%H:%%M:%%S");
}

static inline tsr_ingest_params params_of(tsr_source *sources, int32_t n, int64_t partitions)
{
    return (tsr_ingest_params){.partitions = partitions,
                               .memory = 1 << 30,
                               .money_scale = 2,
                               .currency = keep("EUR"),
                               .time_zone = keep("UTC"),
                               .reject_limit = 100,
                               .sources = {n, sources}};
}

/* A file or folder of this test program, and of this number of ranks: programs may run beside each other. */
static inline char *test_path(const tsr_comm *comm, const char *name)
{
    return keep("%s.np%d/%s", TEST_FOLDER, comm->size, name);
}

/* Collective. The root writes a text file. */
static inline void write_text(const tsr_comm *comm, const char *path, const char *text, size_t n)
{
    if (comm->rank == 0) {
        char *folder = keep("%s", path);
        *strrchr(folder, '/') = '\0';
        assert_int_equal(tsr_folder_make(folder), TSR_OK);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
    }
    MPI_Barrier(comm->mpi);
}

/* Collective. Remove the files of an earlier run of the test. */
static inline void empty_folder(const tsr_comm *comm, const char *folder)
{
    if (comm->rank == 0) {
        char *command = keep("rm -rf %s", folder);
        assert_int_equal(system(command), 0);
    }
    MPI_Barrier(comm->mpi);
}

/* Collective. The name of a folder of which nothing is there. */
static inline char *fresh(const tsr_comm *comm, const char *name)
{
    char *folder = test_path(comm, name);

    empty_folder(comm, folder);
    return folder;
}

/* Collective. The digest of a dataset in hexadecimal; "" where there is none. */
static inline char *digest_in(const tsr_comm *comm, const char *folder)
{
    tsr_dataset *dataset = NULL;
    char *text = keep("%080d", 0);

    text[0] = '\0';
    if (tsr_dataset_open(comm, folder, &dataset) == TSR_OK && tsr_dataset_verify(comm, dataset) == TSR_OK)
        tsr_digest_hex(tsr_dataset_about(dataset)->digest, text);
    tsr_dataset_close(&dataset);
    return text;
}

#endif
