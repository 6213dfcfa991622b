/*
 * The kernel of repel.h, written once in vectors of 16 floats, which the compiler cuts to the width of the processor.
 * Define NAME and ROWS (points that share the coordinates of the others in registers) before including it.
 */
#include "reduce/repel.h"

typedef float lanes __attribute__((vector_size(TSR_REPEL_LANES * sizeof(float)), may_alias));

static inline void add_up(const lanes *from, double *to)
{
    for (int i = 0; i < TSR_REPEL_LANES; i++) to[i] += (double)(*from)[i];
}

static double in_order(const double *lane)
{
    double sum = 0;

    for (int i = 0; i < TSR_REPEL_LANES; i++) sum += lane[i];
    return sum;
}

/* `rows` is a constant where it is called, so that its loops unroll. */
static inline __attribute__((always_inline)) void push(const float *x, const float *y, int64_t n, const float *own_x,
                                                       const float *own_y, int rows, tsr_repulsion *out)
{
    double sum_x[ROWS][TSR_REPEL_LANES] = {0}, sum_y[ROWS][TSR_REPEL_LANES] = {0}, sum_w[ROWS][TSR_REPEL_LANES] = {0};

    for (int64_t from = 0; from < n; from += TSR_REPEL_RUN) {
        int64_t to = from + TSR_REPEL_RUN < n ? from + TSR_REPEL_RUN : n;
        lanes ax[ROWS] = {0}, ay[ROWS] = {0}, aw[ROWS] = {0};

        for (int64_t j = from; j < to; j += TSR_REPEL_LANES) {
            const lanes xj = *(const lanes *)(x + j), yj = *(const lanes *)(y + j);
            for (int r = 0; r < rows; r++) {
                lanes dx = own_x[r] - xj, dy = own_y[r] - yj;
                lanes w = 1.0f / (1.0f + (dx * dx + dy * dy)), square = w * w;
                aw[r] += w;
                ax[r] += square * dx;
                ay[r] += square * dy;
            }
        }
        for (int r = 0; r < rows; r++) {
            add_up(&ax[r], sum_x[r]);
            add_up(&ay[r], sum_y[r]);
            add_up(&aw[r], sum_w[r]);
        }
    }
    /* The point itself has weight 1 and pushes nowhere. */
    for (int r = 0; r < rows; r++)
        out[r] = (tsr_repulsion){in_order(sum_x[r]), in_order(sum_y[r]), in_order(sum_w[r]) - 1};
}

void NAME(const float *x, const float *y, int64_t n, int64_t first, int64_t rows, tsr_repulsion *out)
{
    int64_t i = 0;

    for (; i + ROWS <= rows; i += ROWS) push(x, y, n, x + first + i, y + first + i, ROWS, out + i);
    for (; i < rows; i++) push(x, y, n, x + first + i, y + first + i, 1, out + i);
}
