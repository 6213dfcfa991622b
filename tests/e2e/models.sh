# Models of customer value from the sources on: opportunities that come one by one, covariates from the job file.
. "${0%/*}/common.sh"
need donations/donations.csv

# ---- donations: 11,104 supporters of 1995, six years (Fader, Hardie & Shang 2010) ----
# The table counts supporters by x and the last year they gave in: which years lie between does not matter.
awk -F, 'NR > 1 {
    for (i = 0; i < $4; i++) {
        id = NR "-" i
        print id ",1995-06-15,10"
        for (j = 1; j < $1; j++) print id "," 1995 + j "-06-15,10"
        if ($1 > 0) print id "," 1995 + $2 "-06-15,10"
    }
}' "$DATA/donations/donations.csv" >donations.csv
cat >donations.yaml <<'E2'
dataset: donations
output: runs/donations
as_of: 2002-01-01
ingest:
  sources:
    - kind: transactions
      files: [donations.csv]
      delimiter: ","
      header: false
      columns: {id: 1, time: 2, amount: 3}
      time_format: "%Y-%m-%d"
cluster: {k: 2}
value: {model: bg_bb, time_unit: year, opportunity: year, horizon: 5, steps: 5}
E2
ranks 2 "$TESSERA" ingest donations.yaml --quiet >/dev/null
ranks 3 "$TESSERA" value donations.yaml --json --quiet >donations.json
json() { "$PROBE" json donations.json "$@" || die "donations: $*"; }
json model bg_bb
json customers 11104
json parameters.alpha 1.2035 1e-4
json parameters.beta .7497 1e-4
json parameters.gamma .6567 1e-4
json parameters.delta 2.7834 1e-4
json log_likelihood -33225.5813 1e-8
# Five years ahead: 12,884.2 by the spreadsheet, 12,882.27 by R BTYD at parameters of three digits.
ranks 2 "$TESSERA" segment donations.yaml --quiet >/dev/null
"$PROBE" json runs/donations/segments.json total.expected_purchases 12884 2e-3 || die "donations of five years"

# ---- covariates: a number and an attribute of three categories ----
"$TESSERA" synth --customers 1500 --output drawn --quiet >/dev/null
cat >covariates.yaml <<'E2'
dataset: drawn
output: runs/covariates
features: {set: [recency, frequency, monetary, age, channel]}
value: {covariates: [age, channel]}
E2
ranks 1 "$TESSERA" value covariates.yaml --json --quiet >one.json
ranks 3 "$TESSERA" value covariates.yaml --json --quiet --set output=runs/three >three.json
cmp -s one.json three.json || die "covariates: other coefficients on three ranks"
"$TESSERA" value covariates.yaml --quiet >said
for effect in purchase_rate dropout_a dropout_b; do
    grep -q "age: $effect .*[0-9] .*[0-9]$" said || die "no coefficient of age with its standard error: $effect"
    grep -q "channel=[a-z]*: $effect" said || die "no coefficient of a channel: $effect"
done
expect 2 "$TESSERA" value covariates.yaml --set value.covariates='[hair]' --set output=runs/none
said 'names hair'
