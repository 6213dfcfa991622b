"""scikit-learn's KMeans from given centroids: lloyd or elkan, float32, tol 0."""

import time

import sklearn
import sklearn.cluster._kmeans as inside
from sklearn.cluster import KMeans

import peer

NO_END = 100000


def watch_updates():
    """Time its Lloyd iterations from within: the first one's start, and the end of the last one that moves centroids."""
    seen = {"passes": 0}
    original = inside.lloyd_iter_chunked_dense

    def watched(*arguments, **named):
        if named.get("update_centers", True):
            seen.setdefault("first", time.perf_counter())
            original(*arguments, **named)
            seen["last"] = time.perf_counter()
            seen["passes"] += 1
        else:
            original(*arguments, **named)

    inside.lloyd_iter_chunked_dense = watched
    return seen


def main():
    args = peer.options(kmeans=True)
    rows, start = peer.load(args.data), peer.load(args.start)

    def model(max_iter):
        return KMeans(n_clusters=len(start), init=start, n_init=1, max_iter=max_iter, tol=0, algorithm=args.algorithm,
                      copy_x=not args.in_place)

    few = max(peer.WARM_UP_ROWS, len(start))
    model(1).fit(rows[:few].copy())
    seen = watch_updates()
    fit = model(args.updates if args.updates > 0 else NO_END)
    with peer.Stage() as stage:
        fit.fit(rows)

    # The loop of elkan is not watched: its whole fit counts.
    seconds = seen["last"] - seen["first"] if seen["passes"] > 0 else stage.seconds
    peer.report("kmeans", "scikit-learn", sklearn.__version__, rows, stage, workload=args.workload,
                algorithm=args.algorithm + ("-in-place" if args.in_place else ""), updates=args.updates, k=len(start),
                iterations=int(fit.n_iter_), seconds_iterations=seconds, seconds_per_iteration=seconds / fit.n_iter_,
                inertia=float(fit.inertia_))
    if args.labels:
        peer.np.save(args.labels, fit.labels_.astype("uint16"))


if __name__ == "__main__":
    main()
