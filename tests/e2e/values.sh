# Published values, from the sources to segments.json (the notes of the data say where they come from).
. "${0%/*}/common.sh"
need cdnow/CDNOW_sample.txt
need online_retail/online_retail.csv.gz
need mall_customers/Mall_Customers.csv
need wholesale/Wholesale-customers-data.csv

# full JOB SETTINGS...: ingest and segment, on three ranks
full() {
    name=$1
    shift
    ranks 3 "$TESSERA" ingest "$SOURCE/jobs/$name.yaml" --set dataset=data/$name --quiet >/dev/null
    ranks 3 "$TESSERA" segment "$SOURCE/jobs/$name.yaml" --set dataset=data/$name --set output=runs/$name --quiet "$@" >/dev/null
}
json() { "$PROBE" json "$@" || die "$*"; }

# ---- CDNOW sample: Fader, Hardie & Lee (2005); Fader & Hardie (2013) ----
full cdnow_sample
fit=runs/cdnow_sample/segments.json
json $fit customers 2357
json $fit value.validation.parameters.r .242594522403 2e-4
json $fit value.validation.parameters.alpha 4.413602018005 2e-4
json $fit value.validation.parameters.a .792922016746 2e-4
json $fit value.validation.parameters.b 2.425907 2e-4
json $fit value.validation.log_likelihood -9582.429206673929 1e-9
json $fit value.validation.spend.parameters.p 6.24957 2e-4
json $fit value.validation.spend.parameters.q 3.74422 2e-4
json $fit value.validation.spend.parameters.gamma 15.4435 2e-4
json $fit value.validation.spend.log_likelihood -4055.9177 1e-7
json $fit value.validation.spend.customers 946
# The sum over customers of E(X(t)) from 1997-10-01 to 1998-06-30, by the published formula in Python.
json $fit value.validation.tracking.holdout_actual 1882
json $fit value.validation.tracking.holdout_expected 1666.6523223359 1e-6

# ---- Online Retail: RFM by rule V; grid A and table C ----
full online_retail --set cluster.k=5
rfm=runs/online_retail/segments.json
json $rfm customers 4338
json $rfm revenue 8911407.904
score() { # NAME COUNTS
    name=$1 n=1
    shift
    for count; do
        json $rfm rfm.scores.$name.$n $count
        n=$((n + 1))
    done
}
score recency 861 866 863 880 868
score frequency 1493 835 508 802 700
score monetary 868 867 868 867 868
# Group names have blanks: one argument is "name=count".
groups() {
    for pair; do json $rfm "rfm.groups.${pair%=*}" "${pair#*=}"; done
}
grep -q '"order": \[' $rfm || die "segments.json does not say the order of RFM groups"
groups Champions=798 Hibernating=668 Lost=567 "Loyal=403" "At Risk=348"
ranks 2 "$TESSERA" segment "$SOURCE/jobs/online_retail.yaml" --set dataset=data/online_retail --set output=runs/grid_a \
    --set rfm.scheme=grid_a --set cluster.k=2 --quiet >/dev/null
rfm=runs/grid_a/segments.json
groups Hibernating=1335 Champions=604 "Potential Loyalists=484" "At Risk=357" "Promising=169"

# ---- Mall: K-means on integers stays exact ----
matrix() { # NAME FILE COLUMNS SETTINGS...
    name=$1
    "$PROBE" matrix $name.h5 /x "$DATA/$2" "$3"
    printf 'matrix: {file: %s.h5, path: /x}\noutput: runs/%s\n' $name $name >$name.yaml
    shift 3
    ranks 2 "$TESSERA" segment $name.yaml --quiet "$@" >/dev/null
}
matrix mall mall_customers/Mall_Customers.csv 4,5 --set features.transform=none --set features.scale=none \
    --set reduce.method=none --set cluster.k=5
json runs/mall/segments.json quality.inertia 44448.4554 1e-8
"$PROBE" sizes runs/mall/segments.json 22,23,35,39,81

# ---- Wholesale: logarithms, correlations, two segments ----
matrix wholesale wholesale/Wholesale-customers-data.csv 4,5,6,7,8,9 --set features.transform=log \
    --set features.scale=standard --set reduce.components=6 --set cluster.k=2
i=0
for eigenvalue in 2.63945464 1.62765973 .64540532 .60868353 .29440392 .18439286; do
    "$PROBE" model runs/wholesale/model.h5 /pca/variance $i $eigenvalue 3e-5 || die "eigenvalue $i"
    i=$((i + 1))
done
ranks 3 "$TESSERA" segment wholesale.yaml --quiet --set output=runs/plain --set features.transform=log \
    --set features.scale=none --set reduce.method=none --set cluster.k=2 >/dev/null
json runs/plain/segments.json quality.inertia 3314.947406 3e-5
"$PROBE" sizes runs/plain/segments.json 182,258

# ---- A run that starts from another's centroids ends where it ended ----
ranks 2 "$TESSERA" segment mall.yaml --quiet --set output=runs/start --set features.transform=none \
    --set features.scale=none --set reduce.method=none --set cluster.start.file=runs/mall/model.h5 \
    --set cluster.start.path=/kmeans/centroids_original >/dev/null
json runs/start/segments.json quality.inertia 44448.4554 1e-8
"$PROBE" same runs/mall/customers.h5 runs/start/customers.h5 segment || die "other labels from the same centroids"

# ---- CDNOW, whole: to the cent; one digest for any ranks and partitions ----
first=
for pair in "1 auto" "2 61" "3 1" "5 16" "8 4"; do
    size=${pair% *} partitions=${pair#* }
    ranks 2 "$TESSERA" ingest "$SOURCE/jobs/cdnow.yaml" --set dataset=data/cdnow$size --set ingest.partitions=$partitions --quiet >/dev/null
    ranks $size "$TESSERA" segment "$SOURCE/jobs/cdnow.yaml" --set dataset=data/cdnow$size --set output=runs/cdnow$size --quiet >/dev/null
    found=$(digest runs/cdnow$size)
    [ -n "$first" ] || first=$found
    [ "$found" = "$first" ] || die "CDNOW on $size ranks in $partitions partitions: digest $found, not $first"
done
json runs/cdnow1/segments.json customers 23570
json runs/cdnow1/segments.json revenue 2500315.63
