#include "present/suppress.h"

#include <string.h>

#include "tessera/memory.h"

typedef struct grid {
    const int64_t *count;
    bool *hidden;
    int32_t rows, cols;
    int64_t min_cell;
    bool *reached; /* [rows + cols] lines that a walk came to: rows, then columns */
} grid;

/* A line is a row (0 .. rows-1) or a column (rows .. rows+cols-1); its i-th cell. */
static int32_t cell_of(const grid *g, int32_t line, int32_t i)
{
    return line < g->rows ? line * g->cols + i : i * g->cols + line - g->rows;
}

static int32_t length_of(const grid *g, int32_t line)
{
    return line < g->rows ? g->cols : g->rows;
}

static int32_t crossing(const grid *g, int32_t line, int32_t i)
{
    return line < g->rows ? g->rows + i : i;
}

static int32_t hidden_in(const grid *g, int32_t line, int64_t *people)
{
    int32_t n = 0;

    *people = 0;
    for (int32_t i = 0; i < length_of(g, line); i++) {
        int32_t at = cell_of(g, line, i);
        if (!g->hidden[at]) continue;
        n += g->count[at] > 0;
        *people += g->count[at];
    }
    return n;
}

/* The smallest cell of a line that is shown; rather one whose other line has hidden cells already. -1: none. */
static int32_t cheapest_in(const grid *g, int32_t line)
{
    int32_t best = -1;
    bool best_crosses = false;
    int64_t people;

    for (int32_t i = 0; i < length_of(g, line); i++) {
        int32_t at = cell_of(g, line, i);
        if (g->hidden[at] || g->count[at] == 0) continue;
        bool crosses = hidden_in(g, crossing(g, line, i), &people) > 0;
        if (best >= 0 && (crosses < best_crosses || (crosses == best_crosses && g->count[at] >= g->count[best])))
            continue;
        best = at;
        best_crosses = crosses;
    }
    return best;
}

static bool hide_in(const grid *g, int32_t line)
{
    int32_t at = cheapest_in(g, line);

    if (at >= 0) g->hidden[at] = true;
    return at >= 0;
}

/* One sweep over all lines; did anything change? */
static bool protect_lines(const grid *g)
{
    bool changed = false;
    int64_t people;

    for (int32_t line = 0; line < g->rows + g->cols; line++) {
        int32_t n = hidden_in(g, line, &people);
        if (n > 0 && (n == 1 || people < g->min_cell)) changed = hide_in(g, line) || changed;
    }
    return changed;
}

/* Is there a walk over hidden cells from the cell's row to its column that does not use the cell itself? */
static bool lies_on_cycle(const grid *g, int32_t cell)
{
    bool grew = true;

    memset(g->reached, 0, sizeof *g->reached * (size_t)(g->rows + g->cols));
    g->reached[cell / g->cols] = true;
    while (grew) {
        grew = false;
        for (int32_t at = 0; at < g->rows * g->cols; at++) {
            bool *row = &g->reached[at / g->cols], *col = &g->reached[g->rows + at % g->cols];
            if (at == cell || !g->hidden[at] || g->count[at] == 0 || *row == *col) continue;
            *row = *col = grew = true;
        }
    }
    return g->reached[g->rows + cell % g->cols];
}

/* One small cell that a total still gives away: hide one more beside it, or, where there is none, anywhere. */
static bool protect_cells(const grid *g)
{
    for (int32_t at = 0; at < g->rows * g->cols; at++) {
        bool small = g->count[at] > 0 && g->count[at] < g->min_cell;
        if (!small || lies_on_cycle(g, at)) continue;
        if (hide_in(g, at / g->cols) || hide_in(g, g->rows + at % g->cols)) return true;
        for (int32_t line = 0; line < g->rows; line++)
            if (hide_in(g, line)) return true;
    }
    return false;
}

tsr_status tsr_suppress(const int64_t *count, int32_t rows, int32_t cols, int64_t min_cell, bool *hidden)
{
    grid g = {count, hidden, rows, cols, min_cell, NULL};
    tsr_status st;

    TSR_TRY(tsr_alloc(&g.reached, (int64_t)rows + cols, sizeof *g.reached));
    for (int32_t at = 0; at < rows * cols; at++) hidden[at] = hidden[at] || (count[at] > 0 && count[at] < min_cell);
    while (protect_lines(&g) || protect_cells(&g)) {
    }
done:
    tsr_free(&g.reached);
    return st;
}
