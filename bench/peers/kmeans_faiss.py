"""FAISS's Kmeans from given centroids, on all rows. It has no test of convergence: a number of updates is needed."""

import faiss

import peer


def main():
    args = peer.options(kmeans=True)
    rows, start = peer.load(args.data), peer.load(args.start)
    assert args.updates > 0

    def train(x, updates):
        k = faiss.Kmeans(rows.shape[1], len(start), niter=updates, max_points_per_centroid=len(rows),
                         min_points_per_centroid=1)
        k.train(x, init_centroids=start)
        return k

    train(rows[:max(peer.WARM_UP_ROWS, len(start))], 1)
    with peer.Stage() as stage:
        fit = train(rows, args.updates)
        distances, labels = fit.assign(rows)

    seconds = fit.iteration_stats[-1]["time"]
    peer.report("kmeans", "faiss", faiss.__version__, rows, stage, workload=args.workload, algorithm="lloyd",
                updates=args.updates, k=len(start), iterations=args.updates, seconds_iterations=seconds,
                seconds_per_iteration=seconds / args.updates, inertia=float(distances.sum(dtype="float64")))
    if args.labels:
        peer.np.save(args.labels, labels.astype("uint16"))


if __name__ == "__main__":
    main()
