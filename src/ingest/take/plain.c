#include <string.h>

#include "ingest/collect/append.h"
#include "ingest/mapping/mapping_parts.h"
#include "tessera/memory.h"

#define SWAR_MOST 8 /* characters that are looked at together */
#define DAYS      4096
#define CODES     4096
#define NO_CODE   (-1) /* of an empty text */
#define UNKNOWN   (-2)
#define SPREAD    0x9e3779b97f4a7c15u

/* Texts that came lately, and what they are: dates and categories repeat. */
typedef struct known_day {
    uint64_t text; /* its last eight characters */
    uint32_t civil;
    uint16_t century;
} known_day;

typedef struct known_code {
    uint64_t word[2]; /* as DuckDB holds a text: its length, then it; or up_to_eight() of a field, then its length. The
                         one is not the other, as no text holds a zero byte */
    int32_t code;
} known_code;

/* And the rows at hand, column by column: a loop over one column has no surprises for the processor. */
struct tsr_plain_memory {
    known_day day[DAYS];
    known_code code[TSR_KIND_COLUMNS][CODES];
    int32_t fine_n, row[TSR_BLOCK_MOST]; /* rows that need no questions, as numbers in the block */
    bool fine[TSR_BLOCK_MOST];
    bool clock[TSR_BLOCK_MOST]; /* the time has a time of day */
    tsr_slice id[TSR_BLOCK_MOST];
    char id_text[TSR_BLOCK_MOST][TSR_VALUE_ID]; /* of those that are numbers */
    tsr_customer_ref customer[TSR_BLOCK_MOST];
    uint64_t cell[TSR_KIND_COLUMNS][TSR_BLOCK_MOST];
};

/* ---- eight characters at once ---- */

/* The characters, the last in the highest byte; what precedes them is zero. 1 <= n <= 8. */
static uint64_t up_to_eight(tsr_slice text, bool roomy)
{
    uint64_t word = 0;

    memcpy(&word, text.at, roomy ? sizeof word : (size_t)text.n);
    return word << 8 * (SWAR_MOST - text.n);
}

/* The number of eight digits, the first in the lowest byte; false where not all are digits. */
static bool eight_digits(uint64_t word, uint64_t *value)
{
    const uint64_t zeros = 0x3030303030303030u, high = 0xf0f0f0f0f0f0f0f0u;

    if ((word & high) != zeros || ((word + 0x0606060606060606u) & high) != zeros) return false;
    word = (word - zeros) * 2561 >> 8;
    word = (word & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
    *value = (word & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
    return true;
}

/* Digits, or digits with a point before the last @p scale of them; anything else takes the longer way. */
static bool read_units(tsr_slice text, bool roomy, int32_t scale, int64_t *units)
{
    bool negative = text.n > 0 && *text.at == '-';
    tsr_slice number = {text.at + negative, text.n - negative};
    int32_t lower = 8 * (SWAR_MOST - 1 - scale); /* bits below the point */
    uint64_t value;

    if (number.n < scale + 2 || number.n > SWAR_MOST || scale == 0) return tsr_parse_units(text, scale, units);
    uint64_t word = up_to_eight(number, roomy);
    if ((word >> lower & 0xff) != '.') return tsr_parse_units(text, scale, units);
    word = (word >> lower >> 8 << lower << 8) | (word & ((1ULL << lower) - 1)) << 8;
    word |= 0x3030303030303030u & ~(~0ULL << 8 * (SWAR_MOST + 1 - number.n));
    if (!eight_digits(word, &value)) return false;
    *units = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* ---- columns: what is not fine is looked at closely, to say what it is ---- */

static tsr_slice text_at(const tsr_row_block *block, int32_t slot, int32_t row)
{
    return tsr_trim(block->field[(int64_t)row * block->fields + slot]);
}

static void read_ids(const tsr_mapping *mapping, const tsr_row_block *block)
{
    struct tsr_plain_memory *memory = mapping->memory;
    const tsr_typed *values = tsr_typed_of(block, mapping->id.slot);
    const tsr_slice *field = block->field + mapping->id.slot;
    const int32_t rows = block->rows, step = block->fields;

    for (int32_t i = 0; i < rows; i++) memory->fine[i] = true;
    if (values != NULL) tsr_typed_ids(values, rows, memory->fine, memory->id_text, memory->id);
    for (int32_t i = 0; values == NULL && i < rows; i++, field += step) {
        tsr_slice id = tsr_trim(*field);
        memory->id[i] = id;
        memory->fine[i] = id.n > 0 && id.n <= TSR_ID_MAX && (block->ascii || tsr_is_ascii(id));
    }
}

/* Years, months and days of ISO dates have places of their own, the days of a month beside one another; dates of
 * another form are spread. */
static uint64_t place_of_day(uint64_t text, uint16_t century)
{
    const uint64_t digits = 0x0f0f000f0f000f0fu;
    uint64_t two = (text & digits) * 10 + ((text & digits) >> 8); /* numbers of two digits: bytes 0, 3 and 6 */
    uint64_t date = (two & 7) << 9 | (two >> 24 & 15) << 5 | (two >> 48 & 31);

    return date ^ ((text & ~digits) ^ century) * SPREAD >> 52;
}

static bool read_time(const tsr_mapping *mapping, tsr_slice text, bool roomy, bool *clock, uint32_t *time)
{
    uint16_t century;

    if (text.n != 10) return tsr_clock_parse_plain(&mapping->clock, text, time, clock);
    uint64_t word = up_to_eight((tsr_slice){text.at + 2, SWAR_MOST}, roomy);
    memcpy(&century, text.at, sizeof century);
    known_day *day = &mapping->memory->day[place_of_day(word, century)];
    if (day->text != word || day->century != century) {
        if (!tsr_clock_parse_plain(&mapping->clock, text, time, clock)) return false;
        *day = (known_day){word, *time, century};
    }
    *time = day->civil;
    return true;
}

static void read_times(const tsr_mapping *mapping, const tsr_row_block *block, const tsr_plain_column *plain)
{
    struct tsr_plain_memory *memory = mapping->memory;
    const tsr_typed *values = tsr_typed_of(block, plain->slot);
    uint64_t *cell = memory->cell[plain->column];

    if (values != NULL) tsr_typed_times(values, block->rows, &mapping->clock, memory->fine, memory->clock, cell);
    for (int32_t i = 0; values == NULL && i < block->rows; i++) {
        uint32_t time = 0;
        memory->fine[i] &= read_time(mapping, text_at(block, plain->slot, i), block->roomy, &memory->clock[i], &time);
        cell[i] = time;
    }
    for (int32_t i = 0; mapping->days && i < block->rows; i++) cell[i] -= cell[i] % TSR_SECONDS_PER_DAY;
}

static void read_numbers(const tsr_mapping *mapping, const tsr_row_block *block, const tsr_plain_column *plain,
                         int32_t scale)
{
    const tsr_typed *values = tsr_typed_of(block, plain->slot);
    uint64_t *cell = mapping->memory->cell[plain->column];
    bool *fine = mapping->memory->fine;

    if (values != NULL) tsr_typed_units(values, block->rows, scale, fine, cell);
    for (int32_t i = 0; values == NULL && i < block->rows; i++) {
        int64_t units = 0;
        fine[i] &= read_units(text_at(block, plain->slot, i), block->roomy, scale, &units);
        cell[i] = (uint64_t)units;
    }
}

static void read_counts(const tsr_mapping *mapping, const tsr_row_block *block, const tsr_plain_column *plain)
{
    uint64_t *cell = mapping->memory->cell[plain->column];

    read_numbers(mapping, block, plain, 0);
    for (int32_t i = 0; i < block->rows; i++) {
        int64_t number = (int64_t)cell[i];
        mapping->memory->fine[i] &= number <= INT32_MAX && number >= -INT32_MAX;
        cell[i] = (uint32_t)(int32_t)number;
    }
}

static known_code *code_at(known_code *lately, const uint64_t word[2])
{
    return &lately[(word[0] ^ word[1] * SPREAD) * SPREAD >> 52];
}

/* Codes of values whose text came lately; find_codes() sees to the others. */
static void read_codes(const tsr_mapping *mapping, const tsr_typed *values, const tsr_plain_column *plain, int32_t rows)
{
    const tsr_duck_string *text = (const tsr_duck_string *)values->vector.value + values->first;
    struct tsr_plain_memory *memory = mapping->memory;
    uint64_t *cell = memory->cell[plain->column];

    for (int32_t i = 0; i < rows; i++) {
        const known_code *known = code_at(memory->code[plain->column], text[i].word);
        bool same = known->word[0] == text[i].word[0] && known->word[1] == text[i].word[1];
        cell[i] = (uint32_t)(same ? known->code : UNKNOWN);
    }
    for (int32_t i = 0; tsr_typed_may_be_null(values, rows) && i < rows; i++)
        if (tsr_duck_is_null(&values->vector, values->first + i)) cell[i] = (uint32_t)NO_CODE;
    for (int32_t i = 0; i < rows; i++) {
        if (cell[i] != (uint32_t)UNKNOWN) continue;
        tsr_slice unknown = tsr_typed_text(values, i);
        memory->fine[i] &=
            unknown.n <= TSR_TEXT_MAX && tsr_utf8_valid(unknown) && memchr(unknown.at, '\0', (size_t)unknown.n) == NULL;
    }
}

static void read_texts(const tsr_mapping *mapping, const tsr_row_block *block, const tsr_plain_column *plain)
{
    const tsr_typed *values = tsr_typed_of(block, plain->slot);
    const tsr_slice *text = block->field + plain->slot; /* blanks around it make it seem longer: then look closer */
    bool *fine = mapping->memory->fine;

    if (values != NULL) read_codes(mapping, values, plain, block->rows);
    for (int32_t i = 0; values == NULL && i < block->rows; i++, text += block->fields)
        fine[i] &= text->n <= TSR_TEXT_MAX && (block->ascii || tsr_is_ascii(*text));
}

static void read_columns(const tsr_mapping *mapping, const tsr_row_block *block)
{
    for (int32_t i = 0; i < block->rows; i++) mapping->memory->clock[i] = false;
    read_ids(mapping, block);
    for (int32_t i = 0; i < mapping->plain_n; i++) {
        const tsr_plain_column *plain = &mapping->plain[i];
        switch (plain->cell) {
        case TSR_CELL_TIME: read_times(mapping, block, plain); break;
        case TSR_CELL_MONEY: read_numbers(mapping, block, plain, mapping->money_scale); break;
        case TSR_CELL_COUNT: read_counts(mapping, block, plain); break;
        default: read_texts(mapping, block, plain);
        }
    }
}

/* The fine rows to the front. */
static void gather_fine(const tsr_mapping *mapping, const tsr_row_block *block)
{
    struct tsr_plain_memory *memory = mapping->memory;
    int32_t n = 0;

    for (int32_t i = 0; i < block->rows; i++) {
        memory->row[n] = i;
        n += memory->fine[i];
    }
    memory->fine_n = n;
    for (int32_t k = 0; n < block->rows && k < n; k++) {
        int32_t from = memory->row[k];
        memory->id[k] = memory->id[from];
        memory->clock[k] = memory->clock[from];
        for (int32_t i = 0; i < mapping->plain_n; i++) {
            uint64_t *cell = memory->cell[mapping->plain[i].column];
            cell[k] = cell[from];
        }
    }
}

/* ---- rows to the collection ---- */

static tsr_status find_code(const tsr_plain_column *plain, known_code *lately, tsr_slice text, bool roomy,
                            tsr_collect *collect, int32_t *code)
{
    *code = NO_CODE;
    if (text.n == 0) return TSR_OK;
    if (text.n > SWAR_MOST) return tsr_collect_code(collect, plain->dictionary, text, code);
    const uint64_t word[2] = {up_to_eight(text, roomy), (uint64_t)text.n};
    known_code *known = code_at(lately, word);
    if (known->word[0] != word[0] || known->word[1] != word[1]) {
        tsr_status st = tsr_collect_code(collect, plain->dictionary, text, code);
        if (st != TSR_OK) return st;
        *known = (known_code){{word[0], word[1]}, *code};
    }
    *code = known->code;
    return TSR_OK;
}

/* Of a value that read_codes() did not know. */
static tsr_status find_code_of_value(const tsr_plain_column *plain, known_code *lately, const tsr_typed *values,
                                     int32_t row, tsr_collect *collect, int32_t *code)
{
    const tsr_duck_string *held = (const tsr_duck_string *)values->vector.value + values->first + row;
    const tsr_slice text = tsr_trim(tsr_typed_text(values, row));
    tsr_status st = TSR_OK;

    *code = NO_CODE;
    if (text.n > 0) st = tsr_collect_code(collect, plain->dictionary, text, code);
    if (st == TSR_OK && held->here.n <= sizeof held->here.head)
        *code_at(lately, held->word) = (known_code){{held->word[0], held->word[1]}, *code};
    return st;
}

/* Of fine rows only: what is refused shall not make an entry of a dictionary. */
static tsr_status find_codes(const tsr_mapping *mapping, const tsr_row_block *block, const tsr_plain_column *plain,
                             tsr_collect *collect)
{
    struct tsr_plain_memory *memory = mapping->memory;
    const tsr_typed *values = tsr_typed_of(block, plain->slot);
    known_code *lately = memory->code[plain->column];
    uint64_t *cell = memory->cell[plain->column];
    const int32_t *row = memory->row, rows = memory->fine_n;
    int32_t code;
    tsr_status st = TSR_OK;

    for (int32_t k = 0; k < rows; k++) {
        if (values != NULL && cell[k] != (uint32_t)UNKNOWN) continue;
        if (values != NULL)
            TSR_TRY(find_code_of_value(plain, lately, values, row[k], collect, &code));
        else
            TSR_TRY(find_code(plain, lately, text_at(block, plain->slot, row[k]), block->roomy, collect, &code));
        cell[k] = (uint32_t)code;
    }
done:
    return st;
}

static void account(const tsr_mapping *mapping, tsr_balance *balance, tsr_seen *seen)
{
    const struct tsr_plain_memory *memory = mapping->memory;
    tsr_int128 money = 0;
    bool clock = false;

    for (int32_t i = 0; i < mapping->plain_n; i++)
        if (mapping->plain[i].cell == TSR_CELL_MONEY)
            for (int32_t k = 0; k < memory->fine_n; k++) money += (int64_t)memory->cell[mapping->plain[i].column][k];
    for (int32_t k = 0; k < memory->fine_n; k++) clock |= memory->clock[k];
    seen->clock = seen->clock || clock;
    tsr_balance_use(balance, mapping->source, memory->fine_n, money);
}

static tsr_status keep_fine(const tsr_mapping *mapping, const tsr_row_block *block, tsr_collect *collect)
{
    struct tsr_plain_memory *memory = mapping->memory;
    const uint64_t *cell[TSR_KIND_COLUMNS];
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < mapping->plain_n; i++)
        if (mapping->plain[i].cell == TSR_CELL_CODE) TSR_TRY(find_codes(mapping, block, &mapping->plain[i], collect));
    for (int32_t c = 0; c < mapping->columns; c++) cell[c] = memory->cell[c];
    TSR_TRY(tsr_collect_customers(collect, memory->fine_n, memory->id, memory->customer));
    TSR_TRY(tsr_collect_records(collect, mapping->kind, memory->fine_n, memory->customer, mapping->source, cell));
done:
    return st;
}

tsr_status tsr_mapping_take_plain(const tsr_mapping *mapping, const tsr_row_block *block, tsr_collect *collect,
                                  tsr_balance *balance, tsr_seen *seen)
{
    tsr_status st;

    read_columns(mapping, block);
    gather_fine(mapping, block);
    account(mapping, balance, seen);
    TSR_TRY(keep_fine(mapping, block, collect));
    for (int32_t i = 0; mapping->memory->fine_n < block->rows && i < block->rows; i++) {
        tsr_row row;
        if (mapping->memory->fine[i]) continue;
        TSR_TRY(tsr_row_of_block(block, i, &row));
        TSR_TRY(tsr_mapping_take_closely(mapping, &row, collect, balance, seen));
    }
done:
    return st;
}

/* ---- the plan ---- */

static bool is_plain_column(const tsr_mapping *mapping, int32_t c)
{
    tsr_cell cell = tsr_kind_of(mapping->kind)->column[c].cell;

    if (mapping->column[c].constant != NULL || cell == TSR_CELL_HASH || cell == TSR_CELL_VALUE) return false;
    return cell != TSR_CELL_CODE || c >= mapping->needed;
}

static tsr_status create_memory(tsr_mapping *mapping)
{
    tsr_status st = tsr_alloc(&mapping->memory, 1, sizeof *mapping->memory);

    for (int32_t c = 0; st == TSR_OK && c < mapping->columns; c++) {
        mapping->memory->code[c][0].code = NO_CODE; /* its words are zeros: an empty text */
        for (int32_t i = 0; i < TSR_BLOCK_MOST; i++)
            mapping->memory->cell[c][i] = tsr_absent_cell(mapping->kind, c); /* it stays where the source has none */
    }
    return st;
}

static tsr_use use_of_cell(const tsr_mapping *mapping, tsr_cell cell)
{
    if (cell == TSR_CELL_TIME && mapping->clock.kind != TSR_TIME_PATTERN) return TSR_USE_TIME;
    if (cell == TSR_CELL_CODE) return TSR_USE_CODE;
    return cell == TSR_CELL_MONEY || cell == TSR_CELL_COUNT ? TSR_USE_NUMBER : TSR_USE_TEXT;
}

/* A column of the file that serves for two things is text. */
static tsr_use use_of_slot(const tsr_mapping *mapping, int32_t slot)
{
    tsr_use use = slot == mapping->id.slot ? TSR_USE_ID : TSR_USE_NOT;

    for (int32_t i = 0; i < mapping->plain_n; i++) {
        if (mapping->plain[i].slot != slot) continue;
        tsr_use own = use_of_cell(mapping, mapping->plain[i].cell);
        use = use == TSR_USE_NOT || use == own ? own : TSR_USE_TEXT;
    }
    return use;
}

/* Transactions whose columns stand in the file as they are, without rules. */
tsr_status tsr_mapping_plan(tsr_mapping *mapping)
{
    mapping->plain_n = 0;
    mapping->is_plain = mapping->kind == TSR_TRANSACTIONS && mapping->rules == 0 && mapping->id.slot >= 0 &&
                        !TSR_IS_MAPPED(&mapping->price) && !TSR_IS_MAPPED(&mapping->currency) &&
                        mapping->earliest == 0 && (mapping->has & TSR_HAS_ORDER) == 0;
    for (int32_t c = 0; mapping->is_plain && c < mapping->columns; c++) {
        const tsr_kind_column *about = &tsr_kind_of(mapping->kind)->column[c];
        if (!TSR_IS_MAPPED(&mapping->column[c])) continue;
        mapping->is_plain = is_plain_column(mapping, c);
        mapping->plain[mapping->plain_n++] =
            (tsr_plain_column){c, mapping->column[c].slot, about->cell, about->dictionary};
    }
    if (!mapping->is_plain) return TSR_OK;
    for (int32_t slot = 0; mapping->marked == NULL && slot < mapping->uses; slot++)
        mapping->use[slot] = use_of_slot(mapping, slot);
    return create_memory(mapping);
}
