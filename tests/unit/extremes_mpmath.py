"""Golden values of test_extremes.c (extremes.tsv): log-likelihood, P(alive), P(buy) and expected purchases of single
customers where models break first, by mpmath at 120 digits from the published forms: gamma functions, 2F1 and its
differences, sums of Beta functions. Where a form divides by zero (a = 1, s = 1) the parameter moves by 1e-30.

usage: extremes_mpmath.py > extremes.tsv
"""

from mpmath import beta, exp, expm1, hyp2f1, inf, log, log1p, loggamma, mp, mpf, quad, workdps

mp.dps = 120
TINY, HUGE = "4.54e-5", "22026"  # what a search calls a limit: e^-10 and e^10


def bg(p, x, tx, t, ahead, more):
    """more = 1: MBG/NBD, one more chance to leave."""
    r, alpha, a, b = p
    if a == 1:
        a += mpf(10) ** -30
    n = x + more
    ln = lambda v: loggamma(v)
    start = ln(r + x) - ln(r) + r * log(alpha)
    alive = ln(a + b) + ln(b + n) - ln(b) - ln(a + b + n) - (r + x) * log(alpha + t)
    dead = ln(a + 1) + ln(b + n - 1) + ln(a + b) - ln(a) - ln(b) - ln(a + b + n) - (r + x) * log(alpha + tx) if n > 0 else -inf
    total = exp(alive) + (exp(dead) if n > 0 else 0)
    living = exp(alive) / total
    z = ahead / (alpha + t + ahead)
    expected = living * (a + b + n - 1) / (a - 1) * (
        1 - (1 - z) ** (r + x) * hyp2f1(r + x, b + n, a + b + n - 1, z))
    return start + log(total), living, living * (1 - (1 - z) ** (r + x)), expected


def pareto(p, x, tx, t, ahead, _):
    r, alpha, s, b = p
    if s == 1:
        s += mpf(10) ** -30
    m, q = max(alpha, b), (s + 1 if alpha >= b else r + x)
    part = lambda y: hyp2f1(r + s + x, q, r + s + x + 1, abs(alpha - b) / (m + y)) / (m + y) ** (r + s + x)
    start = loggamma(r + x) - loggamma(r) + r * log(alpha) + s * log(b)
    alive = (alpha + t) ** -(r + x) * (b + t) ** -s
    dead = s / (r + s + x) * (part(tx) - part(t))
    living = alive / (alive + dead)
    expected = living * (r + x) * (b + t) / ((alpha + t) * (s - 1)) * (1 - ((b + t) / (b + t + ahead)) ** (s - 1))
    scale = min(alpha, b) + t
    end = log(1 + ahead / scale)
    with workdps(25):
        buy = quad(lambda v: (r + x) / (alpha + t) * scale * exp(
            v - (r + x + 1) * log1p(expm1(v) * scale / (alpha + t)) - s * log1p(expm1(v) * scale / (b + t))),
            [0] + [end / 4 ** k for k in range(6, -1, -1)])
    return start + log(alive + dead), living, living * buy, expected


def bg_bb(p, x, tx, t, ahead, _):
    al, be, ga, de = p
    n, m = int(t), int(ahead)
    like = lambda k, left: beta(al + x, be + k - x) / beta(al, be) * beta(ga + left, de + k) / beta(ga, de)
    total = like(n, 0) + sum(like(i, 1) for i in range(int(tx), n))
    there = lambda k: beta(al + x, be + n - x) / beta(al, be) * beta(ga, de + n + k) / beta(ga, de) / total
    living = there(1)
    expected = sum(beta(al + x + 1, be + n - x) / beta(al, be) * beta(ga, de + n + j) / beta(ga, de) for j in range(1, m + 1)) / total
    # nothing bought in m more: left before the first, or between two, or there to the end without a purchase
    never = lambda j: beta(al + x, be + n - x + j) / beta(al, be)
    silent = sum(never(j) * (beta(ga, de + n + j) - beta(ga, de + n + j + 1)) / beta(ga, de) for j in range(m))
    silent += never(m) * beta(ga, de + n + m) / beta(ga, de)
    gone = total - beta(al + x, be + n - x) / beta(al, be) * beta(ga, de + n) / beta(ga, de)
    return log(total), living, 1 - (silent + gone) / total, expected


COMMON = [(10000, 360, 364, 52), (10000, 364, 364, 52), (300, 1, 364, 52), (0, 0, 0, 52), (0, 0, 364, "0.1"), (1, 5, 5, 5200)]
SETS = {
    "bg_nbd": [("0.2426", "4.4136", "0.7929", "2.4259"), ("0.24", "4.4", "1", "2.4"), ("2", "30", "1", "1"),
               (TINY, "40", "0.8", "2.4"), (HUGE, HUGE, "0.8", "2.4"), ("0.24", TINY, "0.8", "2.4"),
               ("0.24", "4.4", TINY, "2.4"), ("0.24", "4.4", HUGE, "2.4"), ("0.24", "4.4", "0.8", TINY),
               ("0.24", "4.4", "0.8", HUGE)],
    "pareto_nbd": [("0.553", "10.578", "0.606", "11.669"), ("0.55", "10.5", "1", "10.5"), ("2", "3", "0.5", "3"),
                   (TINY, "40", "0.6", "12"), (HUGE, HUGE, "0.6", "12"), ("0.55", TINY, "0.6", "12"),
                   ("0.55", "10", TINY, "12"), ("0.55", "10", HUGE, "12"), ("0.55", "10", "0.6", TINY),
                   ("0.55", "10", "0.6", HUGE)],
}
SETS["mbg_nbd"] = SETS["bg_nbd"]
BB = [(("1.204", "0.750", "0.657", "2.783"), (6, 6, 6, 5)), (("1.204", "0.750", "0.657", "2.783"), (0, 0, 6, 5)),
      (("1.204", "0.750", "0.657", "2.783"), (0, 0, 0, 5)), (("1.2", "0.75", "1", "1"), (2, 4, 6, 1)),
      ((TINY, "0.75", "0.66", "2.8"), (1, 1, 6, 5)), ((HUGE, "0.75", "0.66", "2.8"), (3, 6, 6, 5)),
      (("1.2", TINY, "0.66", "2.8"), (3, 6, 6, 5)), (("1.2", HUGE, "0.66", "2.8"), (3, 4, 6, 5)),
      (("1.2", "0.75", TINY, "2.8"), (3, 4, 6, 5)), (("1.2", "0.75", HUGE, "2.8"), (3, 4, 6, 5)),
      (("1.2", "0.75", "0.66", TINY), (3, 4, 6, 5)), (("1.2", "0.75", "0.66", HUGE), (3, 4, 6, 5)),
      (("1.2", "0.75", "0.66", "2.8"), (400, 700, 1000, 100))]


def line(name, p, h, values):
    """What no double holds is 0."""
    numbers = ["0" if abs(v) < 1e-300 else mp.nstr(v, 17, min_fixed=-4, max_fixed=9) for v in values]
    print("\t".join([name, *p, *map(str, h), *numbers]))


def main():
    print("# made by extremes_mpmath.py: model, parameters, x, tx, t, ahead, log-likelihood, P(alive), P(buy), purchases ahead")
    how = {"bg_nbd": (bg, 0), "mbg_nbd": (bg, 1), "pareto_nbd": (pareto, 0)}
    for name, (likelihood, more) in how.items():
        for i, p in enumerate(SETS[name]):
            for h in COMMON if i < 2 else COMMON[2:5]:
                line(name, p, h, likelihood([mpf(v) for v in p], *(mpf(v) for v in h), more))
    for p, h in BB:
        line("bg_bb", p, h, bg_bb([mpf(v) for v in p], *(mpf(v) for v in h), 0))


main()
