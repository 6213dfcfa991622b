#include <string.h>

#include "ingest/append.h"
#include "ingest/mapping_parts.h"
#include "tessera/memory.h"

#define SWAR_MOST 8 /* characters that are looked at together */
#define DAYS      4096
#define CODES     256
#define SPREAD    0x9e3779b97f4a7c15u

/* Texts that came lately, and what they are: dates and categories repeat. */
typedef struct known_day {
    uint64_t text; /* its last eight characters */
    uint32_t civil;
    uint16_t century;
} known_day;

typedef struct known_code {
    uint64_t text;
    int32_t n; /* 0: none */
    int32_t code;
} known_code;

struct tsr_plain_memory {
    known_day day[DAYS];
    known_code code[TSR_KIND_COLUMNS][CODES];
};

/* ---- eight characters at once ---- */

/* The last characters, the very last in the highest byte; what precedes them is zero. 1 <= n <= 8. */
static uint64_t last_eight(tsr_slice text, bool roomy)
{
    uint64_t word = 0;

    if (roomy)
        memcpy(&word, text.at + text.n - SWAR_MOST, sizeof word);
    else
        for (int32_t i = 0; i < text.n; i++) word = word >> 8 | (uint64_t)(unsigned char)text.at[i] << 56;
    return word & ~0ULL << 8 * (SWAR_MOST - text.n);
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
    uint64_t word = last_eight(number, roomy);
    if ((word >> lower & 0xff) != '.') return tsr_parse_units(text, scale, units);
    word = (word >> lower >> 8 << lower << 8) | (word & ((1ULL << lower) - 1)) << 8;
    word |= 0x3030303030303030u & ~(~0ULL << 8 * (SWAR_MOST + 1 - number.n));
    if (!eight_digits(word, &value)) return false;
    *units = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* ---- cells ---- */

static bool read_time(const tsr_mapping *mapping, tsr_slice text, bool roomy, tsr_seen *seen, uint32_t *time)
{
    uint16_t century;

    if (text.n != 10) return tsr_clock_parse_plain(&mapping->clock, text, time, &seen->clock);
    uint64_t word = last_eight((tsr_slice){text.at + 2, SWAR_MOST}, roomy);
    known_day *day = &mapping->memory->day[word * SPREAD >> 52];
    memcpy(&century, text.at, sizeof century);
    if (day->text != word || day->century != century) {
        if (!tsr_clock_parse_plain(&mapping->clock, text, time, &seen->clock)) return false;
        *day = (known_day){word, *time, century};
    }
    *time = day->civil;
    return true;
}

static tsr_slice plain_text(const tsr_row *row, const tsr_plain_column *plain)
{
    return tsr_trim(row->field[plain->slot]);
}

/* The cells of a record of common form, but for codes; false: look closer, to say what it is. */
static bool read_plain(const tsr_mapping *mapping, const tsr_row *row, tsr_seen *seen, tsr_cells *cells, int64_t *money)
{
    for (int32_t i = 0; i < mapping->plain_n; i++) {
        const tsr_plain_column *plain = &mapping->plain[i];
        tsr_slice text = plain_text(row, plain);
        uint32_t time = 0;
        int64_t number = 0;
        switch (plain->cell) {
        case TSR_CELL_TIME:
            if (!read_time(mapping, text, row->roomy, seen, &time)) return false;
            cells->cell[plain->column] = mapping->days ? time - time % TSR_SECONDS_PER_DAY : time;
            break;
        case TSR_CELL_MONEY:
            if (!read_units(text, row->roomy, mapping->money_scale, money)) return false;
            cells->cell[plain->column] = (uint64_t)*money;
            break;
        case TSR_CELL_COUNT:
            if (!tsr_parse_units(text, 0, &number) || number > INT32_MAX || number < -INT32_MAX) return false;
            cells->cell[plain->column] = (uint32_t)(int32_t)number;
            break;
        default:
            if (text.n > TSR_TEXT_MAX || (!row->ascii && !tsr_is_ascii(text))) return false;
        }
    }
    return true;
}

static tsr_status find_code(const tsr_mapping *mapping, const tsr_plain_column *plain, tsr_slice text, bool roomy,
                            tsr_collect *collect, int32_t *code)
{
    *code = -1;
    if (text.n == 0) return TSR_OK;
    if (text.n > SWAR_MOST) return tsr_collect_code(collect, plain->dictionary, text, code);
    uint64_t word = last_eight(text, roomy);
    known_code *known = &mapping->memory->code[plain->column][word * SPREAD >> 56];
    if (known->text != word || known->n != text.n) {
        tsr_status st = tsr_collect_code(collect, plain->dictionary, text, code);
        if (st != TSR_OK) return st;
        *known = (known_code){word, text.n, *code};
    }
    *code = known->code;
    return TSR_OK;
}

static tsr_status keep_plain(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_slice id,
                             tsr_cells *cells)
{
    tsr_slice kept = mapping->identities != NULL ? tsr_identities_kept(mapping->identities, id) : id;
    tsr_customer_ref customer;
    tsr_status st;

    TSR_TRY(tsr_collect_customer(collect, kept, &customer));
    for (int32_t i = 0; i < mapping->plain_n; i++) {
        const tsr_plain_column *plain = &mapping->plain[i];
        int32_t code;
        if (plain->cell != TSR_CELL_CODE) continue;
        TSR_TRY(find_code(mapping, plain, plain_text(row, plain), row->roomy, collect, &code));
        cells->cell[plain->column] = (uint32_t)code;
    }
    TSR_TRY(tsr_collect_record(collect, mapping->kind, customer, mapping->source, cells));
done:
    return st;
}

tsr_status tsr_mapping_take_plain(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect,
                                  tsr_balance *balance, tsr_seen *seen, bool *taken)
{
    tsr_cells cells = mapping->absent;
    tsr_slice id;
    int64_t money = 0;

    *taken = false;
    if (row->fields < mapping->format.fields || row->defect != TSR_DEFECT_NONE) return TSR_OK;
    id = tsr_trim(row->field[mapping->id.slot]);
    if (id.n == 0 || id.n > TSR_ID_MAX || (!row->ascii && !tsr_is_ascii(id)) ||
        !read_plain(mapping, row, seen, &cells, &money))
        return TSR_OK;
    *taken = true;
    tsr_balance_use(balance, mapping->source, money);
    return keep_plain(mapping, row, collect, id, &cells);
}

/* ---- the plan ---- */

static bool is_plain_column(const tsr_mapping *mapping, int32_t c)
{
    tsr_cell cell = tsr_kind_of(mapping->kind)->column[c].cell;

    if (mapping->column[c].constant != NULL || cell == TSR_CELL_HASH || cell == TSR_CELL_VALUE) return false;
    return cell != TSR_CELL_CODE || c >= mapping->needed;
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
        mapping->absent.cell[c] = tsr_absent_cell(mapping->kind, c);
        if (!TSR_IS_MAPPED(&mapping->column[c])) continue;
        mapping->is_plain = is_plain_column(mapping, c);
        mapping->plain[mapping->plain_n++] =
            (tsr_plain_column){c, mapping->column[c].slot, about->cell, about->dictionary};
    }
    return mapping->is_plain ? tsr_alloc(&mapping->memory, 1, sizeof *mapping->memory) : TSR_OK;
}
