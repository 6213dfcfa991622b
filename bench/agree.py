"""Do two programs agree? Inertia of each one's labels by one measure, and the adjusted Rand index to Tessera's labels.

Inertia is that of the labels: squared distances of the float32 rows to the means of their segments, in float64. Programs
report it around centroids of different moments, so their own figures cannot be compared to the last digits.
"""

import argparse
import json
import os

import numpy as np

TOOLS = ["tessera", "scikit-learn", "faiss"]
BLOCK = 1 << 18


def inertia(rows, labels):
    k = int(labels.max()) + 1
    shift = rows[:BLOCK].mean(axis=0, dtype="float64")
    squares, sums = 0.0, np.zeros((k, rows.shape[1]))
    for first in range(0, len(rows), BLOCK):
        block = rows[first:first + BLOCK] - shift
        own = labels[first:first + BLOCK]
        squares += np.einsum("ij,ij->", block, block)
        for j in range(rows.shape[1]):
            sums[:, j] += np.bincount(own, weights=block[:, j], minlength=k)
    count = np.bincount(labels, minlength=k)
    filled = count > 0
    return squares - float(((sums[filled] ** 2).sum(axis=1) / count[filled]).sum())


def adjusted_rand(a, b):
    width = int(b.max()) + 1
    table = np.bincount(a.astype("int64") * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width)

    def pairs(counts):
        return sum(int(c) * (int(c) - 1) // 2 for c in counts)

    both, in_a, in_b = pairs(table.ravel()), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = in_a * in_b / pairs([len(a)])
    most = (in_a + in_b) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload")
    parser.add_argument("--updates", type=int)
    parser.add_argument("--data")
    parser.add_argument("--labels", help="beginning of the paths: -TOOL.npy follows")
    args = parser.parse_args()

    rows = np.load(args.data, mmap_mode="r")
    ours = np.load(args.labels + "-tessera.npy")
    for tool in TOOLS:
        path = f"{args.labels}-{tool}.npy"
        if not os.path.exists(path):
            continue
        labels = np.load(path)
        print(json.dumps({"question": "agreement", "workload": args.workload, "updates": args.updates, "tool": tool,
                          "ari": adjusted_rand(ours, labels), "inertia_of_labels": inertia(rows, labels)}))


if __name__ == "__main__":
    main()
