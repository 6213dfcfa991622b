# What the end-to-end scripts share. Called as: sh SCRIPT TESSERA PROBE MPIEXEC WORK SOURCE
set -eu
TESSERA=$1 PROBE=$2 MPIEXEC=$3 WORK=$4 SOURCE=$5
DATA=${TESSERA_DATA:-$SOURCE/../shared/data}
export TESSERA_DATA=$DATA

rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK"

say() { echo "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }

# ranks N COMMAND...: on N ranks, never longer than two minutes. mpirun would read the script from standard input.
ranks() {
    np=$1
    shift
    "$MPIEXEC" --timeout 120 -np "$np" "$@" </dev/null
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

digest() { "$TESSERA" inspect "$1" --digest | tail -n 1; }

# need FILE: of the real data, or skip the test
need() {
    [ -e "$DATA/$1" ] && return
    [ "${TESSERA_REQUIRE_DATA:-0}" = 1 ] && die "$DATA/$1 is missing and TESSERA_REQUIRE_DATA is 1"
    say "skipped: $DATA/$1 is not there"
    exit 77
}
