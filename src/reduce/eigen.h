/**
 * @file eigen.h
 * Eigenvalues and eigenvectors of a symmetric matrix.
 */
#ifndef TSR_EIGEN_H
#define TSR_EIGEN_H

#include "tessera/status.h"

#include <stdint.h>

/* Up to here the project's own solver runs: the same bits on every processor, for any matrix. Above, LAPACK. */
#define TSR_EIGEN_OWN 1024

/**
 * Local. All eigenpairs of the symmetric @p a, largest eigenvalue first.
 * @param[in,out] a   [n][n]; on return row i is the eigenvector of value i, of length 1
 * @param[out] value  [n]
 * @return TSR_OK; TSR_ENOMEM; TSR_EBUG (no convergence)
 */
tsr_status tsr_eigen(double *a, int32_t n, double *value) TSR_NODISCARD;

/** Local. The two solvers behind tsr_eigen(), in the order in which they find the values. */
tsr_status tsr_eigen_ql(double *a, int32_t n, double *value) TSR_NODISCARD;
tsr_status tsr_eigen_lapack(double *a, int32_t n, double *value) TSR_NODISCARD;

#endif
