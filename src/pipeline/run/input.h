/**
 * @file input.h
 * What a run reads: a dataset or a matrix, starting centroids, a scheme; and the digests that tell whether they
 * changed.
 */
#ifndef TSR_INPUT_H
#define TSR_INPUT_H

#include "tessera/settings.h"

typedef struct tsr_input {
    tsr_dataset *dataset; /* exactly one of dataset and matrix */
    tsr_matrix *matrix;
    double *start; /* [start_k][start_cols] centroids in original units; NULL: none given */
    int32_t start_k, start_cols;
    char digest[65];        /* hex: content of the dataset or of the matrix, whatever its layout on disk */
    char start_digest[65];  /* of the starting centroids; empty: none */
    char truth_digest[65];  /* of size and time of the table of given labels; empty: none */
    char scheme_digest[65]; /* of the user's own RFM scheme file; empty: a scheme of the house */
    char playbook_digest[65], names_digest[65]; /* of the user's own files of the same kind */
} tsr_input;

/**
 * Collective. Open what the job names and take its digests. A matrix is read once for its digest, by all ranks.
 * @param[out] input  close with tsr_input_close()
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_input_open(const tsr_comm *comm, const tsr_settings *settings, tsr_input *input) TSR_NODISCARD;
void tsr_input_close(tsr_input *input);

/** Local. Units of money are 10^-scale of the currency; 0 for a matrix. */
int32_t tsr_input_money_scale(const tsr_input *input);

#endif
