#!/usr/bin/env python3
"""segments.json against its schema: a population with everything, tiers, a bare matrix, and one where all is masked.
   schema.py TESSERA SCHEMA WORK-FOLDER

77: jsonschema or h5py is missing (an error where TESSERA_REQUIRE_DATA is 1)."""
import copy
import json
import os
import shutil
import subprocess
import sys

try:
    import h5py
    import jsonschema
except ImportError as missing:
    print("skipped: %s is not installed (Debian: python3-jsonschema, python3-h5py)" % missing.name)
    sys.exit(1 if os.environ.get("TESSERA_REQUIRE_DATA") == "1" else 77)

JOBS = {
    "whole": "dataset: data\ncluster: {k: 4..5}\ntsne: {sample: 500, iterations: 50}\nvalue: {calibration_end: 2023-12-31}\n",
    "tiers": "dataset: data\ncluster: {method: clv_tiers}\nrfm: {nested: true}\nvalue: {model: bg_nbd, covariates: [age]}\n",
    "masked": "dataset: few\ncluster: {k: 2}\ntsne: {sample: 500, iterations: 50}\nvalue: {model: none}\n",
    "matrix": "matrix: {file: x.h5, path: /x}\ncluster: {k: 3}\n",
}


def segments_of(tessera, work, name):
    with open(os.path.join(work, name + ".yaml"), "w") as job:
        job.write(JOBS[name] + "output: %s\n" % name)
    subprocess.run([tessera, "segment", name + ".yaml", "--quiet"], cwd=work, check=True, stdout=subprocess.DEVNULL,
                   timeout=600)
    with open(os.path.join(work, name, "segments.json")) as text:
        return json.load(text)


def broken(whole):
    """Copies that a schema worth its name refuses."""
    def change(path, value):
        bad = copy.deepcopy(whole)
        at = bad
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        return bad

    yield change(["customers"], -1)
    yield change(["revenue"], 12.5)
    yield change(["segments", 0, "share"], "half")
    yield change(["segments", 0, "features", "recency", "p50"], "long ago")
    yield change(["rfm", "grid", 0, "customers"], 2.5)
    for place in ([], ["quality"], ["rfm"], ["value"], ["value", "validation", "tracking"], ["total"], ["segments", 0],
                  ["segments", 0, "means"], ["segments", 0, "action"], ["choice", 0]):
        yield change(place + ["of_nobody"], 1)
    without = copy.deepcopy(whole)
    del without["segments"]
    yield without


def wrong_sums(folder):
    """What segments.json says of value against the rows of customers.h5, and intervals against what they hold."""
    with open(os.path.join(folder, "segments.json")) as text:
        segments = json.load(text)["segments"]
    with h5py.File(os.path.join(folder, "customers.h5")) as f:
        column = {name: f[name][:] for name in ("segment", "p_buy", "churn_risk", "clv", "clv_infinite", "p_alive")}
    for part in segments:
        own = (column["segment"] == part["segment"]) & (column["p_alive"] >= 0)
        for key, name in (("expected_buyers", "p_buy"), ("clv_total", "clv"), ("clv_infinite_total", "clv_infinite")):
            total = float(column[name][own].astype("f8").sum())
            if not abs(part[key] - total) <= 1e-6 * total:
                yield "%s of segment %d is %s, not %s" % (key, part["segment"], part[key], total)
        for name in ("p_buy", "churn_risk", "clv", "clv_infinite"):
            mean, (low, high) = float(column[name][own].astype("f8").mean()), part["means"][name + "_interval"]
            if not (low < mean < high and abs(part["means"][name] - mean) <= 1e-6 * mean):
                yield "%s of segment %d: %s in (%s, %s)" % (name, part["segment"], mean, low, high)


def main(tessera, schema, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    for name, customers in (("data", "1500"), ("few", "9")):
        subprocess.run([tessera, "synth", "--customers", customers, "--output", name, "--quiet"], cwd=work, check=True,
                       stdout=subprocess.DEVNULL, timeout=600)
    with h5py.File(os.path.join(work, "x.h5"), "w") as f:
        f["x"] = [[float(i % 7), float(i * i % 11)] for i in range(200)]
    with open(schema) as text:
        validator = jsonschema.Draft202012Validator(json.load(text))
    validator.check_schema(validator.schema)
    failed = 0
    for name in JOBS:
        for error in validator.iter_errors(segments_of(tessera, work, name)):
            failed += 1
            print("FAILED %s: %s: %s" % (name, "/".join(map(str, error.absolute_path)), error.message[:200]))
    for text in wrong_sums(os.path.join(work, "whole")):
        failed += 1
        print("FAILED %s" % text)
    with open(os.path.join(work, "whole", "segments.json")) as text:
        for i, bad in enumerate(broken(json.load(text))):
            if validator.is_valid(bad):
                failed += 1
                print("FAILED broken copy %d is accepted" % i)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])))
