# Latent groups of a synthetic population that lie apart: segments find them, a few rules tell them, the report says so.
. "${0%/*}/common.sh"

"$TESSERA" synth --customers 3000 --separate --partitions 3 --output apart --quiet >/dev/null
cat >job.yaml <<END
dataset: apart
output: run1
cluster: {k: 6}
features: {set: [average_order_value, night_share, weekend_share, return_share, newsletter]}
quality: {truth: group, truth_table: apart/truth.h5}
value: {model: none}
END
for np in 1 3; do ranks $np "$TESSERA" segment job.yaml --quiet --set output=run$np >/dev/null; done
[ "$(digest run1)" = "$(digest run3)" ] || die "given labels of a table: another digest on 3 ranks"
# 1 is all right, 0 is chance: spend of bargain hunters and of the others overlaps a little
"$PROBE" json run1/segments.json quality.agreement.adjusted_rand 0.97 0.02 || die "segments are not the groups"
"$PROBE" json run1/segments.json quality.agreement.customers 3000
"$PROBE" json run1/segments.json surrogate.fidelity 0.99 0.01 || die "rules do not tell the segments"
grep -q 'Adjusted Rand index' run1/report.html || die "the report does not say how segments agree with given labels"

# Usual groups overlap: rules still follow the segments, and the segments are not called the truth.
"$TESSERA" synth --customers 3000 --output usual --quiet >/dev/null
"$TESSERA" segment job.yaml --quiet --set dataset=usual --set quality.truth_table=usual/truth.h5 --set output=usual-run \
    --set features.set=default >/dev/null
"$PROBE" json usual-run/segments.json surrogate.fidelity 0.95 0.05 || die "rules do not tell usual segments"

# ---- what cannot be ----
expect 2 "$TESSERA" segment job.yaml --set output=none --set quality.truth=null
said "quality.truth_table. needs"
expect 2 "$TESSERA" segment job.yaml --set output=none --set quality.truth=nothing
said "no column nothing"
expect 4 "$TESSERA" segment job.yaml --set output=none --set quality.truth_table=nowhere.h5
said "nowhere.h5"
expect 3 "$TESSERA" segment job.yaml --set output=rates --set quality.truth=rate
said "which is no label"
expect 2 "$TESSERA" synth --customers 10 --plain --separate --output none
said "no groups"
