#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "ingest/collect/collect.h"
#include "ingest/mapping/embedding.h"
#include "ingest/mapping/policy.h"
#include "ingest/mapping/source.h"
#include "ingest/parse/currency.h"

#define IN_SOURCE(field) offsetof(tsr_source, field)
#define IN_PARAMS(field) offsetof(tsr_ingest_params, field)

static const tsr_key source_keys[] = {
    {"kind", TSR_KEY_CHOICE, IN_SOURCE(kind), "transactions", 0, 0,
     "customers|transactions|events|campaigns|consent|identities|embeddings",
     "what a row is: a customer with attributes, or a record of a customer", NULL, 0},
    {"match", TSR_KEY_CHOICE, IN_SOURCE(match), "id", 0, 0, "id|exact|case|email|phone",
     "kind identities: `other` is another id of the person, or a mark that only one person has, compared exactly, "
     "without case (of A to Z), as an e-mail address or as a phone number",
     NULL, 0},
    {"name", TSR_KEY_TEXT, IN_SOURCE(name), "null", 0, 0, NULL,
     "kind embeddings: what the vectors are called; features.set takes them as embedding:NAME", NULL, 0},
    {"dimensions", TSR_KEY_INT, IN_SOURCE(dimensions), "null", 1, TSR_DIMENSIONS_MAX, NULL,
     "kind embeddings: how many numbers a vector has", NULL, 0},
    {"files", TSR_KEY_PATHS, IN_SOURCE(files), NULL, 0, 0, NULL,
     "paths or patterns (* ? [...]); plain text, gzip or zstd (seen by the first bytes)", NULL, 0},
    {"format", TSR_KEY_CHOICE, IN_SOURCE(format), "text", 0, 0, "text|parquet",
     "delimited text in UTF-8, or Parquet (read by DuckDB's library: see TESSERA_DUCKDB_ROOT)", NULL, 0},
    {"delimiter", TSR_KEY_TEXT, IN_SOURCE(delimiter), "\",\"", 0, 0, NULL,
     "between fields: one character, tab, or blank (runs of spaces and tabs, no quotes)", NULL, 0},
    {"header", TSR_KEY_BOOL, IN_SOURCE(header), "true", 0, 0, NULL, "the first row names the columns", NULL, 0},
    {"multiline", TSR_KEY_BOOL, IN_SOURCE(multiline), "false", 0, 0, NULL,
     "quoted fields may hold line breaks: each file is then read by one rank", NULL, 0},
    {"columns", TSR_KEY_MAP, IN_SOURCE(columns), NULL, 0, 0, NULL,
     "field: column, by name in the header or number from 1, or =TEXT for all rows. Fields of transactions: id, time, "
     "amount or quantity and price, currency, order, item, category, promotion; of events: id, time, type, channel, "
     "value; of campaigns: id, assigned, campaign, arm, sent, opened, clicked, converted (a time, or 1 and 0, true and "
     "false: at the assignment, never), revenue and cost (empty: 0), currency; of consent: id, time, purpose, status; "
     "of identities: id, other; of embeddings: id, vector (a column with a list of numbers, or PREFIX* for the columns "
     "PREFIX0, PREFIX1, ...), time; of customers: id, time, and attributes by names of your own. Of customers and "
     "embeddings, time says since when the row holds: one that holds from as_of on is rejected, as nobody knew it "
     "before. A source without a quantity sells one piece "
     "each; where a quantity has decimals, they count for the amount, and the dataset keeps no quantities",
     NULL, 0},
    {"types", TSR_KEY_MAP, IN_SOURCE(types), "{}", 0, 0, NULL,
     "attribute: number or category; default: number where every value is one", NULL, 0},
    {"decimal_mark", TSR_KEY_CHOICE, IN_SOURCE(decimal_mark), "point", 0, 0, "point|comma",
     "of numbers: point (1234.56), or comma (1234,56 or 1.234,56); numbers in the other form are refused", NULL, 0},
    {"time_format", TSR_KEY_TEXT, IN_SOURCE(time_format), "iso", 0, 0, NULL,
     "pattern of strptime, epoch, epoch_ms, or iso: YYYY-MM-DD [HH:MM[:SS]] [Z or +HH:MM]", NULL, 0},
    {"time_zone", TSR_KEY_TEXT, IN_SOURCE(time_zone), "null", 0, 0, NULL,
     "IANA zone of the times in the files; null: the dataset's. Of an hour that comes twice, the first; a time that "
     "clocks skip is read with the offset before the skip",
     NULL, 0},
    {"key", TSR_KEY_TEXTS, IN_SOURCE(key), "[]", 0, 0, NULL,
     "fields of `columns` whose values, with the id, tell rows apart: of rows with equal values the first in time "
     "stays, "
     "the others are dropped as duplicates. None: equal rows are kept, and counted",
     NULL, 0},
    {"reject", TSR_KEY_TEXTS, IN_SOURCE(reject), "[]", 0, 0, NULL,
     "rules for rows to refuse: `amount < 0`, `order starts_with \"C\"`, `missing item`, joined by and / or", NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

const tsr_key tsr_ingest_keys[] = {
    {"ingest.partitions", TSR_KEY_INT, IN_PARAMS(partitions), "auto", 1, 65536, NULL,
     "partition files; auto: about 512 MiB each", NULL, 0},
    {"ingest.memory", TSR_KEY_BYTES, IN_PARAMS(memory), "2GiB", 0, 0, NULL,
     "memory for rows per rank, at least 1MiB; what does not fit is spilled. Dictionaries come on top, pairs of ids, "
     "and with keys or net_per_day up to 64 bytes per record of the customer who has the most",
     NULL, 0},
    {"ingest.scratch", TSR_KEY_TEXT, IN_PARAMS(scratch), "null", 0, 0, NULL,
     "folder for rows that do not fit in memory; null: the dataset's own. They are gone with the program", NULL, 0},
    {"ingest.money.scale", TSR_KEY_INT, IN_PARAMS(money_scale), "2", 0, 9, NULL,
     "decimals of the money unit: amounts are whole multiples of 10^-scale", NULL, 0},
    {"ingest.money.currency", TSR_KEY_TEXT, IN_PARAMS(currency), "null", 0, 0, NULL, "ISO 4217 code", NULL, 0},
    {"ingest.money.rates", TSR_KEY_MAP, IN_PARAMS(rates), "{}", 0, 0, NULL,
     "currency: units of ingest.money.currency for one of it, for sources with a column `currency`. Exact, then "
     "rounded "
     "to the money unit, halves to even; rows of other currencies are rejected",
     NULL, 0},
    {"ingest.time_zone", TSR_KEY_TEXT, IN_PARAMS(time_zone), "UTC", 0, 0, NULL,
     "IANA zone whose calendar days are the days of the dataset", NULL, 0},
    {"ingest.resolution", TSR_KEY_CHOICE, IN_PARAMS(resolution), "auto", 0, 0, "auto|day|second",
     "of times; auto: day where no row has a time of day", NULL, 0},
    {"ingest.reject_limit", TSR_KEY_INT, IN_PARAMS(reject_limit), "1000", 0, 100000000, NULL,
     "rows per reason and source that rejects.csv lists; all are counted", NULL, 0},
    {"ingest.identity_limit", TSR_KEY_INT, IN_PARAMS(identity_limit), "20", 1, 1000000, NULL,
     "ids of one person, as sources of kind identities join them; groups of more are not merged", NULL, 0},
    {"ingest.reconcile", TSR_KEY_MAP, IN_PARAMS(reconcile), "{}", 0, 0, NULL,
     "attribute: which of its values stands, where sources tell several: last (of the last source, file and line), "
     "latest (by the column `time` of sources of customers), priority (of the first source that has one) or "
     "most_frequent (in the most rows). Ties: by time, then by the order of sources, then the smallest. Others: last",
     NULL, 0},
    {"ingest.returns", TSR_KEY_CHOICE, IN_PARAMS(returns), "keep", 0, 0, "keep|net_per_day|drop",
     "negative amounts: kept; set off against purchases of their customer and day, what is left is kept; or rejected. "
     "dataset.json tells rows and money of each",
     NULL, 0},
    {"ingest.late_days", TSR_KEY_INT, IN_PARAMS(late_days), "null", 1, 36500, NULL,
     "rows that are added to a dataset are rejected as late where they lie more days than this before its last "
     "transaction; null: none are",
     NULL, 0},
    {"ingest.sources", TSR_KEY_GROUPS, IN_PARAMS(sources), "[]", 0, 0, NULL, "where the rows come from", source_keys,
     sizeof(tsr_source)},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

tsr_status tsr_ingest_check(const tsr_ingest_params *params)
{
    if (params->sources.n == 0) return TSR_FAIL(TSR_ECONF, "ingest.sources: the job names no source");
    if (params->memory < TSR_MEMORY_LEAST)
        return TSR_FAIL(TSR_ECONF, "ingest.memory: %" PRId64 " bytes are too few: at least 1MiB", params->memory);
    if (params->currency != NULL && !tsr_is_currency((tsr_slice){params->currency, (int32_t)strlen(params->currency)}))
        return TSR_FAIL(TSR_ECONF, "ingest.money.currency: \"%s\" is not an ISO 4217 code like EUR", params->currency);
    if (strlen(params->time_zone) > 63)
        return TSR_FAIL(TSR_ECONF, "ingest.time_zone: \"%s\" is not an IANA zone", params->time_zone);
    for (int32_t i = 0; i < params->sources.n; i++) {
        tsr_status st = tsr_source_check((const tsr_source *)params->sources.item + i, i);
        if (st == TSR_OK) st = tsr_embedding_check(params, i);
        if (st != TSR_OK) return st;
    }
    return tsr_policy_check(params);
}
