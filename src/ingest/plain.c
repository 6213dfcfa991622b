#include "ingest/append.h"
#include "ingest/mapping_parts.h"

static tsr_slice plain_text(const tsr_mapping *mapping, const tsr_row *row, int32_t column)
{
    return tsr_trim(row->field[mapping->column[column].slot]);
}

/* The cells of a record of common form, but for codes; false: look closer, to say what it is. */
static bool read_plain(const tsr_mapping *mapping, const tsr_row *row, tsr_seen *seen, tsr_cells *cells, int64_t *money)
{
    for (int32_t i = 0; i < mapping->plain_n; i++) {
        const tsr_plain_column *plain = &mapping->plain[i];
        tsr_slice text = plain_text(mapping, row, plain->column);
        uint32_t time = 0;
        int64_t number = 0;
        switch (plain->cell) {
        case TSR_CELL_TIME:
            if (!tsr_clock_parse_plain(&mapping->clock, text, &time, &seen->clock)) return false;
            cells->cell[plain->column] = mapping->days ? time - time % TSR_SECONDS_PER_DAY : time;
            break;
        case TSR_CELL_MONEY:
            if (!tsr_parse_units(text, mapping->money_scale, money)) return false;
            cells->cell[plain->column] = (uint64_t)*money;
            break;
        case TSR_CELL_COUNT:
            if (!tsr_parse_units(text, 0, &number) || number > INT32_MAX || number < -INT32_MAX) return false;
            cells->cell[plain->column] = (uint32_t)(int32_t)number;
            break;
        default:
            if (text.n > TSR_TEXT_MAX || !tsr_is_ascii(text)) return false;
        }
    }
    return true;
}

static tsr_status keep_plain(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_slice id,
                             tsr_cells *cells)
{
    tsr_customer_ref customer;
    tsr_status st;

    TSR_TRY(tsr_collect_customer(collect, tsr_identities_kept(mapping->identities, id), &customer));
    for (int32_t i = 0; i < mapping->plain_n; i++) {
        const tsr_plain_column *plain = &mapping->plain[i];
        int32_t code = -1;
        if (plain->cell != TSR_CELL_CODE) continue;
        tsr_slice text = plain_text(mapping, row, plain->column);
        if (text.n > 0) TSR_TRY(tsr_collect_code(collect, plain->dictionary, text, &code));
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
    if (id.n == 0 || id.n > TSR_ID_MAX || !tsr_is_ascii(id) || !read_plain(mapping, row, seen, &cells, &money))
        return TSR_OK;
    *taken = true;
    tsr_balance_use(balance, mapping->source, money);
    return keep_plain(mapping, row, collect, id, &cells);
}

static bool is_plain_column(const tsr_mapping *mapping, int32_t c)
{
    tsr_cell cell = tsr_kind_of(mapping->kind)->column[c].cell;

    if (mapping->column[c].constant != NULL || cell == TSR_CELL_HASH || cell == TSR_CELL_VALUE) return false;
    return cell != TSR_CELL_CODE || c >= mapping->needed;
}

/* Transactions whose columns stand in the file as they are, without rules. */
void tsr_mapping_plan(tsr_mapping *mapping)
{
    mapping->plain_n = 0;
    mapping->is_plain = mapping->kind == TSR_TRANSACTIONS && mapping->rules == 0 && mapping->id.slot >= 0 &&
                        !TSR_IS_MAPPED(&mapping->price) && (mapping->has & TSR_HAS_ORDER) == 0;
    for (int32_t c = 0; mapping->is_plain && c < mapping->columns; c++) {
        const tsr_kind_column *about_column = &tsr_kind_of(mapping->kind)->column[c];
        mapping->absent.cell[c] = tsr_absent_cell(mapping->kind, c);
        if (!TSR_IS_MAPPED(&mapping->column[c])) continue;
        mapping->is_plain = is_plain_column(mapping, c);
        mapping->plain[mapping->plain_n++] = (tsr_plain_column){c, about_column->cell, about_column->dictionary};
    }
}
