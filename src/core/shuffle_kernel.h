/**
 * @file shuffle_kernel.h
 * Rows of some tiles in another order: tiles are turned into rows, these are picked and turned into tiles again. A
 * variant defines block_rows() of update_kernel.h.
 */
static void shuffle(int16_t *value, int64_t rows, int32_t cols, const uint16_t *from, int16_t *work)
{
    const int64_t tile_values = (int64_t)cols * TSR_TILE_ROWS, stride = ((int64_t)cols + 15) / 16 * 16;
    int16_t some[TSR_TILE_ROWS * 16], turned[16 * TSR_TILE_ROWS];

    for (int64_t first = 0; first < rows; first += TSR_TILE_ROWS)
        for (int32_t j = 0; j < cols; j += 16)
            block_rows(value + first / TSR_TILE_ROWS * tile_values + (int64_t)j * TSR_TILE_ROWS,
                       cols - j < 16 ? cols - j : 16, work + first * stride + j, (int32_t)stride);
    for (int64_t first = 0; first < rows; first += TSR_TILE_ROWS) {
        int16_t *tile = value + first / TSR_TILE_ROWS * tile_values;
        const int64_t n = rows - first < TSR_TILE_ROWS ? rows - first : TSR_TILE_ROWS;

        memset(some + n * 16, 0, (size_t)(TSR_TILE_ROWS - n) * 16 * sizeof *some);
        for (int32_t j = 0; j < cols; j += 16) {
            for (int64_t i = 0; i < n; i++)
                memcpy(some + i * 16, work + from[first + i] * stride + j, 16 * sizeof *some);
            block_rows(some, TSR_TILE_ROWS, turned, TSR_TILE_ROWS);
            memcpy(tile + (int64_t)j * TSR_TILE_ROWS, turned,
                   (size_t)(cols - j < 16 ? cols - j : 16) * TSR_TILE_ROWS * sizeof *tile);
        }
    }
}
