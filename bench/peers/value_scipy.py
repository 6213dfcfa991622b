"""BG/NBD and Gamma-Gamma by SciPy: the same likelihoods vectorised with NumPy, analytic gradients, its BFGS, from
(1, 1, 1, 1) in logarithms with times divided by the longest one; then rows of scores by the formulas of the literature,
with hyp2f1 (Fader, Hardie & Lee 2005, equation 10): customer by customer, and each pair of x and T once."""

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


FIGURES = ("p_alive", "p_buy", "churn_risk", "expected_purchases", "expected_spend", "clv")

# ---- a row of customers.h5 but value for ever ----

def ahead(parameters, x, t, steps):
    """Of who is alive: P(buy), purchases within 52 weeks, the same paid in steps and discounted. Functions of x and T."""
    r, alpha, a, b = parameters
    shape, rate, chances, top = r + x, alpha + t, b + x, a + b - 1 + x
    share = top / (a - 1)
    before = worth = 0
    for k in range(1, steps + 1):
        until = rate + 52 * k / steps
        none = (rate / until) ** shape
        purchases = hyp2f1(shape, chances, top, 52 * k / steps / until)
        purchases *= none
        np.subtract(1, purchases, out=purchases)
        purchases *= share
        worth = worth + (purchases - before) * 1.1 ** (-k / steps)
        before = purchases
    return 1 - none, purchases, worth


def alive(parameters, x, tx, t):
    r, alpha, a, b = parameters
    odds = (alpha + t) / (alpha + tx)
    np.power(odds, r + x, out=odds)
    odds *= a / (b - 1 + np.maximum(x, 1))
    odds[x == 0] = 0
    odds += 1
    return np.divide(1, odds, out=odds)


def row(parameters, spend, living, ahead_of, x, total):
    p, q, gamma = spend
    buys, purchases, worth = ahead_of
    buys = living * buys
    mean = p * (gamma + total) / (p * x + (q - 1))
    return living, buys, 1 - buys, living * purchases, mean, living * worth * mean


def each(parameters, spend, x, tx, t, total, steps):
    """Customer by customer, as the formulas stand."""
    return row(parameters, spend, alive(parameters, x, tx, t), ahead(parameters, x, t, steps), x, total)


def once(parameters, spend, x, tx, t, total, steps, t_days):
    """What lies ahead of each pair of x and T that there is only once."""
    longest = t_days.max() + 1
    code = x * longest + t_days
    place = np.zeros(code.max() + 1, np.int32)
    place[code] = 1
    pairs = np.flatnonzero(place)
    place[pairs] = np.arange(len(pairs))
    number = place[code]
    of_pairs = ahead(parameters, pairs // longest, pairs % longest / 7, steps)
    return row(parameters, spend, alive(parameters, x, tx, t), [one[number] for one in of_pairs], x, total)


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

    days = [column(f"scored_{name}", kind) for name, kind in (("x.i32", "i4"), ("tx_days.i32", "i4"), ("t_days.i32", "i4"),
                                                              ("cents.i64", "i8"))]
    everybody = days[0], days[1] / 7, days[2] / 7, days[3] / 100
    rows = min(len(x), 200000)  # the cost per row is what counts
    some = [one[:rows] for one in everybody]
    rates = {}
    for what, steps, times in (("predictions", 1, 5), ("scores", 12, 3)):
        took, _ = median_seconds(times, lambda: each(parameters, spend, *some, steps))
        rates[f"{what}_per_second_and_core"] = rows / took
        took, figures = median_seconds(times, lambda: once(parameters, spend, *everybody, steps, days[2]))
        rates[f"{what}_of_pairs_per_second_and_core"] = len(x) / took

    print(json.dumps({
        "question": "value", "tool": "scipy", "version": scipy.__version__, "threads": 1, "algorithm": "bg_nbd",
        "customers": len(x), "seconds_purchases": seconds_purchases, "seconds_spend": seconds_spend,
        "evaluations": int(purchases.nfev), "converged": int(abs(purchases.jac).max() < 1e-6), **rates,
        **dict(zip(("r", "alpha", "a", "b"), map(float, parameters))), **dict(zip(("p", "q", "gamma"), map(float, spend))),
        "log_likelihood": -float(purchases.fun) * len(x) - float(x.sum() * np.log(longest)),
        **{name: float(figure.sum()) for name, figure in zip(FIGURES, figures)},
    }))


if __name__ == "__main__":
    main()
