#!/usr/bin/env bash
# What goes wrong on clusters: ranks that do not fit together, two jobs in one folder, clocks that differ, places that
# cannot be written, inputs that vanish in the middle. One clear line, the right status, nothing half-written.
#   misfits.sh TESSERA MPIEXEC WORK
set -euo pipefail
tessera=$1 mpiexec=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
. "$(dirname "$0")/../patience.sh"
cd "$work"

trap 'echo "line $LINENO: status $?: $BASH_COMMAND" >&2' ERR
held=''
die() {
    echo "FAILED: $*" >&2
    [ ! -s said ] || sed 's/^/    /' said >&2
    [ -z "$held" ] || kill -9 $held 2>/dev/null
    exit 1
}
digest() { "$tessera" inspect "$1" --digest | tail -n 1; }
# fails WHAT STATUS PATTERN COMMAND...: with that status and one line of ours, which matches
fails() {
    local what=$1 expected=$2 pattern=$3 status=0
    shift 3
    "$@" >said 2>&1 </dev/null || status=$?
    [ $status = "$expected" ] || die "$what: status $status, not $expected"
    [ "$(grep -c '^tessera: ' said)" = 1 ] || die "$what: not one line"
    grep '^tessera: ' said | grep -Eq -- "$pattern" || die "$what: not said: $pattern"
}
mpi=("$mpiexec" --timeout "$PATIENCE")
ranks() { launch "${mpi[@]}" -np "$1" "${@:2}" </dev/null; }
# hold POINT N COMMAND...: a job on two ranks, or \$np, of which N stand still at that point, until go_on, which leaves $status
hold() {
    TSR_FAULT="point=$1,action=stop" HELD=$work ranks "${np:-2}" "$tessera" "${@:3}" --quiet >first 2>&1 &
    first=$!
    wait_for standing_still "$2" || { cp first said; die "not held at $1: ${*:3}"; }
}
standing_still() { held=$(stopped HELD="$work" | xargs); [ "$(wc -w <<<"$held")" = "$1" ]; }
go_on() {
    kill -CONT $held
    held='' status=0
    wait $first || status=$?
}
# The ways of a job: before it looks into its first source, which comes after the lock; before it reads its dataset.
sources_known="file,rank=0,nth=5" dataset_known=features

for part in 1 2 3; do
    awk -v part=$part 'BEGIN { print "id,time,amount"
        for (i = 0; i < 600; i++) printf "c%d,2024-%02d-%02d,%d.50\n", i % 190, 1 + (i + part) % 12, 1 + i % 28, i % 50 }'
done >rows1.csv
cp rows1.csv rows2.csv
cp rows1.csv rows3.csv
cat >job.yaml <<END
dataset: data
output: run
cluster: {k: 3}
value: {model: none}
ingest:
  sources:
    - {files: ["rows?.csv"], columns: {id: id, time: time, amount: amount}}
END
ranks 2 "$tessera" ingest job.yaml --quiet >/dev/null
ranks 2 "$tessera" segment job.yaml --quiet >/dev/null
wanted=$(digest run)
export TESSERA_LOCK_SECONDS=$PATIENCE

# ---- ranks that do not fit together ----

sed 's/k: 3/k: 4/' job.yaml >other.yaml
fails "another job file on rank 1" 2 'the command line of rank 1 differs from that of rank 0' \
    "${mpi[@]}" -np 1 "$tessera" segment job.yaml --set output=x : -np 1 "$tessera" segment other.yaml --set output=x
fails "another option on rank 2" 2 'the command line of rank 2 differs' \
    "${mpi[@]}" -np 2 "$tessera" segment job.yaml --set output=x : -np 1 "$tessera" segment job.yaml --set output=x --redo
fails "a usage error on rank 1 alone" 2 'unknown option --frob' \
    "${mpi[@]}" -np 1 "$tessera" segment job.yaml --set output=x : -np 1 "$tessera" segment job.yaml --frob
commit=$("$tessera" --version | sed -n 's/.*commit \([^ ]*\).*/\1/p')
sed "s/$commit/$(printf '%s' "$commit" | tr '0-9a-z' 'f0-9a-y')/g" "$tessera" >another_build
chmod +x another_build
if ./another_build --version 2>/dev/null | grep -q "commit $commit"; then die "another_build is the same build"; fi
fails "another build on rank 1" 2 'the program of rank 1 differs from that of rank 0' \
    "${mpi[@]}" -np 1 "$tessera" segment job.yaml --set output=x : -np 2 ./another_build segment job.yaml --set output=x
[ ! -e x ] || die "ranks that do not fit together wrote something"

# ---- two jobs in one folder ----

# second_refused COMMAND KEY FOLDER HOLD...: while one job is held, another one may not use its folder
second_refused() {
    hold "${@:4}" "$1" job.yaml --set "$2=$3"
    fails "a second $1 into $3" 4 "$3: .*(in use|another|locked)" \
        env TESSERA_LOCK_SECONDS=1 "${mpi[@]}" -np 2 "$tessera" "$1" job.yaml --set "$2=$3"
    go_on
    [ $status = 0 ] || die "the first $1 failed: $(cat first)"
}
second_refused segment output busy $dataset_known 2
[ "$(digest busy)" = "$wanted" ] || die "after a second job was refused: another digest"
second_refused ingest dataset filling $sources_known 1
[ "$(digest filling)" = "$(digest data)" ] || die "after a second ingest was refused: another digest"

# ---- clocks that differ: nothing is decided by them ----

cat >elsewhen <<'END'
#!/bin/sh
# rank R is R days ahead on the clock that only moves forward, and lives in another time zone
zones="UTC0 EST5EDT CET-1CEST NZST-12"
export TZ=$(echo $zones | cut -d' ' -f$((OMPI_COMM_WORLD_RANK + 1)))
ahead=$((OMPI_COMM_WORLD_RANK * 86400))
exec unshare --time --monotonic $ahead --boottime $ahead --fork --kill-child "$@"
END
chmod +x elsewhen
if unshare --time --monotonic 60 true 2>/dev/null; then
    ranks 3 ./elsewhen "$tessera" ingest job.yaml --set dataset=elsewhen.data --quiet >said 2>&1 || die "ingest on clocks that differ"
    [ "$(digest elsewhen.data)" = "$(digest data)" ] || die "clocks that differ: another dataset"
    ranks 3 ./elsewhen "$tessera" segment job.yaml --set output=elsewhen.run --set checkpoint_seconds=1 --time-limit 600 \
        --trace elsewhen.json --quiet >said 2>&1 || die "a run on clocks that differ"
    [ "$(digest elsewhen.run)" = "$wanted" ] || die "clocks that differ: another digest"
else
    echo "not checked: clocks that differ need the right to make a time namespace"
fi

# ---- places that cannot be written ----

mkdir disk
cat >read_only <<'END'
mount --bind disk disk && mount -o remount,bind,ro disk || exit 99
exec "$@"
END
if [ "$(id -u)" = 0 ] && unshare --mount sh read_only true 2>/dev/null; then
    fails "a read-only dataset folder" 4 'disk/data: .*[Rr]ead-only' unshare --mount sh read_only \
        "${mpi[@]}" -np 2 "$tessera" ingest job.yaml --set dataset=disk/data
    fails "a read-only run directory" 4 'disk/run: .*[Rr]ead-only' unshare --mount sh read_only \
        "${mpi[@]}" -np 2 "$tessera" segment job.yaml --set output=disk/run
    ranks 2 "$tessera" segment job.yaml --set output=disk/run --quiet >/dev/null
    rm disk/run/report.html
    fails "a run directory that became read-only" 4 'disk/run/.*[Rr]ead-only' unshare --mount sh read_only \
        "${mpi[@]}" -np 2 "$tessera" segment job.yaml --set output=disk/run
else
    echo "not checked: read-only folders need root"
fi

# ---- inputs that vanish in the middle ----

cp rows1.csv gone.csv
hold $sources_known 1 ingest job.yaml --set dataset=vanished
rm rows3.csv
go_on
cp rows1.csv rows3.csv
cp first said
case $status in 3 | 4) ;; *) die "a source vanished: status $status" ;; esac
[ "$(grep -c '^tessera: .*rows3.csv' said)" = 1 ] || die "a source vanished: it is not named, or more than once"
[ ! -e vanished/dataset.json ] || die "a source vanished: there is a dataset"

# Rank 1 stands before its part of a file that somebody is still writing, cuts, or replaces by one with an open quote.
{ cat rows1.csv; for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do tail -n +2 rows1.csv; done; } >rows.whole
sed 's/rows?\.csv/live.csv/' job.yaml >live.yaml
for change in grown shrunk replaced; do
    cp rows.whole live.csv
    np=3 hold file,rank=1,nth=1 1 ingest live.yaml --set dataset=$change
    case $change in
    grown) cat rows1.csv >>live.csv ;;
    shrunk) truncate -s 60000 live.csv ;;
    replaced) sed 's/,\([0-9]*\)\.50$/,"\1.50/' rows.whole >new.csv && mv new.csv live.csv ;;
    esac
    go_on
    cp first said
    [ $status = 3 ] || die "a source was $change: status $status, not 3"
    [ "$(grep '^tessera: ' said)" = "tessera: live.csv: changed while it was read: run again when it is complete" ] ||
        die "a source was $change: it is not said once"
    [ "$(ls -A $change)" = .lock ] || die "a source was $change: left behind: $(ls -A $change)"
done

cp -r data lost
hold $dataset_known 2 segment job.yaml --set dataset=lost --set output=lost.run
rm lost/part-*
go_on
cp first said
case $status in 3 | 4) ;; *) die "a partition vanished: status $status" ;; esac
[ "$(grep -c '^tessera: .*lost/part-' said)" = 1 ] || die "a partition vanished: it is not named, or more than once"
[ -z "$(find lost.run vanished -name '*.part')" ] || die "left behind: $(find lost.run vanished -name '*.part')"
if "$tessera" inspect lost.run --digest >/dev/null 2>&1; then die "a run without its dataset shows a digest"; fi
echo "all as expected"
