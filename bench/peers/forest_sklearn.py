"""scikit-learn's RandomForestClassifier with all cores: the same rows, labels, trees, depth and leaves as bench_forest.c.

Its trees see every threshold, Tessera's 254 per column; its bootstrap draws with replacement, Tessera's each row Poisson(1)
times. seconds_total is fit alone.
"""

import argparse
import os
import time

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

import peer


def labels(x):
    noise = (np.arange(len(x), dtype=np.uint64) * np.uint64(2654435761) % np.uint64(4294967296)) / 4294967296.0 - 0.5
    c = [x[:, i].astype("float64") for i in range(6)]
    return (c[0] - c[1] + 0.5 * (c[2] - c[3]) * (c[4] - c[5]) + 4 * noise > 0).astype(int)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", default="")
    parser.add_argument("--data", required=True)
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--depth", type=int, default=12)
    args = parser.parse_args()
    rows = peer.load(args.data)
    truth = labels(rows)
    learned = len(rows) - len(rows) // 5

    def model():
        return RandomForestClassifier(args.trees, max_depth=args.depth, min_samples_leaf=5, max_features="sqrt",
                                      random_state=1, n_jobs=int(os.environ.get("OMP_NUM_THREADS", "-1")))

    model().fit(rows[:peer.WARM_UP_ROWS], truth[:peer.WARM_UP_ROWS])
    fitted = model()
    with peer.Stage() as stage:
        fitted.fit(rows[:learned], truth[:learned])
    started = time.perf_counter()
    p = fitted.predict_proba(rows[learned:])[:, 1]
    peer.report("predict", "scikit-learn", sklearn.__version__, rows, stage, workload=args.workload,
                algorithm="forest", trees=args.trees, depth=args.depth,
                leaves=int(sum(tree.get_n_leaves() for tree in fitted.estimators_)),
                seconds_predict=time.perf_counter() - started, accuracy=float(((p > 0.5) == truth[learned:]).mean()),
                auc=float(roc_auc_score(truth[learned:], p)))


if __name__ == "__main__":
    main()
