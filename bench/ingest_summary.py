"""Table of one run of bench/ingest, and the file that is kept: each line of JSON with processor, versions and commit."""

from summary import Runs, finish, start, table

GROUP_MOST, SORT_MOST, READ_MOST = 1.2, 1.0, 0.5  # of DuckDB's time


def row_of(runs, tool, source, task):
    found = runs.of(tool=tool, source=source, task=task)
    rows = found.median("rows") if found.values("rows") else float("nan")
    peak = found.median("peak_mb_per_rank") if found.values("peak_mb_per_rank") else found.median("peak_mb")
    best = min(line["seconds"] for line in found.lines)
    return [f"{tool}, {found.lines[0]['ranks']}", source, task, str(len(found.lines)), f"{best:.2f}",
            f"{found.median('seconds'):.2f}", f"{1e9 * found.median('seconds') / rows:.0f}" if rows == rows else "-",
            f"{peak:.0f}"]


def ratio(runs, own_task, task, source, most):
    ours, theirs = runs.of(tool="tessera", task=own_task, source=source), runs.of(tool="duckdb", task=task, source=source)
    if not ours or not theirs:
        return []
    value = ours.median("seconds") / theirs.median("seconds")
    return [[f"{task}, {source}: of DuckDB's time", f"{value:.2f}x", f"{most}x",
             "reached" if value <= most else "not reached"]]


def main():
    args, around, lines = start()
    runs = Runs(lines)
    kinds = dict.fromkeys((line["tool"], line["source"], line["task"]) for line in lines)
    versions = dict.fromkeys(f"{line['tool']} {line['version']}" for line in lines if "version" in line)
    text = [f"Tessera {around['commit']}, {around['date']}, {around['mpi']}. {', '.join(versions)}. "
            f"{around['processor']}, {around['cores']} cores, {around['memory_gb']} GB.", "",
            "group: Tessera writes the whole dataset, partitioned and sorted; DuckDB reads, and groups by customer into count, "
            "sum, maximum. sort: DuckDB orders the rows by customer and time and writes them as one Parquet file, the nearest "
            "to what Tessera does in group. sum: rows are read, one column is added up, nothing is kept. Peak memory is "
            "Tessera's per rank, DuckDB's of all threads.", ""]
    text += table(["program, ranks or threads", "source", "task", "runs", "s least", "s median", "ns per row", "peak MB"],
                  [row_of(runs, *kind) for kind in kinds])
    text += table(["target", "measured", "wanted", ""],
                  [row for source in ("text", "parquet") for row in ratio(runs, "group", "group", source, GROUP_MOST) +
                   ratio(runs, "group", "sort", source, SORT_MOST)] + ratio(runs, "sum", "sum", "text", READ_MOST))
    finish(text, args.keep, around, lines)


if __name__ == "__main__":
    main()
