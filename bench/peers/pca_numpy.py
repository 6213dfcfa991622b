"""Covariance by NumPy's float32 product and eigenvectors by LAPACK: what one writes by hand.

seconds_product is x.T @ x alone, of rows that are centred already; seconds_total has centring and eigenvectors too.
"""

import time

import numpy as np

import peer


def fit(rows):
    centred = rows - rows.mean(axis=0, dtype="float64").astype("float32")
    started = time.perf_counter()
    product = centred.T @ centred
    seconds = time.perf_counter() - started
    values, vectors = np.linalg.eigh(product.astype("float64") / (len(rows) - 1))
    return values[::-1], vectors[:, ::-1], seconds


def main():
    args = peer.options(kmeans=False)
    rows = peer.load(args.data)
    fit(rows[:peer.WARM_UP_ROWS])
    with peer.Stage() as stage:
        values, _, seconds = fit(rows)
    peer.report("pca", "numpy", np.__version__, rows, stage, workload=args.workload, algorithm="covariance",
                components=rows.shape[1], seconds_product=seconds, variance_first=float(values[0]),
                variance_total=float(values.sum()))


if __name__ == "__main__":
    main()
