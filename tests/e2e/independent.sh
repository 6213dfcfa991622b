# What a run says of itself, looked at with other people's tools (h5py, NumPy): no line of Tessera takes part.
. "${0%/*}/common.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
need_h5py
ranks 2 "$TESSERA" synth --customers 20000 --partitions 3 --output data --quiet
printf 'dataset: data\noutput: run\n' >job.yaml
ranks 3 "$TESSERA" segment job.yaml --quiet >/dev/null
"$PYTHON" "$HERE/independent.py" run data >&2 || die "the files of the run do not agree with what it says"
