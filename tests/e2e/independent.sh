# What a run says of itself, looked at with other people's tools (h5py, NumPy): no line of Tessera takes part.
. "${0%/*}/common.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
PYTHON=/usr/bin/python3 # the distribution's: another one in PATH need not have h5py

"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || {
    [ "${CI:-false}" = true ] && die "python3-h5py is missing"
    say "skipped: python3-h5py is not installed"
    exit 77
}
ranks 2 "$TESSERA" synth --customers 20000 --partitions 3 --output data --quiet
printf 'dataset: data\noutput: run\n' >job.yaml
ranks 3 "$TESSERA" segment job.yaml --quiet >/dev/null
"$PYTHON" "$HERE/independent.py" run data >&2 || die "the files of the run do not agree with what it says"
