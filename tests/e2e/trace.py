"""--trace: JSON of the trace event format, a row per rank, waits inside stages; refused before the work where it cannot
be written; kept where the run fails. And what run.json says of the stages.   trace.py TESSERA MPIEXEC WORK"""
import json
import os
import shutil
import subprocess
import sys

tessera, mpiexec, work = sys.argv[1:]
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
os.chdir(work)
RANKS = 3


def run(*words, expected=0, fault=None):
    env = dict(os.environ, **({"TSR_FAULT": fault} if fault else {}))
    done = subprocess.run([mpiexec, "--timeout", "300", "-np", str(RANKS), tessera, *words], env=env, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == expected, f"{words}: status {done.returncode}\n{done.stderr}"
    return done.stderr


def read(path):
    with open(path) as file:
        return json.load(file)


def spans_of(path, command):
    """{rank: [spans]}, after a look at what the format asks for."""
    trace = read(path)
    assert trace["otherData"]["ranks"] == RANKS
    rows, spans = {}, {rank: [] for rank in range(RANKS)}
    for event in trace["traceEvents"]:
        if event["ph"] == "M":
            if event["name"] == "thread_name":
                rows[event["tid"]] = event["args"]["name"]
            if event["name"] == "process_name":
                assert event["args"]["name"] == "tessera " + command
            continue
        assert event["ph"] == "X" and event["pid"] == 0 and event["dur"] >= 0 and event["ts"] >= -1e6, event
        assert event["cat"] in ("stage", "step", "wait"), event
        spans[event["tid"]].append(event)
    assert rows == {rank: f"rank {rank}" for rank in range(RANKS)}, rows
    return spans


def names(spans, category):
    return [span["name"] for span in spans if span["cat"] == category]


run("synth", "--customers", "2000", "--output", "data", "--trace", "synth.json")
for rank, spans in spans_of("synth.json", "synth").items():
    assert names(spans, "stage") == ["draw", "dictionaries", "write"], names(spans, "stage")

with open("job.yaml", "w") as file:
    file.write("dataset: data\noutput: run\ncluster: {k: 3, restarts: 2}\n")
said = run("segment", "job.yaml", "--trace", "segment.json", "--verbose")
stages = read("run/run.json")["stages"]
every = spans_of("segment.json", "segment")
for rank, spans in every.items():
    assert names(spans, "stage") == [stage["name"] for stage in stages]
    assert {"iteration", "quantiles", "write table"} <= set(names(spans, "step"))
    assert "MPI_Allreduce" in names(spans, "wait")
    kmeans = next(span for span in spans if span["name"] == "kmeans")
    inside = [span for span in spans if span["name"] == "iteration"]
    assert inside and all(kmeans["ts"] <= s["ts"] and s["ts"] + s["dur"] <= kmeans["ts"] + kmeans["dur"] + 1 for s in inside)
assert len({len([s for s in spans if s["name"] == "iteration"]) for spans in every.values()}) == 1

# The same stages in run.json and in the table of --verbose.
table = [line.split() for line in said.splitlines()]
for stage in stages:
    assert stage["ranks"] == RANKS and stage["seconds"] > 0
    assert 1 <= stage["imbalance"] <= RANKS + 1e-9 and 1 <= stage["imbalance_rows"] <= RANKS
    assert 0 <= stage["waiting"]["mean"] <= stage["waiting"]["max"] <= stage["seconds"] + 1e-3
    peak = stage["peak_rss_mb"]
    assert 0 < peak["min"] <= peak["max"] <= peak["sum"]
    assert any(line and line[0] == stage["name"] and len(line) == 10 for line in table), (stage["name"], said)
by_name = {stage["name"]: stage for stage in stages}
assert by_name["customers"]["bytes"]["written"] > 2000 * 8 and by_name["scale"]["bytes"]["read"] > 2000 * 8
assert by_name["kmeans"]["bytes"]["sent"] > 0

# A file that cannot be written is known before the work, and a run that fails leaves a whole trace.
assert "nowhere/t.json" in run("segment", "job.yaml", "--set", "output=other", "--trace", "nowhere/t.json", expected=4)
assert not os.path.exists("other")
run("segment", "job.yaml", "--set", "output=failing", "--trace", "failing.json", expected=4, fault="point=pca,rank=1")
assert "tiles" in names(spans_of("failing.json", "segment")[2], "stage")
assert not [name for name in os.listdir() if name.endswith(".part")], os.listdir()
