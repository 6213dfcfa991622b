#!/usr/bin/env python3
"""Look at a run directory with other people's tools: h5py, NumPy, json. Nothing of Tessera is used.

    independent.py RUN [DATASET]

Checks that what the run says of itself follows from its files: exact revenue, segment sizes, RFM scores, nearest
centroids, quantiles, CLV totals. Exits 1 with one line per disagreement; 77 where h5py or NumPy is missing.
"""
import json
import os
import sys
from decimal import Decimal

try:
    import h5py
    import numpy as np
except ImportError:
    print("skipped: h5py or NumPy is not installed")
    sys.exit(77)

problems = []


def check(condition, what):
    print(("ok   " if condition else "FAIL ") + what)
    if not condition:
        problems.append(what)


def close(a, b, rel):
    return abs(a - b) <= rel * max(abs(a), abs(b), 1e-300)


def main(run, dataset):
    customers = h5py.File(os.path.join(run, "customers.h5"), "r")
    features = h5py.File(os.path.join(run, "features.h5"), "r")
    model = h5py.File(os.path.join(run, "model.h5"), "r")
    said = json.load(open(os.path.join(run, "segments.json"), encoding="utf-8"))
    manifest = json.load(open(os.path.join(run, "run.json"), encoding="utf-8"))
    n = said["customers"]
    segment = customers["segment"][:]
    k = len(said["segments"])

    check(all(len(customers[c]) == n for c in customers), "all columns of customers.h5 have one length")
    check(all("unit" in customers[c].attrs and "description" in customers[c].attrs for c in customers),
          "each column says its unit and what it is")
    key, ident = customers["key"][:], customers["id"][:]
    check(bool(np.all((key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & (ident[1:] > ident[:-1])))),
          "rows are in (key, id) order")
    sizes = np.bincount(segment, minlength=k)
    check([s["customers"] for s in said["segments"]] == sizes.tolist(), "segment sizes")

    info = json.load(open(os.path.join(dataset, "dataset.json"), encoding="utf-8")) if dataset else None
    revenue = features["revenue"][:].astype(object)
    scale = info["money_scale"] if info and "money_scale" in info else 2
    units = Decimal(10) ** scale
    total = sum(int(x) for x in revenue)
    check(Decimal(said["revenue"]) == Decimal(total) / units, "revenue in segments.json = sum of features.h5, exactly")
    for s in said["segments"]:
        mine = sum(int(x) for x in revenue[segment == s["segment"]])
        check(Decimal(s["revenue"]) == Decimal(mine) / units, "revenue of segment %d, exactly" % s["segment"])
    per_head = [sum(int(x) for x in revenue[segment == c]) / sizes[c] for c in range(k)]
    check(per_head == sorted(per_head, reverse=True), "segments are numbered by revenue per customer")

    if info:
        amount = 0
        for name in sorted(os.listdir(dataset)):
            if name.startswith("part-"):
                with h5py.File(os.path.join(dataset, name), "r") as part:
                    amount += int(part["transactions/amount"][:].astype(np.int64).sum())
        if manifest.get("after_as_of", 0) == 0:
            check(amount == total, "revenue of the run = sum of amounts in the partition files")

    bought = features["recency_days"][:] >= 0
    r, f = features["recency_days"][:][bought], features["orders"][:][bought]
    m = np.array([int(x) for x in revenue[bought]], dtype=np.float64) / float(units)
    for column, values, reverse in (("rfm_r", r, True), ("rfm_f", f, False), ("rfm_m", m, False)):
        edges = np.quantile(values, [.2, .4, .6, .8])
        score = 1 + (values[:, None] > edges[None, :]).sum(axis=1)
        score = 6 - score if reverse else score
        check(bool(np.all(customers[column][:][bought] == score)), "%s: rule V by NumPy quantiles" % column)

    centroid = model["kmeans/centroids"][:] * float(np.ravel(model["kmeans/step"][()])[0])
    if "pca" in customers:
        x = customers["pca"][:].astype(np.float64)
        if x.shape[1] == centroid.shape[1]:
            d = ((x[:, None, :] - centroid[None, :, :]) ** 2).sum(axis=2)
            d_sorted = np.sort(d, axis=1)
            clear = d_sorted[:, 1] - d_sorted[:, 0] > 1e-3 * (1 + d_sorted[:, 0]) if k > 1 else np.ones(n, bool)
            check(bool(np.all(d.argmin(axis=1)[clear] == segment[clear])), "each customer is in the nearest segment")
            own = np.sqrt(d[np.arange(n), segment])
            check(bool(np.allclose(own, customers["segment_distance"][:], rtol=2e-3, atol=2e-3)), "segment_distance")
            check(close(float((own ** 2).sum()), said["quality"]["inertia"], 1e-3), "inertia")

    for name in said["segments"][0]["features"]:
        if name not in features:
            continue
        for s in said["segments"]:
            values = features[name][:][segment == s["segment"]]
            values = values[~np.isnan(values)]
            told = s["features"][name]
            if told is None or told.get("mean") is None or len(values) == 0:
                continue
            q = np.quantile(values, [.1, .25, .5, .75, .9])
            good = close(told["mean"], values.mean(), 1e-9) or abs(told["mean"] - values.mean()) < 1e-9
            good = good and all(told[p] is None or abs(told[p] - v) <= 1e-12 * max(1, abs(v))
                                for p, v in zip(("p10", "p25", "p50", "p75", "p90"), q))
            check(bool(good), "mean and quantiles of %s in segment %d" % (name, s["segment"]))

    # Effects: differences of means in standard deviations, on the scale that was clustered.
    for col, name in enumerate(x.decode() for x in model["scaler/names"][:]):
        values = features[name][:]
        values = np.where(np.isnan(values), model["scaler/fill"][col], values)
        kind = model["scaler/transform"][col]
        values = np.sign(values) * np.log1p(np.abs(values)) if kind == 1 else np.log(values) if kind == 2 else values
        for s in said["segments"]:
            told = s["features"][name]["effect"]
            effect = (values[segment == s["segment"]].mean() - values.mean()) / values.std()
            check(told is None or abs(told - effect) <= 1e-9 * max(1, abs(effect)),
                  "effect of %s in segment %d" % (name, s["segment"]))

    # Plays: those of the scores, counted; the play of a segment is that of most of its customers.
    names = [x.decode() if isinstance(x, bytes) else x for x in customers["action"].attrs["names"]]
    action, contact = customers["action"][:], customers["contact"][:]
    rr, ff, mm = (customers[c][:] for c in ("rfm_r", "rfm_f", "rfm_m"))
    lost = (rr == 1) & (ff >= 4) & (mm >= 4)
    check(bool(np.all((action == names.index("Can't lose")) == lost)), "who cannot be lost, by the rule")
    check(bool(np.all((action == names.index("No purchase yet")) == (rr == 0))), "who has not bought yet")
    check(bool(np.all((action == names.index("About to sleep")) <= ((rr == 2) & (ff <= 2)))), "who is about to sleep")
    plays = np.bincount(action, minlength=len(names))
    for name, play in zip(names, plays):
        told = said["playbook"]["customers"][name]
        check(told is None or told == play, "customers of the play " + name)
    for s in said["segments"]:
        own = np.bincount(action[segment == s["segment"]], minlength=len(names))
        check(s["action"]["name"] == names[int(own.argmax())], "play of segment %d" % s["segment"])
        check(s["action"]["share"] is None or close(s["action"]["share"], own.max() / own.sum(), 1e-12), "its share")
        check(s["action"]["mixed"] == bool(2 * own.max() < own.sum()), "is it mixed?")
        check(len({t["name"] for t in said["segments"]}) == k, "no two segments of one name")
        told = [d["feature"] for d in s["distinguishing"]]
        effect = {f: v["effect"] for f, v in s["features"].items() if v["effect"] is not None}
        wanted = sorted((f for f in effect if abs(effect[f]) >= 0.25), key=lambda f: -abs(effect[f]))[:5]
        check(told == wanted, "distinguishing features of segment %d" % s["segment"])
    reasons = [x.decode() if isinstance(x, bytes) else x for x in customers["contact"].attrs["names"]]
    control = float(np.mean(contact == reasons.index("control group")))
    check(abs(control - 0.05) < 5 * (0.05 * 0.95 / n) ** 0.5, "a twentieth is left alone, give or take")

    if "clv" in customers:
        clv = customers["clv"][:].astype(np.float64)
        check(close(float(np.nansum(clv)), said["value"]["clv_total"], 1e-9), "CLV total")
        for s in said["segments"]:
            check(close(float(np.nansum(clv[segment == s["segment"]])), s["clv_total"], 1e-9),
                  "CLV of segment %d" % s["segment"])
        about = {c: [customers[c].attrs[a].decode() for a in ("unit", "description")] for c in customers}
        horizon = "; horizon: %g %ss" % (said["value"]["horizon"], said["value"]["time_unit"])
        check(all(about[c][1].endswith(horizon) for c in ("clv", "expected_purchases", "p_buy", "churn_risk")),
              "columns of the horizon say how long it is")
        check(about["expected_purchases"][0] == "purchase days", "unit of expected purchases")
        p = customers["p_alive"][:]
        p = p[~np.isnan(p)]
        check(bool(np.all((p >= 0) & (p <= 1))), "P(alive) is a probability")
    print("%d disagreement(s)" % len(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
