#!/usr/bin/env bash
# What a run writes is read by the tools of others: h5dump and h5py. 77: neither is installed.
#   readable.sh PROGRAM WORK-FOLDER
set -euo pipefail
program=$1 work=$2
python=
for candidate in python3 /usr/bin/python3; do # the distribution's h5py is not seen by another Python in the path
    if "$candidate" -c 'import h5py' 2>/dev/null; then python=$candidate; fi
done
if [ -z "$python" ] || ! command -v h5dump >/dev/null; then
    echo "skipped: h5dump or h5py is not installed (Debian: hdf5-tools, python3-h5py)"
    exit 77
fi

rm -rf "$work"
mkdir -p "$work"
cd "$work"
printf 'dataset: data\noutput: run\ncluster: {k: 4}\n' >job.yaml
"$program" synth --customers 3000 --output data >/dev/null
"$program" segment job.yaml --quiet >/dev/null

h5dump -d /segment -c 2 run/customers.h5 | grep 'DATASPACE  SIMPLE { ( 3000 )' >/dev/null # -q would close the pipe on h5dump
h5dump -H data/part-00000.g1.h5 | grep 'GROUP "transactions"' >/dev/null
"$python" - <<'END'
import h5py

types = {"key": "uint64", "segment": "int32", "segment_distance": "float32", "rfm_r": "int8", "rfm_group": "int8",
         "p_alive": "float32", "clv": "float32", "clv_infinite": "float32", "p_buy": "float32",
         "churn_risk": "float32"}
with h5py.File("run/customers.h5", "r") as f:
    for name, column in f.items():
        assert column.shape[0] == 3000, (name, column.shape)
        assert column.ndim == (2 if name == "pca" else 1), (name, column.shape)
        assert "unit" in column.attrs and "description" in column.attrs, name
    for name, kind in types.items():
        assert f[name].dtype == kind, (name, f[name].dtype)
    assert set(f["segment"][:]) == {0, 1, 2, 3}
    groups = f["rfm_group"].attrs["names"]
    assert 0 <= f["rfm_group"][:].min() and f["rfm_group"][:].max() < len(groups)
    assert (f["key"][1:] >= f["key"][:-1]).all(), "customers in order of keys"
with h5py.File("run/model.h5", "r") as f:
    for name in ("scaler/mean", "scaler/sd", "scaler/clip", "scaler/step", "pca/mean", "pca/components", "pca/variance",
                 "pca/step", "kmeans/centroids", "kmeans/centroids_original"):
        assert name in f, name
    assert f["kmeans/centroids"].shape[0] == 4
END
echo "as expected"
