/**
 * @file cells.h
 * Tables of a page: captions for all readers, heads of columns and rows with their scope, bars for shares.
 */
#ifndef TSR_CELLS_H
#define TSR_CELLS_H

#include "present/page.h"

/** Local. Open a table over the whole width, or a list of figures as wide as its text. Close with tsr_cells_close(). */
void tsr_cells_table(tsr_page *page, const char *caption);
void tsr_cells_list(tsr_page *page, const char *caption);
void tsr_cells_close(tsr_page *page);

/** Local. The heads of @p n columns. */
void tsr_cells_head(tsr_page *page, const char *const *titles, int n);

/** Local. Open a row with its name; the caller ends it. */
void tsr_cells_row(tsr_page *page, const char *name);

/** Local. One figure, as text; and a share 0..1 with a bar behind it. */
void tsr_cell(tsr_page *page, const char *figure);
void tsr_cell_share(tsr_page *page, const json_t *share);

/** Local. A whole row of a list: what it is, and its figure. */
void tsr_cells_pair(tsr_page *page, const char *name, const char *figure);

#endif
