"""BG/NBD and Gamma-Gamma by SciPy: the same likelihoods vectorised with NumPy, analytic gradients, its BFGS, from
(1, 1, 1, 1) in logarithms with times divided by the longest one; then the formulas of the literature, row by row, with
hyp2f1 (Fader, Hardie & Lee 2005, equation 10)."""

import argparse
import json
import os
import statistics
import time

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1, psi


def bg_nbd(theta, x, tx, t):
    r, alpha, a, b = np.exp(theta)
    bought = x > 0
    log_t, log_tx = np.log(alpha + t), np.log(alpha + tx)
    alive = -(r + x) * log_t
    dead = np.where(bought, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * log_tx, -np.inf)
    both = np.logaddexp(alive, dead)
    w = np.exp(dead - both)
    value = (gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b)
             - gammaln(a + b + x) + both)
    sums = psi(a + b) - psi(a + b + x)
    slope = np.array([
        r * np.sum(psi(r + x) - psi(r) + np.log(alpha) - (1 - w) * log_t - w * log_tx),
        alpha * np.sum(r / alpha - (r + x) * ((1 - w) / (alpha + t) + w / (alpha + tx))),
        a * np.sum(sums + w / a),
        b * np.sum(sums + psi(b + x) - psi(b) - np.where(bought, w / (b + np.maximum(x, 1) - 1), 0)),
    ])
    return -value.mean(), -slope / len(x)


def gamma_gamma(theta, x, total):
    p, q, gamma = np.exp(theta[0]), 1 + np.exp(theta[1]), np.exp(theta[2])
    mean = total / x
    log_sum = np.log(gamma + total)
    value = (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma) + (p * x - 1) * np.log(mean)
             + p * x * np.log(x) - (p * x + q) * log_sum)
    both = psi(p * x + q)
    slope = np.array([
        p * np.sum(x * (both - psi(p * x) + np.log(total) - log_sum)),
        (q - 1) * np.sum(both - psi(q) + np.log(gamma) - log_sum),
        gamma * np.sum(q / gamma - (p * x + q) / (gamma + total)),
    ])
    return -value.mean(), -slope / len(x)


def fit(likelihood, start, *data):
    started = time.perf_counter()
    found = minimize(likelihood, start, args=data, jac=True, method="BFGS", options={"gtol": 1e-7})
    return found, time.perf_counter() - started


def alive(parameters, x, tx, t):
    r, alpha, a, b = parameters
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + t) / (alpha + tx)) ** (r + x)
    return 1 / (1 + np.where(x > 0, odds, 0))


def expected(parameters, x, t, ahead):
    """Of who is alive."""
    r, alpha, a, b = parameters
    power = ((alpha + t) / (alpha + t + ahead)) ** (r + x)
    series = hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + t + ahead))
    return (a + b + x - 1) / (a - 1) * (1 - power * series)


def score(parameters, spend, x, tx, t, total, steps):
    living, before, worth = alive(parameters, x, tx, t), 0, 0
    p, q, gamma = spend
    for k in range(1, steps + 1):
        now = expected(parameters, x, t, 52 * k / steps)
        worth = worth + (now - before) / 1.1 ** (k / steps)
        before = now
    buys = living * (1 - ((parameters[1] + t) / (parameters[1] + t + 52)) ** (parameters[0] + x))
    mean = p * (gamma + total) / (p * x + q - 1)
    return living, buys, living * now, mean, living * worth * mean


def median_seconds(times, what):
    """Of what is done several times, and what it gives."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        result = what()
        took.append(time.perf_counter() - started)
    return statistics.median(took), result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    folder = parser.parse_args().folder

    def column(name, kind):
        return np.fromfile(os.path.join(folder, name), dtype=kind)

    x, tx, t = column("x.i32", "i4"), column("tx.f64", "f8"), column("t.f64", "f8")
    spend_x, total = column("spend_x.i32", "i4"), column("spend_total.f64", "f8")
    longest = t.max()
    purchases, seconds_purchases = fit(bg_nbd, np.zeros(4), x, tx / longest, t / longest)
    mean = (total / spend_x).mean()
    spends, seconds_spend = fit(gamma_gamma, np.array([0, 0, np.log(mean)]), spend_x, total)
    parameters = np.exp(purchases.x) * [1, longest, 1, 1]
    spend = np.exp(spends.x) + [0, 1, 0]

    rows = min(len(x), 200000)  # the cost per row is what counts
    pick = np.random.default_rng(1).permutation(len(x))[:rows]
    days = [column(name, kind)[pick] for name, kind in (("tx_days.i32", "i4"), ("t_days.i32", "i4"), ("cents.i64", "i8"))]
    who, txw, tw, money = x[pick], days[0] / 7, days[1] / 7, days[2] / 100
    seconds_predict, _ = median_seconds(5, lambda: alive(parameters, who, txw, tw) * expected(parameters, who, tw, 52))
    seconds_score, scores = median_seconds(3, lambda: score(parameters, spend, who, txw, tw, money, 12))

    print(json.dumps({
        "question": "value", "tool": "scipy", "version": scipy.__version__, "threads": 1, "algorithm": "bg_nbd",
        "customers": len(x), "seconds_purchases": seconds_purchases, "seconds_spend": seconds_spend,
        "evaluations": int(purchases.nfev), "converged": int(abs(purchases.jac).max() < 1e-6),
        "predictions_per_second_and_core": rows / seconds_predict, "scores_per_second_and_core": rows / seconds_score,
        **dict(zip(("r", "alpha", "a", "b"), map(float, parameters))), **dict(zip(("p", "q", "gamma"), map(float, spend))),
        "log_likelihood": -float(purchases.fun) * len(x),
        "clv_total": float(scores[4].sum()) * len(x) / rows,
    }))


if __name__ == "__main__":
    main()
