#!/usr/bin/env python3
"""What bench/scaling measured: the terms of the network fitted, efficiencies, a projection, a plot; the lines that are kept.

The model (LogGP with one more term for adding up; src/pipeline/network.h has the same): an allreduce of m bytes over P
ranks takes the shorter of r (L + m (G + g)) and 2 r L + (P - 1) / P m (2 G + g), r = ceil(log2 P); ranks that work s
seconds wait jitter s sqrt(2 ln P) for the slowest. L and G come from the ping-pong, g from long allreduces, where it stands
for all that sending both ways and adding up cost beyond the ping-pong.
"""

import argparse
import glob
import json
import math
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import summary  # noqa: E402

STEADY = 0.01  # jitter of nodes that nobody shares
FAR = (64, 256, 1024, 4096, 10240)
SHORT, LONG = 64, 1 << 15  # bytes: latency is read off the one, bandwidth off the other


class Network:
    def __init__(self, latency, per_byte, per_sum, jitter):
        self.latency, self.per_byte, self.per_sum, self.jitter = latency, per_byte, per_sum, jitter

    def steady(self):
        return Network(self.latency, self.per_byte, self.per_sum, STEADY)

    def allreduce(self, size, ranks):
        if ranks < 2:
            return 0.0
        hops = math.ceil(math.log2(ranks))
        doubling = hops * (self.latency + size * (self.per_byte + self.per_sum))
        halving = 2 * hops * self.latency + (ranks - 1) / ranks * size * (2 * self.per_byte + self.per_sum)
        return min(doubling, halving)

    def straggle(self, seconds, ranks):
        return self.jitter * seconds * math.sqrt(2 * math.log(ranks)) if ranks > 1 else 0.0


def slope(points):
    """Of seconds over bytes, least squares."""
    x, y = statistics.mean(p[0] for p in points), statistics.mean(p[1] for p in points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def points(lines, kind, from_, to=1 << 30):
    return [(p["bytes"], p["seconds"]) for p in lines if p.get("kind") == kind and from_ <= p["bytes"] <= to]


def fit(lines):
    ranks = max(p["ranks"] for p in lines)
    per_byte = max(slope(points(lines, "ping-pong", LONG)), 0.0)
    both_ways = slope(points(lines, "allreduce", LONG)) * ranks / (ranks - 1)
    return Network(statistics.median(s for _, s in points(lines, "ping-pong", 0, SHORT)), per_byte,
                   max(both_ways - 2 * per_byte, 0.0),
                   statistics.median(p["share_typical"] for p in lines if p["kind"] == "jitter"))


def message(k, cols):
    """Bytes of one iteration's allreduce."""
    return 8 * (k * (cols + 1) + 4)


def from_runs(folder):
    """Run directories FOLDER/RANKS as slurm/scaling.sbatch leaves them: the final fit on all customers."""
    for path in glob.glob(os.path.join(folder, "*", "run.json")):
        with open(path) as file:
            run = json.load(file)
        fitted = run["cluster"]
        rows = max(stage["rows"] for stage in run["stages"])
        yield {"question": "scaling", "mode": "strong", "ranks": run["ranks"], "rows": rows,
               "iterations": fitted["iterations"], "seconds": fitted["seconds"], "digest": run["digest"],
               "seconds_per_iteration": fitted["seconds"] / max(fitted["iterations"], 1),
               "seconds_all": sum(stage["seconds"] for stage in run["stages"])}


def medians(lines, mode):
    """{ranks: (rows, seconds of an iteration)}"""
    found = {}
    for line in lines:
        if line["question"] == "scaling" and (line["mode"] == mode or line["ranks"] == 1):
            found.setdefault(line["ranks"], []).append((line["rows"], line["seconds_per_iteration"]))
    return {ranks: (runs[0][0], statistics.median(s for _, s in runs)) for ranks, runs in sorted(found.items())}


def efficiencies(measured, mode):
    """Strong: (first ranks x seconds) / (ranks x seconds). Weak: first seconds / seconds."""
    if not measured:
        return {}
    first = min(measured)
    work = first if mode == "strong" else 1
    return {ranks: work * measured[first][1] / ((ranks if mode == "strong" else 1) * seconds)
            for ranks, (_, seconds) in measured.items()}


def project(network, per_row, rows, size, ranks):
    """Seconds of an iteration: work, allreduce, waiting; and the share that is work."""
    work = per_row * rows / ranks
    parts = work, network.allreduce(size, ranks), network.straggle(work, ranks)
    return (*parts, work / sum(parts))


# ---- words ----


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def words_measured(lines):
    out = ["# Scaling of K-means\n", "## Measured\n"]
    for mode in ("strong", "weak"):
        measured = medians(lines, mode)
        shares = efficiencies(measured, mode)
        if len(measured) > (mode == "weak"):
            out.append(table((mode, "rows", "ms an iteration", "efficiency"),
                             [(f"{p} rank" + "s" * (p > 1), f"{n:,}", f"{s * 1e3:.2f}", f"{shares[p]:.1%}")
                              for p, (n, s) in measured.items()]))
    return "\n".join(out)


def words_projected(lines, network, per_row, target):
    rows, cols, k = target
    size = message(k, cols)
    most = max(line["ranks"] for line in lines if line["question"] == "network")
    out = [f"## The network, between {most} ranks of this run\n"]
    alone = slope(points(lines, "sum", LONG))
    worst = max(p["share"] for p in lines if p.get("kind") == "jitter")
    out.append(f"latency {network.latency * 1e6:.2f} us, {1e-9 / max(network.per_byte, 1e-15):.1f} GB/s, adding up inside an "
               f"allreduce {1e-9 / max(network.per_sum, 1e-15):.1f} GB/s (alone {1e-9 / max(alone, 1e-15):.1f}). Equal work of ten "
               f"milliseconds differs by {network.jitter:.2%} (standard deviation by the quartiles; {worst:.1%} with outliers, "
               "which the projection leaves out). For `tessera plan`:\n")
    out.append(f"    --set plan.latency_us={network.latency * 1e6:.3g} "
               f"--set plan.gb_per_second={1e-9 / max(network.per_byte, 1e-15):.3g} "
               f"--set plan.sum_gb_per_second={1e-9 / max(network.per_sum, 1e-15):.3g} "
               f"--set plan.jitter={min(network.jitter, 1):.3g}\n")
    out.append(table(("allreduce, bytes", "measured, us", "model, us"),
                     [(f"{p['bytes']:,}", f"{p['seconds'] * 1e6:.1f}",
                       f"{network.allreduce(p['bytes'], p['ranks']) * 1e6:.1f}")
                      for p in lines if p.get("kind") == "allreduce"]))
    out.append(f"## A projection, not a measurement: {rows:,} rows, {cols} columns, {k} segments\n")
    out.append(f"Work as measured on {min(medians(lines, 'strong'))} rank(s), {per_row * 1e9:.2f} ns a row at its shape, "
               "the network as above. What it does not know: other fabrics, contention, memory that ranks of a node share.\n")
    rows_of = []
    for ranks in FAR:
        work, reduce_, wait, share = project(network, per_row, rows, size, ranks)
        rows_of.append((f"{ranks:,}", f"{work * 1e6:,.0f}", f"{reduce_ * 1e6:.1f}", f"{wait * 1e6:,.0f}", f"{share:.1%}",
                        f"{project(network.steady(), per_row, rows, size, ranks)[3]:.1%}"))
    out.append(table(("ranks", "work, us", "allreduce, us", "waiting for the slowest, us", "efficiency (projection)",
                      f"with a jitter of {STEADY:.0%}"), rows_of))
    return "\n".join(out)


# ---- a plot ----

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 380, 60, 40, 20, 60
COLOURS = {"strong": "#1f5fa8", "weak": "#b3541e"}


def plot(lines, network, per_row, target):
    """The projection is left out where no network was measured."""
    rows, cols, k = target
    last = math.log2(FAR[-1])

    def at(ranks, share):
        return (LEFT + math.log2(ranks) / last * (WIDTH - LEFT - RIGHT),
                TOP + (1 - max(0.0, min(share, 1.1)) / 1.1) * (HEIGHT - TOP - BOTTOM))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">Efficiency of an iteration of K-means: measured (points), projected (dashed)</text>']
    for percent in (0, 25, 50, 75, 100):
        x, y = at(1, percent / 100)
        out.append(f'<line x1="{x}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{x - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for ranks in (1, 2, 8) + FAR:
        x, y = at(ranks, 0)
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{ranks:,}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 22}" text-anchor="middle">ranks</text>')
    if network:
        for model, colour in ((network, "#444"), (network.steady(), "#999")):
            path = " ".join("{:.1f},{:.1f}".format(*at(p, project(model, per_row, rows, message(k, cols), p)[3]))
                            for p in sorted({round(2 ** (i / 8)) for i in range(int(last * 8) + 1)}))
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="5 4"/>')
    for mode, colour in COLOURS.items():
        for ranks, share in efficiencies(medians(lines, mode), mode).items():
            x, y = at(ranks, share)
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{mode}, {ranks} ranks: '
                       f'{share:.1%}</title></circle>')
    legend = [(COLOURS["strong"], "strong, measured"), (COLOURS["weak"], "weak, measured")]
    if network:
        legend += [("#444", f"projection: strong, {rows:,} x {cols}, k = {k}"), ("#999", f"with a jitter of {STEADY:.0%}")]
    for i, (colour, text) in enumerate(legend):
        x = LEFT + (0, 130, 258, 535)[i]
        out.append(f'<rect x="{x}" y="{HEIGHT - 15}" width="10" height="10" fill="{colour}"/>'
                   f'<text x="{x + 15}" y="{HEIGHT - 6}">{text}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", nargs="?", default=os.devnull, help="lines of JSON from bench_scaling")
    parser.add_argument("--runs", help="folder of run directories, one for each number of ranks")
    parser.add_argument("--target", default="500000000 16 8", help="rows, columns and segments to project")
    parser.add_argument("--keep", help="beginning of the names of .jsonl, .md and .svg")
    options = parser.parse_args()
    with open(options.lines) as file:
        lines = [json.loads(line) for line in file]
    if options.runs:
        lines += from_runs(options.runs)
    strong = medians(lines, "strong")
    if not strong:
        sys.exit("scaling.py: no strong run was measured")
    probes = [line for line in lines if line["question"] == "network"]
    network = fit(probes) if probes else None
    target = tuple(int(x) for x in options.target.split())
    first = min(strong)
    per_row = strong[first][1] * first / strong[first][0]
    said = words_measured(lines)
    if network:
        said += "\n" + words_projected(lines, network, per_row, target)
    print(said)
    about = {key: lines[0].get(key, value) for key, value in summary.environment().items()}  # lines that were kept stay
    keep = options.keep or os.path.join(HERE, "results", folder_name(about), "scaling-" + about["date"][:16].replace("T", "-").replace(":", ""))
    os.makedirs(os.path.dirname(keep) or ".", exist_ok=True)
    with open(keep + ".jsonl", "w") as file:
        file.writelines(json.dumps({**line, **about}) + "\n" for line in lines)
    with open(keep + ".md", "w") as file:
        file.write(said + f"\n{about['processor']}, {about['cores']} cores, {about['mpi']}, commit {about['commit']}, "
                   f"{about['date']}\n")
    with open(keep + ".svg", "w") as file:
        file.write(plot(lines, network, per_row, target))


def folder_name(about):
    words_ = "".join(c if c.isalnum() else "-" for c in about["processor"].replace("(R)", "").lower())
    return "-".join(w for w in words_.split("-") if w) + f"-{about['cores']}-cores"


if __name__ == "__main__":
    main()
