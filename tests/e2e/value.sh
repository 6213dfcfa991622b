# `tessera value`: its table and its JSON, validation, and populations that no model can say anything about.
. "${0%/*}/common.sh"
ESC=$(printf '\033')

# ---- the command ----
"$TESSERA" synth --customers 2000 --output data --quiet >/dev/null
printf 'dataset: data\noutput: run\ncluster: {k: 3}\nvalue: {calibration_end: 2023-12-31}\n' >job.yaml
"$TESSERA" value job.yaml --quiet --set value.calibration_end=null --set output=whole >table
for words in 'BG/NBD, rates per week, 2,000 customers' '^  alpha  *[0-9.]*  *[0-9.]*$' '^  gamma  *[0-9.]*'; do
    grep -q "$words" table || die "the table does not say: $words"
done
if grep -q 'Holdout' table; then die "a validation of nothing"; fi
"$TESSERA" value job.yaml --quiet --validate >validation
for words in 'Holdout' 'MAE  *RMSE  *correlation$' '^  the model  *0\.' '^  past frequency  *0\.' '^  days since the last  *0\.' '^  past spend  *0\.' \
    'weeks since the first  *actual' 'from here on the holdout' 'tenth 10' 'chi-square' 'Brier'; do
    grep -q "$words" validation || die "the validation does not say: $words"
done
if grep -q "$ESC" table validation; then die "escapes in a file"; fi
ranks 3 "$TESSERA" value job.yaml --quiet --validate --set output=other >validation3
cmp validation validation3 || die "another validation on 3 ranks"
# JSON is what segments.json has
"$TESSERA" value job.yaml --quiet --validate --json >value.json
"$TESSERA" segment job.yaml --quiet >segments
grep -q 'CLV of all customers [0-9,.]* [A-Z]* *over .* (95%: [0-9,]* to [0-9,]*)$' segments || die "CLV without its interval"
tr -d '\n' <run/report.html | grep -q 'past frequency</th><td>0\.[0-9]*</td><td>-*0\.' || die "the report has no simple rules"
for key in parameters standard_errors spend validation.parameters validation.holdout; do
    "$PROBE" equal value.json $key run/segments.json value.$key || die "value --json differs from segments.json: $key"
done

# without a holdout a likelihood of opportunities is not held against those of moments
"$TESSERA" value job.yaml --quiet --set value.calibration_end=null --set output=monthly --set value.model=auto \
    --set value.time_unit=month --set value.opportunity=month --set value.horizon=12 >months
grep -q '^  BG/BB ' months || die "BG/BB is not there, or was chosen by BIC"
grep -q '^\* [MP].*/NBD ' months || die "no model was chosen"

# ---- settings that cannot be ----
refused() { # STATUS WORDS SETTING...
    wanted=$1 words=$2
    shift 2
    rm -rf none
    expect "$wanted" ranks 2 "$TESSERA" value job.yaml --set output=none "$@"
    said "$words"
}
refused 2 "horizon=0: 0 is out of range" --set value.horizon=0
refused 2 "discount_rate=-0.1: -0.1 is out of range" --set value.discount_rate=-0.1
refused 2 "nothing is left to validate on" --set value.calibration_end=2030-01-01
refused 2 "lies before the first transaction" --set value.calibration_end=1990-01-01
refused 3 "two days by value.calibration_end: .*; set it later" --set value.calibration_end=2023-01-02
refused 2 "needs .value.calibration_end" --validate --set value.calibration_end=null

# ---- populations: 60 customers, each with the dates and amounts that awk prints ----
population() { # NAME AWK: i is the customer
    awk "BEGIN { print \"id,date,amount\"; for (i = 1; i <= 60; i++) { $2 } }" >"$1.csv"
    cat >"$1.yaml" <<END
dataset: $1
output: $1-run
cluster: {k: 2}
ingest:
  sources:
    - {kind: transactions, files: $1.csv, delimiter: ",", header: true, time_format: "%Y-%m-%d",
       columns: {id: id, time: date, amount: amount}}
END
}
day='printf "c%d,2024-%02d-%02d,%d\n", i,'

population returns "$day 1 + i % 5, 1 + i % 28, -i; $day 6, 1 + i % 28, -2"
population once "$day 1 + i % 5, 1 + i % 28, i"
population undated 'print "c" i ",," i'
population free "$day 1 + i % 5, 1 + i % 28, 0; $day 6, 1 + i % 28, 0"
population mixed "$day 1 + i % 5, 1 + i % 28, i % 3 ? i : -i; if (i % 2) $day 6, 1 + i % 28, i % 5 ? i : 0"
for name in returns once free mixed; do "$TESSERA" ingest $name.yaml --quiet >/dev/null; done

expect 3 "$TESSERA" ingest undated.yaml --quiet
said 'no usable row: all 60 rows were rejected, most for "missing time"'
expect 3 "$TESSERA" value returns.yaml --quiet
said "nobody bought anything: there is nothing to fit; set value.model: none"
expect 3 "$TESSERA" value once.yaml --quiet
said "no customer bought on two days"
# without money there are purchases all the same; negative sums are no purchases, and no reason to stop
expect 0 "$TESSERA" value free.yaml --quiet
said "nobody bought twice with positive value: no spend model"
expect 0 "$TESSERA" segment free.yaml --quiet
expect 0 "$TESSERA" segment mixed.yaml --quiet
# who sent everything back is left out of the models, and counted
expect 0 "$TESSERA" value mixed.yaml --quiet --set output=mixed-value --set privacy.min_cell=2
said 'Left out: 10 customers'
if grep -qi '[^a-z]nan\|[^a-z]inf[^a-z]' mixed-run/segments.json free-run/segments.json; then die "NaN in segments.json"; fi
# segments need no model
for name in returns once; do
    expect 0 "$TESSERA" segment $name.yaml --quiet --set value.model=none --set output=$name-plain
    "$PROBE" json $name-plain/segments.json total.customers 60
done
