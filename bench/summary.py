"""Tables of one run of bench/run, and the file that is kept: each line of JSON with processor, versions and commit."""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

# How many times faster than scikit-learn with all cores, or than NumPy's float32 product of centred rows.
PER_ITERATION = {"A": 8, "B": 4, "C": 2.8, "D": 8}
TO_CONVERGENCE = {"A": 15, "B": 8, "C": 4, "D": 15}
PCA_SKLEARN = {"A": 20, "W": 8}
PCA_NUMPY = {"A": 1.5, "W": 0.8}
VALUE_FIT, VALUE_SCORES, PARETO_MOST = 20, 10, 5
COVERAGE_BEYOND, COVERAGE_MISSED = 5, 12
MEMORY_SHARE = 1 / 3  # of scikit-learn's, on A
FOREST_SKLEARN, FOREST_WORSE = 5, 0.005  # times faster; accuracy and AUC below scikit-learn's
INERTIA_SAME, ARI_SAME, INERTIA_WORSE = 1e-5, 0.999, 1e-4


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=os.path.dirname(os.path.abspath(__file__))).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def environment():
    with open("/proc/cpuinfo") as file:
        fields = [line.split(":", 1) for line in file if ":" in line]
    cpu = {key.strip(): value.strip() for key, value in reversed(fields)}
    changed = output("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "commit": output("git", "rev-parse", "--short", "HEAD") + ("+changes" if changed else ""),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
        "processor": cpu.get("model name", platform.machine()),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 1e-9, 1),
        "kernel": platform.release(),
        "mpi": output("mpirun", "--version").split("\n")[0],
        "openblas": output("dpkg-query", "-W", "-f", "${Version}", "libopenblas0-pthread"),
        "openblas_core": os.environ.get("OPENBLAS_CORETYPE", ""),
        "load": os.getloadavg()[0],
    }


class Runs:
    """Lines of one question, picked by their keys; numbers are medians over repeats."""

    def __init__(self, lines):
        self.lines = lines

    def of(self, **wanted):
        return Runs([line for line in self.lines if all(line.get(key) == value for key, value in wanted.items())])

    def values(self, key):
        """Each value once, in order of appearance."""
        return list(dict.fromkeys(line[key] for line in self.lines if key in line))

    def median(self, key):
        found = [line[key] for line in self.lines if key in line]
        return statistics.median(found) if found else float("nan")

    def best(self, key):
        return max(line[key] for line in self.lines)

    def __bool__(self):
        return bool(self.lines)


def table(head, rows):
    text = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return text + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def times(ratio):
    return f"{ratio:.2f}x" if ratio == ratio else "-"


def seconds(value):
    return f"{value:.4f}" if value == value else "-"


def name_of(tool, algorithm):
    return tool if algorithm in ("lloyd", "covariance") else f"{tool} {algorithm}"


class Targets:
    def __init__(self):
        self.rows = []

    def at_least(self, what, reached, wanted):
        if reached == reached:
            self.rows.append([what, times(reached), f"{wanted}x", "reached" if reached >= wanted else "not reached"])

    def at_most(self, what, reached, wanted):
        if reached == reached:
            self.rows.append([what, f"{reached:.2g}", f"{wanted:.2g}", "reached" if reached <= wanted else "not reached"])


def sweep(ours, machine):
    """What one iteration would need if it read all tiles once and multiplied everything, as shares of the limits."""
    n, d, k = (ours.lines[0][key] for key in ("rows", "cols", "k"))
    each = ours.median("seconds_per_iteration")
    read = 2.0 * n * d / each * 1e-9 / machine.best("read_gb_s")
    multiply = 2.0 * n * d * k / each * 1e-9 / machine.best("fma_gflop_s")
    return (f"One iteration of Tessera as if it read every tile once (2 n d bytes) and every product were made (2 n d k "
            f"operations): {read:.0%} of the machine's read bandwidth, {multiply:.0%} of its multiply-add peak. More "
            f"than 100% is what skipping tiles saves.")


def kmeans_targets(targets, workload, updates, runs, agreement):
    ours, peer = runs.of(tool="tessera"), runs.of(tool="scikit-learn", algorithm="lloyd")
    if updates > 0:
        targets.at_least(f"{workload}: one iteration", peer.median("seconds_per_iteration") /
                         ours.median("seconds_per_iteration"), PER_ITERATION[workload])
    else:
        fit = peer.median("seconds_total")
        targets.at_least(f"{workload}: float32 rows to final labels", fit / ours.median("seconds_total"),
                         TO_CONVERGENCE[workload])
        targets.at_least(f"{workload}: the iterations alone", fit / ours.median("seconds_iterations"),
                         TO_CONVERGENCE[workload])
    if workload == "A" and updates > 0:
        targets.at_most("A: peak memory, of scikit-learn's", ours.median("peak_mb") / peer.median("peak_mb"),
                        MEMORY_SHARE)
    theirs = agreement.of(tool="scikit-learn")
    if theirs:
        worse = agreement.of(tool="tessera").median("inertia_of_labels") / theirs.median("inertia_of_labels") - 1
        same = theirs.median("ari") >= ARI_SAME
        what = f"{workload}: inertia, {name_of_end(updates)}, " + ("relative difference" if same else "relatively worse")
        targets.at_most(what, abs(worse) if same else worse, INERTIA_SAME if same else INERTIA_WORSE)


def name_of_end(updates):
    return f"{updates} updates" if updates > 0 else "to convergence"


def kmeans(runs, agreements, machine, targets):
    text = []
    for workload in runs.values("workload"):
        for updates in runs.of(workload=workload).values("updates"):
            these = runs.of(workload=workload, updates=updates)
            agreement = agreements.of(workload=workload, updates=updates)
            ours, first = these.of(tool="tessera"), these.lines[0]
            rows = []
            for tool, algorithm in dict.fromkeys((line["tool"], line["algorithm"]) for line in these.lines):
                run, same = these.of(tool=tool, algorithm=algorithm), Runs([])
                if algorithm == "lloyd":
                    same = agreement.of(tool=tool)
                base = agreement.of(tool="tessera").median("inertia_of_labels")
                rows.append([
                    name_of(tool, algorithm), str(len(run.lines)), f"{run.median('iterations'):.0f}",
                    seconds(run.median("seconds_per_iteration")), seconds(run.median("seconds_iterations")),
                    seconds(run.median("seconds_tiles")), seconds(run.median("seconds_total")),
                    times(run.median("seconds_per_iteration") / ours.median("seconds_per_iteration")),
                    times(run.median("seconds_total") / ours.median("seconds_total")),
                    f"{run.median('peak_mb'):.0f}",
                    f"{same.median('inertia_of_labels'):.8g}" if same else "-",
                    f"{same.median('inertia_of_labels') / base - 1:+.1e}" if same else "-",
                    f"{same.median('ari'):.5f}" if same else "-",
                ])
            text.append(f"### {workload}: {first['rows']:,} x {first['cols']}, k = {first['k']}, {name_of_end(updates)}")
            text.append("")
            text += table(["", "runs", "iterations", "s / iteration", "s iterations", "s tiles", "s total",
                           "/ iteration", "/ total", "peak MB", "inertia of labels", "relative", "ARI"], rows)
            text += [sweep(ours, machine), ""]
            if len(ours.values("digest")) != 1:
                text += ["**Tessera's labels differ between repeats.**", ""]
            kmeans_targets(targets, workload, updates, these, agreement)
    return text


def pca(runs, targets):
    text = []
    for workload in runs.values("workload"):
        these = runs.of(workload=workload)
        ours, first = these.of(tool="tessera"), these.lines[0]
        rows = []
        for tool, algorithm in dict.fromkeys((line["tool"], line["algorithm"]) for line in these.lines):
            run = these.of(tool=tool, algorithm=algorithm)
            rows.append([
                name_of(tool, algorithm), str(len(run.lines)), seconds(run.median("seconds_total")),
                seconds(run.median("seconds_tiles")), seconds(run.median("seconds_fit")),
                seconds(run.median("seconds_product")),
                times(run.median("seconds_total") / ours.median("seconds_total")), f"{run.median('peak_mb'):.0f}",
                f"{run.median('variance_first'):.9g}",
                f"{run.median('variance_first') / ours.median('variance_first') - 1:+.1e}",
            ])
        text += [f"### {workload}: {first['rows']:,} x {first['cols']}", ""]
        text += table(["", "runs", "s total", "s tiles", "s fit", "s product", "/ total", "peak MB", "first variance",
                       "relative"], rows)
        sklearn = [these.of(tool="scikit-learn", algorithm=a).median("seconds_total") for a in ("full", "randomized")]
        fastest = min((s for s in sklearn if s == s), default=float("nan"))
        product = these.of(tool="numpy").median("seconds_product")
        for what, key in (("from tiles", "seconds_fit"), ("from float32 rows", "seconds_total")):
            targets.at_least(f"{workload}: {what}, scikit-learn's fastest solver", fastest / ours.median(key),
                             PCA_SKLEARN[workload])
            targets.at_least(f"{workload}: {what}, NumPy's float32 product alone", product / ours.median(key),
                             PCA_NUMPY[workload])
            targets.at_least(f"{workload}: {what}, NumPy in all", these.of(tool="numpy").median("seconds_total") /
                             ours.median(key), PCA_NUMPY[workload])
    return text


FIGURES = ("p_alive", "p_buy", "churn_risk", "expected_purchases", "expected_spend", "clv")
RATES = ("predictions{}_per_second_and_core", "scores{}_per_second_and_core")  # CLV in 1 step, in 12


def value_fits(these):
    rows = []
    for tool, model in dict.fromkeys((line["tool"], line["algorithm"]) for line in these.lines):
        run = these.of(tool=tool, algorithm=model)
        names = ("r", "alpha", "s", "beta") if model == "pareto_nbd" else ("r", "alpha", "a", "b")
        rows.append([f"{tool} {model}", str(len(run.lines)), seconds(run.median("seconds_purchases")),
                     seconds(run.median("seconds_spend")), f"{run.median('evaluations'):.0f}",
                     " ".join(f"{run.median(name):.5g}" for name in names),
                     " ".join(f"{run.median(name):.5g}" for name in ("p", "q", "gamma"))])
    return table(["fit", "runs", "s purchases", "s spend", "evaluations", "parameters", "spend"], rows)


def value_rows(ours, others):
    rows = []
    for name, run, how in [("tessera bg_nbd, one rank", ours, "")] + others:
        if run:
            rates = [run.median(key.format(how)) for key in RATES]
            most = [ours.median(key.format("")) for key in RATES]
            rows.append([name] + [text for rate, best in zip(rates, most) for text in (f"{rate:,.0f}", f"{best / rate:.1f}x")])
    return ["Rows of scores per second and core. A row is P(alive), P(buy), churn risk, expected purchases, expected spend and "
            "CLV, of whole days, in the order of the draw; nobody computes value for ever.", ""] + table(
                ["", "CLV in 1 step", "the first is", "CLV in 12 steps", "the first is"], rows)


def value(runs, targets):
    text = []
    for customers in runs.values("customers"):
        all_ranks = max(runs.of(customers=customers).values("ranks"))
        these = Runs([line for line in runs.of(customers=customers).lines if line.get("ranks", all_ranks) == all_ranks])
        ours, pareto, peer = (these.of(tool=tool, algorithm=model) for tool, model in (
            ("tessera", "bg_nbd"), ("tessera", "pareto_nbd"), ("scipy", "bg_nbd")))
        alone = runs.of(customers=customers, tool="tessera", algorithm="bg_nbd", ranks=1)
        text += [f"### {customers:,} customers, no two histories equal", ""] + value_fits(these)
        text += value_rows(alone, [(f"tessera bg_nbd, {all_ranks} ranks", ours, ""),
                                   (f"tessera pareto_nbd, {all_ranks} ranks", pareto, ""),
                                   ("scipy bg_nbd, customer by customer", peer, ""),
                                   ("scipy bg_nbd, each pair of x and T once", peer, "_of_pairs")])
        if peer:
            both = [run.median("seconds_purchases") + run.median("seconds_spend") for run in (peer, ours)]
            targets.at_least(f"{customers:,}: both fits", both[0] / both[1], VALUE_FIT)
            for what, key in zip(("1 step", "12 steps"), RATES):
                targets.at_least(f"{customers:,}: rows of scores per core, CLV in {what}, beside customer by customer",
                                 alone.median(key.format("")) / peer.median(key.format("")), VALUE_SCORES)
            for what, names in (("parameters", ("r", "alpha", "a", "b", "p", "q", "gamma")), ("sums of figures", FIGURES)):
                off = max(abs(ours.median(name) / peer.median(name) - 1) for name in names)
                targets.at_most(f"{customers:,}: {what}, largest relative difference", off, 5e-5)
        if pareto:
            targets.at_most(f"{customers:,}: Pareto/NBD's fit, of BG/NBD's",
                            pareto.median("seconds_purchases") / ours.median("seconds_purchases"), PARETO_MOST)
    return text


def coverage(runs, targets):
    text = []
    for line in runs.lines:
        names = ("r", "alpha", "s", "beta") if line["algorithm"] == "pareto_nbd" else ("r", "alpha", "a", "b")
        rows = [[name] + [f"{line[key + name]:.0f}" for key in ("within_95_", "within_3_")] +
                [f"{line[key + name]:.2f}" for key in ("farthest_", "mean_", "deviation_")]
                for name in names + ("p", "q", "gamma")]
        text += [f"### {line['algorithm']}: {line['seeds']} populations of {line['customers']:,} customers, "
                 f"{line['fitted']} fits with standard errors", ""]
        text += table(["", "within 1.96 SE", "within 3 SE", "farthest", "mean", "deviation"], rows)
        # The number of 100 intervals of 95 % that miss is binomial: three of its deviations above 5 is 12.
        least = min(line["within_95_" + name] for name in names + ("p", "q", "gamma"))
        share = 100 / line["seeds"]
        targets.at_most(f"{line['algorithm']}: seeds of 100 with a parameter beyond 3 standard errors",
                        (line["seeds"] - line["all_within_3"]) * share, COVERAGE_BEYOND)
        targets.at_most(f"{line['algorithm']}: intervals of 100 that miss, most of a parameter",
                        (line["seeds"] - least) * share, COVERAGE_MISSED)
    return text


def predict(runs, targets):
    text = []
    for workload in runs.values("workload"):
        these = runs.of(workload=workload)
        ours, peer, first = these.of(tool="tessera"), these.of(tool="scikit-learn"), these.lines[0]
        rows = []
        for tool in these.values("tool"):
            run = these.of(tool=tool)
            rows.append([tool, str(len(run.lines)), seconds(run.median("seconds_bins")), seconds(run.median("seconds_fit")),
                         seconds(run.median("seconds_total")),
                         times(run.median("seconds_total") / ours.median("seconds_total")),
                         seconds(run.median("seconds_predict")), f"{run.median('peak_mb'):.0f}",
                         f"{run.median('leaves'):.0f}", f"{run.median('accuracy'):.5f}", f"{run.median('auc'):.5f}"])
        text += [f"### {workload}: {first['rows']:,} x {first['cols']}, four fifths learned from, {first['trees']} trees, "
                 f"{first['depth']} deep, leaves of 5, 5 columns tried at each node", ""]
        text += table(["", "runs", "s bins", "s trees", "s total", "/ total", "s predict", "peak MB", "leaves", "accuracy",
                       "AUC"], rows)
        targets.at_least(f"{workload}: float32 rows to trees", peer.median("seconds_total") /
                         ours.median("seconds_total"), FOREST_SKLEARN)
        for key in ("accuracy", "auc"):
            targets.at_most(f"{workload}: {key} below scikit-learn's", peer.median(key) - ours.median(key), FOREST_WORSE)
    return text


def start():
    """Arguments, environment and the lines of a summary."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lines")
    parser.add_argument("--keep", help="beginning of the paths: .jsonl and .md follow")
    args = parser.parse_args()
    with open(args.lines) as file:
        return args, environment(), [json.loads(line) for line in file]


def finish(text, keep, around, lines):
    """Print the tables, and keep them and the lines where that is asked for."""
    sys.stdout.write("\n".join(text))
    if keep:
        with open(keep + ".md", "w") as file:
            file.write("\n".join(text))
        with open(keep + ".jsonl", "w") as file:
            for line in lines:
                file.write(json.dumps({**around, **line}) + "\n")
        print(f"kept: {keep}.md and .jsonl")


def main():
    args, around, lines = start()
    everything, targets = Runs(lines), Targets()
    machine = everything.of(question="machine")
    first = everything.of(tool="tessera").lines[0]
    versions = dict.fromkeys(f"{line['tool']} {line['version']}" for line in lines if "version" in line)
    text = [f"Tessera {around['commit']}, {around['date']}, {first['ranks']} ranks, {first['isa']} kernels, "
            f"{first['compiler']}, {around['mpi']}. {', '.join(versions)}; OpenBLAS "
            f"{around['openblas']} as {around['openblas_core']}. {around['processor']}, {around['cores']} cores, "
            f"{around['memory_gb']} GB. Medians; times larger than Tessera's are marked as so many x.", ""]
    if machine:
        text += ["Machine, before and after each piece: reading " +
                 ", ".join(f"{line['read_gb_s']:.1f}" for line in machine.lines) + " GB/s, multiply-add " +
                 ", ".join(f"{line['fma_gflop_s']:.0f}" for line in machine.lines) + " Gflop/s (float32).", ""]
    text += kmeans(everything.of(question="kmeans"), everything.of(question="agreement"), machine, targets)
    text += pca(everything.of(question="pca"), targets)
    text += value(everything.of(question="value"), targets)
    text += coverage(everything.of(question="coverage"), targets)
    text += predict(everything.of(question="predict"), targets)
    text += table(["target", "measured", "wanted", ""], targets.rows)

    finish(text, args.keep, around, lines)


if __name__ == "__main__":
    main()
