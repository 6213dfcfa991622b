#!/usr/bin/env bash
# Bad input gives one clear line, the right exit status on all ranks, no hang and nothing half-written.
#   bad_input.sh PROGRAM RANKS WORK-FOLDER MPIRUN
set -uo pipefail
program=$1 ranks=$2 work=$3 mpirun=$4
export TESSERA_LOCK_SECONDS=300
failures=0

rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1

# run COMMAND...: output in out and err, status in $status. One rank needs no mpirun.
run() {
    if [ "$ranks" = 1 ]; then
        timeout -k 5 300 "$program" "$@" >out 2>err </dev/null
    else
        "$mpirun" --bind-to none --oversubscribe --timeout 300 -np "$ranks" "$program" "$@" >out 2>err </dev/null
    fi
    status=$?
}

complain() {
    failures=$((failures + 1))
    printf 'FAILED %s: %s\n' "$1" "$2"
    sed 's/^/    /' err
}

# fails NAME STATUS PATTERN COMMAND...: one line of ours, which matches
fails() {
    local name=$1 expected=$2 pattern=$3 lines
    shift 3
    run "$@"
    lines=$(grep -c '^tessera: ' err)
    if [ "$status" != "$expected" ]; then
        complain "$name" "status $status instead of $expected"
    elif [ "$lines" != 1 ]; then
        complain "$name" "$lines lines of error instead of 1"
    elif ! grep '^tessera: ' err | grep -Eq -- "$pattern"; then
        complain "$name" "the message does not match $pattern"
    fi
}

succeeds() {
    local name=$1
    shift
    run "$@"
    [ "$status" = 0 ] || complain "$name" "status $status instead of 0"
}

is_absent() {
    [ ! -e "$2" ] || complain "$1" "$2 was written"
}

# purchases FILE CUSTOMERS: a text file with three purchases of each
purchases() {
    local i
    echo "id,date,amount" >"$1"
    for ((i = 1; i <= $2; i++)); do
        printf 'c%d,2024-01-%02d,%d.50\n' "$i" $((i % 28 + 1)) $((i % 7 + 1))
        printf 'c%d,2024-%02d-11,%d.25\n' "$i" $((i % 5 + 2)) $((i % 11 + 3))
        printf 'c%d,2024-%02d-%02d,%d.00\n' "$i" $((i % 6 + 3)) $((i % 20 + 1)) $((i % 13 + 2))
    done >>"$1"
}

# job NAME FILE [LINE OF THE SOURCE...]: NAME.yaml reads FILE
job() {
    local name=$1 file=$2
    shift 2
    {
        printf 'dataset: %s.data\noutput: %s.run\ncluster: {k: 3}\ningest:\n  sources:\n' "$name" "$name"
        printf '    - kind: transactions\n      files: %s\n      delimiter: ","\n      time_format: "%%Y-%%m-%%d"\n' "$file"
        if [ $# = 0 ]; then
            set -- 'columns: {id: id, time: date, amount: amount}'
        fi
        printf '      %s\n' "$@"
    } >"$name.yaml"
}

# A good job first: what fails below fails for its own reason.
purchases good.csv 60
job good good.csv
succeeds "a good ingest" ingest good.yaml
succeeds "a good run" segment good.yaml
succeeds "the same run again" segment good.yaml

# ---- usage and job files ----
fails "no job file" 4 'nosuch\.yaml' segment nosuch.yaml
printf 'dataset: good.data\noutput: x.run\ncluster:\n  kk: 5\n' >unknown.yaml
fails "an unknown key" 2 'unknown\.yaml:4:3: unknown key cluster\.kk; did you mean cluster\.k\?' segment unknown.yaml
printf 'dataset: good.data\noutput: x.run\ncluster: {k: few}\n' >type.yaml
fails "a wrong type" 2 'type\.yaml:3:14: cluster\.k: few is neither' segment type.yaml
fails "a value out of range" 2 '--set reduce\.variance=2: 2 is out of range' segment good.yaml --set reduce.variance=2
fails "an unknown command" 2 'unknown command frobnicate' frobnicate
fails "a slip in a command" 2 'unknown command segmnet; did you mean segment; see' segmnet good.yaml
fails "an option before the command" 2 'write `tessera COMMAND \.\.\. --verbose`' --verbose segment good.yaml
fails "an unknown option" 2 'unknown option --frobnicate; see' segment good.yaml --frobnicate
fails "a slip in an option" 2 'unknown option --vebrose; did you mean --verbose;' segment good.yaml --vebrose=1
fails "no operand" 2 'JOB is missing' segment
fails "a bad time limit" 2 '--time-limit soon: write seconds or HH:MM:SS' segment good.yaml --time-limit soon

# ---- what the report and the playbook cannot use ----
fails "a language that is not there" 2 'report\.language. is xx: there are texts in en, el, zh' segment good.yaml \
    --set output=language.run --set report.language=xx
printf 'name\trule\tobjective\taction\tchannel\tcadence\tguardrail\tkpi\tholdout\n' >plays.tsv
printf 'Best\trfm_r > 3 and\tkeep\twrite\te-mail\tonce\t\t\t0.1\nRest\t*\tkeep\twrite\te-mail\tonce\t\t\t0.1\n' >>plays.tsv
fails "a mistake in a playbook" 2 'plays\.tsv:2:19: expected a column' segment good.yaml --set output=plays.run \
    --set act.playbook=plays.tsv
is_absent "a mistake in a playbook" plays.run/report.html
printf '5**\tBest\n[1-4]**\tRest\n111\tLost\n' >cells.tsv
fails "a mistake in a scheme" 2 'cells\.tsv:3:1: cell 111 was named on line 2 already' segment good.yaml \
    --set output=cells.run --set rfm.scheme=cells.tsv
is_absent "a mistake in a scheme" cells.run
{
    echo "id,date,amount"
    for i in 1 2 3 4 5 6 7 8 9; do echo "c$i,2024-01-05,7"; done
} >alike.csv
job alike alike.csv
succeeds "customers who are all alike" ingest alike.yaml
fails "features that are all constant" 3 'all 8 features are constant' segment alike.yaml --set value.model=none
fails "nobody left before as_of" 3 'no customer has a record before as_of: all 60 come after it' segment good.yaml \
    --set output=nobody.run --set as_of=1990-01-01
printf 'id,when,type\nc1,2024-01-05,view\nc2,2024-01-06,view\n' >views.csv
cat >views.yaml <<'END'
dataset: views.data
output: views.run
value: {model: none}
ingest: {sources: [{kind: events, files: [views.csv], columns: {id: id, time: when, type: type}}]}
END
succeeds "events without transactions" ingest views.yaml
fails "records without transactions and as_of" 2 'as_of: the dataset has no transactions to end with' segment views.yaml

# ---- sources ----
job missing nosuch.csv
fails "a missing source" 4 'nosuch\.csv: No such file' ingest missing.yaml
mkdir folder.csv
job unreadable folder.csv
fails "a source that cannot be read" 4 'folder\.csv: is (a folder|not a regular file)' ingest unreadable.yaml
job column good.csv 'columns: {id: id, time: date, amount: price}'
fails "a column that is not there" 2 'no column "price" in good\.csv; its header has: id,? date,? amount' ingest column.yaml
tr , ';' <good.csv >parted.csv
job parted parted.csv
fails "another delimiter" 2 'no column "id" in parted\.csv.*is the delimiter of the source another one' ingest parted.yaml
fails "a currency that is none" 2 'ingest\.money\.currency: "euro" is not an ISO 4217 code' ingest good.yaml \
    --set dataset=parted.data --set ingest.money.currency=euro
fails "no memory" 2 'ingest\.memory: 10 bytes are too few: at least 1MiB' ingest good.yaml \
    --set dataset=parted.data --set ingest.memory=10
fails "a folder for rows that is not there" 4 'nosuch: No such file.*see ingest\.scratch' ingest good.yaml \
    --set dataset=parted.data --set ingest.scratch=nosuch
: >empty.csv
job empty empty.csv
fails "an empty source" 3 'empty\.csv' ingest empty.yaml
echo "id,date,amount" >header.csv
job header header.csv
fails "a source without rows" 3 'no (row|customer)' ingest header.yaml
printf 'id,date,amount\na,2024-13-01,1\n,2024-01-01,2\nb,2024-01-01,nan\nc,2024-01-01,99999999999999999999\n' >refused.csv
job refused refused.csv
fails "a source of which no row can be used" 3 'refused' ingest refused.yaml
for name in missing unreadable column parted empty header refused; do
    is_absent "ingest of $name" "$name.data/dataset.json"
done

# Bad rows among good ones are listed with their line and column, and the good ones are used.
{ cat good.csv; tail -n +2 refused.csv; } >mixed.csv
job mixed mixed.csv
succeeds "bad rows among good ones" ingest mixed.yaml
for row in '182,.*,date$' '183,.*,id$' '184,.*,amount$' '185,.*,amount$'; do
    grep -Eq "mixed\.csv,$row" mixed.data/rejects.csv || complain "rejects.csv" "no line like $row"
done

# ---- what files are made of ----
job latin latin.csv
{ head -n 41 good.csv; printf 'J\xf6rg,2024-01-03,4.00\n'; tail -n +42 good.csv; } >latin.csv
succeeds "a row in Latin-1" ingest latin.yaml
grep -q '^warning: 1 rejected, id is not UTF-8: convert the file, iconv' err || complain "a row in Latin-1" "no advice"
grep -q '^latin.csv,42,id is not UTF-8,id$' latin.data/rejects.csv || complain "a row in Latin-1" "not listed"
{ printf 'id,date,amount,caf\xe9\n'; tail -n +2 good.csv; } >header8.csv
job header8 header8.csv
fails "a header in Latin-1" 3 'header8\.csv: the first row is not text in UTF-8: convert it \(iconv' ingest header8.yaml
iconv -t UTF-16LE good.csv >wide.csv
job wide wide.csv
fails "UTF-16 without a mark" 3 'wide\.csv: is UTF-16: convert it' ingest wide.yaml
tr '\n' '\r' <good.csv >cr.csv
job cr cr.csv
fails "lines that end with CR alone" 3 'cr\.csv: a CR stands within the first row.*tr ' ingest cr.yaml
fails "lines that end with CR alone, a first job" 3 'cr\.csv: a CR stands within' ingest --infer cr.csv
printf 'PAR1\025\004\n' >columns.csv
job columns columns.csv
fails "Parquet for text" 3 'columns\.csv: is Parquet: set format: parquet' ingest columns.yaml
gzip -c good.csv | head -c 300 >cut.gz
job cut cut.gz
fails "half a packed file" 3 'cut\.gz: the gzip file is cut off' ingest cut.yaml
for name in header8 wide cr cut; do is_absent "ingest of $name" "$name.data/dataset.json"; done

# ---- datasets ----
printf 'dataset: nosuch.data\noutput: x.run\n' >nodata.yaml
fails "no dataset" 4 'nosuch\.data' segment nodata.yaml
cp -r good.data truncated.data
part=$(echo truncated.data/part-00000.*)
truncate -s 3000 "$part"
fails "a truncated partition" 3 'truncated\.data/part-00000' segment good.yaml \
    --set dataset=truncated.data --set output=truncated.run
cp -r good.data foreign.data
cp good.run/model.h5 "$(echo foreign.data/part-00000.*)"
fails "a foreign HDF5 file for a partition" 3 'foreign\.data/part-00000' segment good.yaml \
    --set dataset=foreign.data --set output=foreign.run
fails "a foreign matrix file" 3 'good\.csv' segment good.yaml --set dataset=null \
    --set 'matrix={file: good.csv, path: /x}' --set output=matrix.run

# ---- runs ----
fails "fewer customers than segments" 3 'fewer|customers' segment good.yaml --set cluster.k=61 --set output=few.run
fails "weights that are not there" 2 '.cluster\.weights. names shoe_size' \
    segment good.yaml --set cluster.weights=shoe_size --set output=weightless.run
fails "weights that are all 0" 3 'cluster\.weights: return_share is 0 for every customer' \
    segment good.yaml --set cluster.weights=return_share --set output=zero.run
succeeds "weights by a feature" segment good.yaml --set cluster.weights=frequency --set output=weights.run
printf 'name\trule\tobjective\taction\tchannel\tcadence\tguardrail\tkpi\tholdout\nA\trfm_r >> 3\ta\tb\t\t\t\t\t0\n' >plays.tsv
fails "a playbook with a syntax error" 2 'plays\.tsv:2:10: expected a number' \
    segment good.yaml --set act.playbook=plays.tsv --set output=plays.run
fails "a playbook that is not there" 4 'nosuch\.tsv' \
    segment good.yaml --set act.playbook=nosuch.tsv --set output=noplays.run
printf 'recency > 1\n' >names.tsv
{ head -n 1 plays.tsv; printf 'A\tshoe_size > 3\ta\tb\t\t\t\t\t0\nB\t*\ta\tb\t\t\t\t\t0\n'; } >unknown.tsv
fails "a playbook with an unknown column" 2 'unknown\.tsv:2:3: no column or feature is called shoe_size' \
    segment good.yaml --set act.playbook=unknown.tsv --set output=unknown.run
fails "names without a name" 2 'names\.tsv:1: a line has 2 cells' \
    segment good.yaml --set act.names=names.tsv --set output=names.run
fails "the directory of another job" 2 'cluster\.k' segment good.yaml --set cluster.k=4
mkdir foreign.run2
echo mine >foreign.run2/thesis.txt
fails "a directory of something else" 2 'foreign\.run2' segment good.yaml --set output=foreign.run2
fails "a nameless feature" 2 'shoe_size' segment good.yaml --set 'features.set=[shoe_size]' --set output=feature.run
for name in truncated foreign matrix few feature plays noplays unknown names; do
    is_absent "a run that failed: $name" "$name.run/segments.json"
    is_absent "a run that failed: $name" "$name.run/report.html"
done
if [ "$(cat foreign.run2/thesis.txt)" != mine ] || [ "$(find foreign.run2 -type f | wc -l)" != 1 ]; then
    complain "a directory of something else" "it was changed"
fi

# Not errors: one customer more than ranks or fewer, and columns that say nothing.
purchases two.csv 2
job two two.csv
succeeds "fewer customers than ranks, ingest" ingest two.yaml
succeeds "fewer customers than ranks, run" segment two.yaml --set cluster.k=2
{ echo "id,date,amount"; for ((i = 1; i <= 30; i++)); do echo "c$i,2024-01-01,5"; done; } >constant.csv
job constant constant.csv
succeeds "constant columns, ingest" ingest constant.yaml

# ---- a full disk: a small file system of its own, seen by these processes alone ----
cat >full.sh <<'END'
mount -t tmpfs -o "size=$1" none disk || exit 99
shift
exec "$@"
END
mkdir disk
private=(unshare --mount)
[ "$(id -u)" = 0 ] || private=(unshare --mount --map-root-user)
# full NAME SIZE PATTERN COMMAND...
full() {
    local name=$1 size=$2 pattern=$3 launcher=()
    shift 3
    [ "$ranks" = 1 ] || launcher=("$mpirun" --bind-to none --oversubscribe --timeout 300 -np "$ranks")
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 320 "${private[@]}" bash full.sh "$size" \
        "${launcher[@]}" "$program" "$@" >out 2>err </dev/null
    status=$?
    [ "$status" = 4 ] || complain "$name" "status $status instead of 4"
    [ "$(grep '^tessera: ' err | grep -Ec "$pattern")" = 1 ] || complain "$name" "no line like $pattern"
}
if "${private[@]}" bash full.sh 64k true 2>/dev/null; then
    purchases many.csv 3000
    job many many.csv
    succeeds "many customers" ingest many.yaml
    full "a full disk, ingest" 64k 'disk/full\.data/.*[Nn]o space left' ingest many.yaml --set dataset=disk/full.data
    full "a full disk, run" 64k 'disk/full\.run/.*[Nn]o space left' segment many.yaml --set output=disk/full.run
else
    echo "skipped: a full disk (this system lets nobody mount a file system)"
fi
"$program" features >/dev/full 2>err
[ $? = 4 ] || complain "standard output on a full disk" "no status 4"

[ "$failures" = 0 ] && echo "all as expected" && exit 0
echo "$failures failures"
exit 1
