/**
 * @file transpose_x86.h
 * Columns of a tile become rows, with AVX2: four rounds in which neighbours are interleaved.
 */
static inline void interleave16(const __m256i *a, __m256i *b)
{
    for (int i = 0; i < 8; i++) {
        b[i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
        b[8 + i] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
    }
}

static inline void interleave32(const __m256i *a, __m256i *b)
{
    for (int h = 0; h < 16; h += 8) {
        for (int i = 0; i < 4; i++) {
            b[h + i] = _mm256_unpacklo_epi32(a[h + 2 * i], a[h + 2 * i + 1]);
            b[h + 4 + i] = _mm256_unpackhi_epi32(a[h + 2 * i], a[h + 2 * i + 1]);
        }
    }
}

static inline void interleave64(const __m256i *a, __m256i *b)
{
    for (int h = 0; h < 16; h += 4) {
        for (int i = 0; i < 2; i++) {
            b[h + i] = _mm256_unpacklo_epi64(a[h + 2 * i], a[h + 2 * i + 1]);
            b[h + 2 + i] = _mm256_unpackhi_epi64(a[h + 2 * i], a[h + 2 * i + 1]);
        }
    }
}

static inline void block_rows(const int16_t *value, int32_t n, int16_t *row, int32_t stride)
{
    __m256i a[16], b[16];

    for (int i = 0; i < 16; i++)
        a[i] =
            i < n ? _mm256_loadu_si256((const __m256i *)(value + (int64_t)i * TSR_TILE_ROWS)) : _mm256_setzero_si256();
    interleave16(a, b);
    interleave32(b, a);
    interleave64(a, b);
    /* b[2 r], b[2 r + 1]: columns 0..7 and 8..15 of row r in the low half, of row r + 8 in the high one. */
    for (int r = 0; r < 8; r++) {
        _mm256_storeu_si256((__m256i *)(row + (int64_t)r * stride),
                            _mm256_permute2x128_si256(b[2 * r], b[2 * r + 1], 0x20));
        _mm256_storeu_si256((__m256i *)(row + (int64_t)(r + 8) * stride),
                            _mm256_permute2x128_si256(b[2 * r], b[2 * r + 1], 0x31));
    }
}
