"""scikit-learn's PCA of float32 rows: solver full (all components) or randomized (the first few)."""

import sklearn
from sklearn.decomposition import PCA

import peer

FEW = 8  # components asked of the randomized solver


def main():
    args = peer.options(kmeans=False)
    rows = peer.load(args.data)
    components = rows.shape[1] if args.solver == "full" else min(FEW, rows.shape[1])

    def fit(x):
        return PCA(n_components=components, svd_solver=args.solver, random_state=1).fit(x)

    fit(rows[:peer.WARM_UP_ROWS])
    with peer.Stage() as stage:
        pca = fit(rows)
    peer.report("pca", "scikit-learn", sklearn.__version__, rows, stage, workload=args.workload,
                algorithm=args.solver, components=components, variance_first=float(pca.explained_variance_[0]),
                variance_total=float(pca.explained_variance_.sum() / pca.explained_variance_ratio_.sum()))


if __name__ == "__main__":
    main()
