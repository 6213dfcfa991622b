"""What every peer's script begins and ends with: options, time, memory, one line of JSON with Tessera's keys.

Peers get all cores; bench/run sets OMP_NUM_THREADS and OPENBLAS_CORETYPE before Python starts. The float32 rows are read
into the process's own memory before anything is timed, and each script warms up its library on a few rows first. The
peak of memory begins anew just before the timed call, with the rows in place: a peer computes on them, so they count.
"""

import argparse
import json
import os
import time

import numpy as np

WARM_UP_ROWS = 4096


def options(kmeans):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", default="")
    parser.add_argument("--data", required=True)
    if kmeans:
        parser.add_argument("--start", required=True)
        parser.add_argument("--updates", type=int, default=20, help="0: until no row moves")
        parser.add_argument("--labels", help="file for the labels")
        parser.add_argument("--algorithm", default="lloyd")
        parser.add_argument("--in-place", action="store_true", help="let the peer overwrite the rows it was given")
    else:
        parser.add_argument("--solver", default="full")
    return parser.parse_args()


def load(path):
    rows = np.load(path)
    assert rows.dtype == np.float32 and rows.flags.c_contiguous
    return rows


def peak_reset():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def resident_mb(key):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024e-6
    return float("nan")


class Stage:
    """with Stage() as stage: ... measures seconds, peak_mb, and what was resident before."""

    def __enter__(self):
        peak_reset()
        self.before_mb = resident_mb("VmRSS")
        self.started = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.started
        self.peak_mb = resident_mb("VmHWM")


def report(question, tool, version, rows, stage, **more):
    line = {
        "question": question,
        "tool": tool,
        "version": version,
        "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())),
        "openblas_core": os.environ.get("OPENBLAS_CORETYPE", ""),
        "rows": rows.shape[0],
        "cols": rows.shape[1],
        "seconds_total": stage.seconds,
        "peak_mb": stage.peak_mb,
        "before_mb": stage.before_mb,
    }
    line.update(more)
    print(json.dumps(line))
