# What the end-to-end scripts share. Called as: bash SCRIPT TESSERA PROBE MPIEXEC WORK SOURCE
set -euE
trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: status $?: $BASH_COMMAND" >&2' ERR
TESSERA=$1 PROBE=$2 MPIEXEC=$3 WORK=$4 SOURCE=$5
DATA=${TESSERA_DATA:-$SOURCE/../shared/data}
export TESSERA_DATA=$DATA

. "$(dirname "${BASH_SOURCE[0]}")/../patience.sh"
rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK"
export TESSERA_LOCK_SECONDS=$PATIENCE

say() { echo "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }

# ranks N COMMAND...: on N ranks. mpirun would read the script from standard input.
ranks() {
    np=$1
    shift
    launch "$MPIEXEC" --timeout $PATIENCE -np "$np" "$@" </dev/null
}

# expect STATUS COMMAND...: it ends with that status; what it said is in $WORK/said
expect() {
    expected=$1
    shift
    status=0
    "$@" >"$WORK/said" 2>&1 || status=$?
    [ "$status" = "$expected" ] || { cat "$WORK/said" >&2; die "status $status, not $expected: $*"; }
}

# said PATTERN: the last expected command said so
said() { grep -q -- "$1" "$WORK/said" || { cat "$WORK/said" >&2; die "not said: $1"; }; }

digest() { "$TESSERA" inspect "$1" --digest >"$WORK/inspected" && tail -n 1 "$WORK/inspected"; }

# need FILE: of the real data, or skip the test
need() {
    [ -e "$DATA/$1" ] && return
    [ "${TESSERA_REQUIRE_DATA:-0}" = 1 ] && die "$DATA/$1 is missing and TESSERA_REQUIRE_DATA is 1"
    say "skipped: $DATA/$1 is not there"
    exit 77
}

# need_h5py: other people's tools for our files, by $PYTHON, or skip the test
need_h5py() {
    PYTHON=/usr/bin/python3 # the distribution's: another one in PATH need not have it
    "$PYTHON" -c 'import h5py, numpy' 2>/dev/null && return
    [ "${CI:-false}" = true ] && die "python3-h5py is missing"
    say "skipped: python3-h5py is not installed"
    exit 77
}
