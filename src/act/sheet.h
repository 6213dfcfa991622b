/**
 * @file act/sheet.h
 * Lines of cells between tabs, whose first cells are rules; messages name file, line and column.
 */
#ifndef TSR_ACT_SHEET_H
#define TSR_ACT_SHEET_H

#include "tessera/comm.h"
#include "tessera/rule.h"

#define TSR_SHEET_CELLS 12

typedef struct tsr_sheet {
    const char *source; /* for messages; borrowed */
    char *next;         /* what is not read yet; borrowed, and cut into cells */
    int64_t line;       /* number of the present one, from 1 */
    int32_t cells;
    char *cell[TSR_SHEET_CELLS];
    int32_t column[TSR_SHEET_CELLS]; /* byte of the line at which it begins, from 1 */
} tsr_sheet;

/**
 * Collective. The text of a sheet: of the file where there is a path (the root reads it), else the one of the house.
 * @param[out] text  new on all ranks, zero-terminated; tsr_free()
 * @return as tsr_file_text()
 */
tsr_status tsr_sheet_load(const tsr_comm *comm, const char *path, const char *of_the_house, int64_t house_bytes,
                          char **text) TSR_NODISCARD;

/** Local. The next line that holds something; comments begin with '#'. Cells are without blanks around them.
 *  @return is there one? */
bool tsr_sheet_line(tsr_sheet *sheet);

/** Local. Does the line have so many cells, each but empty ones of @p may_be_empty (bits) with something in it?
 *  @return TSR_OK; TSR_ECONF */
tsr_status tsr_sheet_check(const tsr_sheet *sheet, int32_t cells, uint32_t may_be_empty) TSR_NODISCARD;

/** Local. What is wrong in a cell of the present line. @return TSR_ECONF */
tsr_status tsr_sheet_fail(const tsr_sheet *sheet, int32_t cell, const char *what) TSR_NODISCARD;

/** Local. The rule in a cell; `*` holds always: NULL. @param[out] rule  new. @return TSR_OK; TSR_ECONF; TSR_ENOMEM */
tsr_status tsr_sheet_rule(const tsr_sheet *sheet, int32_t cell, tsr_slot_finder finder, void *context,
                          tsr_rule **rule) TSR_NODISCARD;

#endif
