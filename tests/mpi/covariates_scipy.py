"""Golden values of test_covariates_mpi.c: BG/NBD and Pareto/NBD with static covariates on the CDNOW sample, fitted by
SciPy's BFGS with gradients by complex steps; nothing of Tessera takes part. The integral of Pareto/NBD by eight
12-point Gauss-Legendre panels, each twice as long as the one before. Covariates: discs of the first day; and a made-up one, (i * i) mod 7 of customer i
from 0, missing for every tenth, where the mean of the others stands.

usage: covariates_scipy.py CDNOW_sample.txt
"""

import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import loggamma


def customers(path):
    rows = {}
    for line in open(path):
        _, sample, date, discs, _ = line.split()
        day = np.datetime64(f"{date[:4]}-{date[4:6]}-{date[6:]}").astype(int)
        days = rows.setdefault(int(sample), {})
        days[day] = days.get(day, 0) + int(discs)
    cut = np.datetime64("1997-09-30").astype(int)
    out = []
    for i, days in enumerate(rows.values()):
        first = min(days)
        inside = [d for d in days if d <= cut]
        out.append((len(inside) - 1, (max(inside) - first) / 7, (cut - first) / 7, days[first],
                    np.nan if i % 10 == 0 else i * i % 7))
    return np.array(out, float).T


def bg_nbd(theta, x, tx, t, y):
    r, (alpha, a, b) = np.exp(theta[0]), (np.exp(theta[k] + s * y @ theta[4 + 2 * (k - 1):6 + 2 * (k - 1)])
                                          for k, s in ((1, -1), (2, 1), (3, 1)))
    alive = -(r + x) * np.log(alpha + t)
    dead = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx)
    stayed = 0  # ln [G(a+b) G(b+x)] / [G(b) G(a+b+x)]: x is an integer, and b may be very large
    for j in range(int(x.max())):
        stayed = stayed + np.where(j < x, np.log((b + j) / (a + b + j)), 0)
    return np.sum(loggamma(r + x) - loggamma(r) + r * np.log(alpha) + stayed + alive
                  + np.where(x > 0, np.log(1 + np.exp(dead - alive)), 0))


NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)


def pareto_nbd(theta, x, tx, t, y):
    r, s = np.exp(theta[0]), np.exp(theta[2])
    alpha, beta = np.exp(theta[1] - y @ theta[4:6]), np.exp(theta[3] - y @ theta[6:8])
    integral = 0
    edges = np.concatenate([[0], 2.0 ** np.arange(-7, 1)])
    for left, right in zip(edges, edges[1:]):
        for node, weight in zip(NODES, WEIGHTS):
            u = tx + (t - tx) * (left + (right - left) * (node + 1) / 2)
            integral = integral + weight / 2 * (right - left) * (t - tx) * np.exp(
                -(r + x) * np.log(alpha + u) - (s + 1) * np.log(beta + u))
    alive = -(r + x) * np.log(alpha + t) - s * np.log(beta + t)
    return np.sum(loggamma(r + x) - loggamma(r) + r * np.log(alpha) + s * np.log(beta) + np.log(np.exp(alive) + s * integral))


def gradient(likelihood, theta, *data):
    step = 1e-30
    return np.array([likelihood(theta + 1j * step * unit, *data).imag / step for unit in np.eye(len(theta))])


def second(likelihood, v, *data):
    return np.array([(gradient(likelihood, v + 1e-5 * e, *data) - gradient(likelihood, v - 1e-5 * e, *data)) / 2e-5
                     for e in np.eye(len(v))])


def fit(name, likelihood, start, names, data, unit):
    n = len(data[0])
    found = minimize(lambda v: -likelihood(v.astype(complex), *data).real / n, start,
                     jac=lambda v: -gradient(likelihood, v, *data) / n, method="BFGS", options={"gtol": 1e-9})
    v = found.x
    for _ in range(3):  # Newton's steps: a line search stops where the likelihood drowns in rounding
        slope = gradient(likelihood, v, *data)
        v = v - np.linalg.solve(second(likelihood, v, *data), slope)
    hessian = second(likelihood, v, *data)
    error = np.sqrt(np.diag(np.linalg.inv(-(hessian + hessian.T) / 2)))
    print(name, f"log_likelihood {likelihood(v.astype(complex), *data).real:.9f}",
          f"gradient {abs(gradient(likelihood, v, *data)).max() / n:.1e}")
    for i, label in enumerate(names):
        if i < 4:
            print(f"  {label} {np.exp(v[i]):.10f} error {np.exp(v[i]) * error[i]:.8f}")
        else:
            print(f"  {label} {v[i] / unit[(i - 4) % 2]:.10f} error {error[i] / unit[(i - 4) % 2]:.8f}")


def main():
    x, tx, t, discs, made = customers(sys.argv[1])
    mean = [discs.mean(), np.nanmean(made)]
    unit = [discs.std(), np.nanstd(made)]
    print("means", mean, "deviations", unit)
    y = np.stack([(discs - mean[0]) / unit[0], np.nan_to_num((made - mean[1]) / unit[1])], 1)
    fit("bg_nbd", bg_nbd, np.array([-1.4, 1.5, -.2, .9, 0, 0, 0, 0, 0, 0]),
        ["r", "alpha", "a", "b"] + [f"{e} {c}" for e in ("purchase_rate", "dropout_a", "dropout_b") for c in ("discs", "made")],
        (x, tx, t, y), unit)
    fit("pareto_nbd", pareto_nbd, np.array([-.6, 2.3, -.5, 2.4, 0, 0, 0, 0]),
        ["r", "alpha", "s", "beta"] + [f"{e} {c}" for e in ("purchase_rate", "dropout_rate") for c in ("discs", "made")],
        (x, tx, t, y), unit)


if __name__ == "__main__":
    main()
