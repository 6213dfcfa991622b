# tessera predict: the same bits on any ranks, as good as scikit-learn, labels of any source, and labels that cannot be.
. "${0%/*}/common.sh"
json() { "$PROBE" json "$@" || die "$*"; }

# ---- a small table of customers: `big` follows from `x` but for noise, `amount` from `y` ----
awk 'BEGIN {
    print "id,x,y,big,amount,always,word,group"
    for (i = 1; i <= 1200; i++) {
        x = (i * 7919) % 997
        y = (i * 104729) % 1009
        big = x + (i * 31) % 200 > 600 ? "yes" : "no"
        if (i % 50 == 0) big = ""
        printf "c%d,%d,%d,%s,%d,one,w%d,%s\n", i, x, y, big, 3 * y + (i * 17) % 40, i, i % 3 ? "a" : "b"
    }
}' >small.csv
cat >small.yaml <<END
dataset: small
output: runs/small
ingest:
  sources:
    - kind: customers
      files: [small.csv]
      delimiter: ","
      header: true
      columns: {id: id, x: x, y: y, big: big, amount: amount, always: always, word: word, group: group}
predict: {label: big, attributes: group, trees: 20}
END
"$TESSERA" ingest small.yaml --quiet >/dev/null
first=
for np in 1 2 3; do
    ranks $np "$TESSERA" predict small.yaml --quiet --set output=runs/small$np >said$np
    cmp runs/small1/predictions.h5 runs/small$np/predictions.h5 || die "other predictions on $np ranks"
    cmp runs/small1/predict.json runs/small$np/predict.json || die "other scores on $np ranks"
done
grep -q "24 without label" said1 || die "customers without label are not counted"
json runs/small1/predict.json classes.0 no
json runs/small1/predict.json classes.1 yes
json runs/small1/predict.json customers.unlabelled 24
json runs/small1/predict.json test.accuracy 0.95 0.05

# One tree of entropy, and a regression.
"$TESSERA" predict small.yaml --quiet --set predict.method=tree --set predict.criterion=entropy \
    --set output=runs/tree >/dev/null
json runs/tree/predict.json trees 1
json runs/tree/predict.json out_of_bag null
"$TESSERA" predict small.yaml --quiet --set predict.label=amount --set predict.mtry=3 --set output=runs/amount >/dev/null
json runs/amount/predict.json task regression
json runs/amount/predict.json test.r_squared 0.99 0.02

# The label of another table: what the tree predicted is the class that its own customers have there.
ranks 3 "$TESSERA" predict small.yaml --quiet --set predict.table=runs/tree/predictions.h5 \
    --set predict.label=predicted --set output=runs/other >/dev/null
json runs/other/predict.json customers.unlabelled 0
json runs/other/predict.json test.accuracy 0.96 0.03

# The same label from a text: its columns in any order, quotes, empty and unknown lines; the same bits on any ranks.
awk -F, -v OFS=, 'NR == 1 { print "note", "goal", "id" } NR > 1 { print "\"a, b\"", $5, $1 }
    END { print "x", "", "c1"; print "x", 7, "nobody" }' small.csv >labels.csv
for np in 1 3; do
    ranks $np "$TESSERA" predict small.yaml --quiet --set predict.table=labels.csv --set predict.label=goal \
        --set predict.mtry=4 --set output=runs/text$np >/dev/null
done
cmp runs/text1/predictions.h5 runs/text3/predictions.h5 || die "labels of a text: other predictions on 3 ranks"
json runs/text1/predict.json task regression
json runs/text1/predict.json customers.unlabelled 0
json runs/text1/predict.json test.r_squared 0.99 0.02

# ---- labels that cannot be ----
bad() { # STATUS WORDS SETTINGS...
    expected=$1 words=$2
    shift 2
    for np in 1 3; do
        expect "$expected" ranks $np "$TESSERA" predict small.yaml --quiet --set output=runs/bad$np "$@"
        said "$words"
        [ ! -e runs/bad$np/predictions.h5 ] || die "predictions after a failure"
    done
}
bad 3 "is the same for everybody" --set predict.label=always
bad 3 "more than 1000 classes" --set predict.label=word
bad 2 "neither a feature nor an attribute" --set predict.label=nothing
bad 2 "give \`predict.label\`" --set predict.label=null
bad 2 "no categorical attribute" --set predict.attributes=x
bad 2 "no column nothing" --set predict.table=runs/tree/predictions.h5 --set predict.label=nothing
bad 4 "missing.h5" --set predict.table=missing.h5
printf 'id,score\nc1,3\nc2,many\n' >words.csv
bad 3 "words.csv: the line at byte 14: column score holds .many., which is no number" --set predict.table=words.csv \
    --set predict.label=score
bad 2 "words.csv has no column nothing" --set predict.table=words.csv --set predict.label=nothing
printf 'customer,score\nc1,3\n' >noid.csv
bad 2 "noid.csv: the first line names no column .id." --set predict.table=noid.csv --set predict.label=score

# ---- Telco churn beside scikit-learn 1.2.1: the same five splits (seeds 1 to 5), categories as numbers, random_state 0 ----
# DecisionTreeClassifier(max_depth=6, min_samples_leaf=20): accuracy .7877, AUC .8189; RandomForestClassifier(100,
# max_depth=12, min_samples_leaf=5): .8012, .8378. Means, because 1,408 customers test one split and a tree hangs on single
# thresholds: scikit-learn's own loses .012 of AUC on split 1 when its columns are cut into as many bins as ours.
need telco_churn/Telco-Customer-Churn.csv
{
    printf 'dataset: telco\noutput: runs/telco\npredict: {label: Churn}\ningest:\n  sources:\n    - kind: customers\n'
    printf '      files: ["%s/telco_churn/Telco-Customer-Churn.csv"]\n' "$DATA"
    printf '      delimiter: ","\n      header: true\n      columns: {id: customerID'
    head -n 1 "$DATA/telco_churn/Telco-Customer-Churn.csv" | tr -d '\r' | tr ',' '\n' | grep -v -e customerID -e tenure |
        sed 's/.*/, &: &/' | tr -d '\n'
    printf ', tenure_months: tenure}\n'
} >telco.yaml
"$TESSERA" ingest telco.yaml --quiet >/dev/null
for seed in 1 2 3 4 5; do
    ranks 2 "$TESSERA" predict telco.yaml --quiet --set seed=$seed --set output=runs/forest$seed >/dev/null
    ranks 2 "$TESSERA" predict telco.yaml --quiet --set seed=$seed --set output=runs/tree$seed --set predict.method=tree \
        --set predict.depth=6 --set predict.min_leaf=20 >/dev/null
done
mean_near() { # METHOD PART FIGURE EXPECTED: the mean over the splits is at most 0.005 away
    python3 - "$@" <<'END' || die "$* on average"
import json, sys
method, part, figure, expected = sys.argv[1:]
found = [json.load(open(f"runs/{method}{seed}/predict.json"))[part][figure] for seed in range(1, 6)]
sys.exit(abs(sum(found) / 5 - float(expected)) > 0.005 and f"{found}")
END
}
mean_near tree test accuracy .7877
mean_near tree test auc .8189
mean_near forest test accuracy .8012
mean_near forest test auc .8378
mean_near forest test_uncalibrated auc .8378
