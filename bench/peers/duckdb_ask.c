/*
 * Ask DuckDB one question and say how long it took: one line of JSON. Built by bench/ingest against the library of its
 * npm package; no part of Tessera.
 *   duckdb_ask THREADS SOURCE TASK SQL
 */
#include <duckdb.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    duckdb_database database;
    duckdb_connection connection;
    duckdb_result result;
    char threads[64];
    struct rusage used;

    if (argc != 5 || duckdb_open(NULL, &database) != DuckDBSuccess ||
        duckdb_connect(database, &connection) != DuckDBSuccess)
        return 2;
    snprintf(threads, sizeof threads, "SET threads TO %s", argv[1]);
    if (duckdb_query(connection, threads, NULL) != DuckDBSuccess) return 2;
    double start = seconds();
    if (duckdb_query(connection, argv[4], &result) != DuckDBSuccess) {
        fprintf(stderr, "duckdb_ask: %s\n", duckdb_result_error(&result));
        return 4;
    }
    double took = seconds() - start;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"question\": \"ingest\", \"tool\": \"duckdb\", \"version\": \"%s\", \"ranks\": %s, \"source\": \"%s\", "
           "\"task\": \"%s\", \"seconds\": %.3f, \"peak_mb\": %.1f, \"answer\": \"%s\"}\n",
           duckdb_library_version(), argv[1], argv[2], argv[3], took, 1.024e-3 * (double)used.ru_maxrss,
           duckdb_value_varchar(&result, 0, 0));
    return 0;
}
