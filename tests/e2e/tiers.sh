# Segments by customer lifetime value, and lifetime value as a feature: any number of ranks, killed or not.
. "${0%/*}/common.sh"

"$TESSERA" synth --customers 1500 --partitions 3 --output data --quiet
job() { printf 'dataset: data\noutput: %s\n%s\n' "$1" "$2" >"$1.yaml"; }
json() { "$PROBE" json "$@" || die "$*"; }

# same RUN JOB STAGES...: on one rank, and killed in those stages on three and finished on two
same() {
    name=$1 text=$2
    shift 2
    job "$name" "$text"
    "$TESSERA" segment "$name.yaml" --quiet >"$name.txt"
    wanted=$(digest "$name")
    for stage; do
        job "$name-$stage" "$text"
        if TSR_FAULT="point=$stage,rank=1,nth=2,action=kill" ranks 3 "$TESSERA" segment "$name-$stage.yaml" --quiet \
            >/dev/null 2>&1; then die "$name: nobody was killed in $stage"; fi
        ranks 2 "$TESSERA" segment "$name-$stage.yaml" --quiet >/dev/null
        [ "$(digest "$name-$stage")" = "$wanted" ] || die "$name: killed in $stage: another digest"
    done
}

# ---- tiers ----
same tiers 'cluster: {method: clv_tiers}' tiers
grep -q "tiers     Platinum from" tiers.txt || die "the summary does not print the thresholds"
grep -q "<th scope=\"row\">Platinum" tiers/report.html || die "the report does not name the tiers"
grep -q "Lifetime value from" tiers/report.html || die "the report does not say where tiers begin"
if grep -q 'id="silhouettes\|id="choice\|id="density' tiers/report.html; then die "pictures of clusters that are none"; fi
json tiers/segments.json total.customers 1500
grep -q '"method": "clv_tiers"' tiers/segments.json || die "segments.json does not say the method"
grep -q '"quality": null' tiers/segments.json || die "tiers have no quality of clusters"
"$PROBE" tiers tiers/customers.h5 tiers/model.h5 || die "a customer is not in the tier of the own value"
expect 0 "$TESSERA" inspect tiers --verify
# a tier of few keeps the name that the job gave it, and tells nothing else
job few 'cluster: {method: clv_tiers}
privacy: {min_cell: 100}'
"$TESSERA" segment few.yaml --quiet >few.txt
grep -q '^  Platinum  *–' few.txt || die "a tier of few lost its name, or shows how many they are"
# another kind of cut is another run; K-means in the same folder too, by --redo
expect 2 "$TESSERA" segment tiers.yaml --set cluster.tiers.by=value
said "cluster.tiers.by"
expect 0 "$TESSERA" segment tiers.yaml --set cluster.method=kmeans --set cluster.k=3 --redo --quiet
job plain 'cluster: {k: 3}'
"$TESSERA" segment plain.yaml --quiet >/dev/null
[ "$(digest tiers)" = "$(digest plain)" ] || die "--redo from tiers to K-means is not a fresh run"

# ---- lifetime value as a feature ----
same valued 'features: {set: [default, clv, p_alive, expected_purchases]}
cluster: {k: 3}' worth
"$PROBE" same valued/worth.h5 valued/features.h5 clv || die "features.h5 does not show the column of worth.h5"
grep -q '"p_alive": {' valued/segments.json || die "p_alive has no profile"
rm valued/worth.h5
ranks 3 "$TESSERA" segment valued.yaml --quiet >/dev/null
[ "$(digest valued)" = "$wanted" ] || die "without worth.h5: another digest"
expect 0 "$TESSERA" segment valued.yaml --set features.set=default --redo --quiet
[ ! -e valued/worth.h5 ] || die "worth.h5 outlives the job that asked for it"
[ "$(digest valued)" = "$(digest plain)" ] || die "--redo without features of value is not a fresh run"

# ---- what cannot be ----
expect 2 "$TESSERA" segment valued.yaml --set output=none --set value.model=none
said "comes from the value model"
expect 2 "$TESSERA" segment tiers.yaml --set output=none --set value.model=none
said "needs a .dataset. and a .value.model."
expect 2 "$TESSERA" segment tiers.yaml --set output=none --set quality.truth=segment
said "quality.truth"
expect 2 "$TESSERA" segment tiers.yaml --set output=none --set "cluster.tiers.cuts=[0.5, 0.2]"
said "2 cuts make 3 tiers"
