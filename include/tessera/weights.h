/**
 * @file weights.h
 * Weights of rows as integers: sums of weighted rows stay sums of integers.
 */
#ifndef TSR_WEIGHTS_H
#define TSR_WEIGHTS_H

#include "tessera/comm.h"
#include "tessera/tiles.h"

/**
 * Collective. Give the rows of tiles their weights, in quanta. The quantum is the smallest power of two by which the
 * largest weight has at most 30 bits and all together have few enough that no sum of theirs can overflow (47 bits; one
 * less for every four times as many columns, from four on), times the greatest common divisor of what that gives: so
 * whole numbers are their own quanta (by their divisor), and equal weights are none at all. A weight counts as one
 * quantum at least, also 0.
 *
 * Same on all ranks: name, tiles->cols. May differ: rows (0 is allowed).
 * @param name           of the column, for messages
 * @param value          [rows] by row: finite, >= 0
 * @param[in,out] tiles  without weights; weight and quantum are set; weight stays NULL where all are equal
 * @return TSR_OK; TSR_EDATA (a weight that is negative, missing or infinite: names the row; all are 0); TSR_ENOMEM
 */
tsr_status tsr_weights_attach(const tsr_comm *comm, const char *name, const double *value,
                              tsr_tiles *tiles) TSR_NODISCARD;

#endif
