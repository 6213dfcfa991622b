# Matrices, starting centroids, labels and weights that are wrong or odd: a clear line on all ranks, or what is documented.
. "${0%/*}/common.sh"

# rows OUT.csv COUNT AWK-EXPRESSION: lines "i,a,b,w,t"; the expression may change a, b, w, t by the number i
rows() {
    awk -v n="$2" 'BEGIN { print "i,a,b,w,t"; for (i = 0; i < n; i++) {
        t = i % 4; a = 20 * (t % 2) + (i * 37 % 101) / 50; b = 20 * int(t / 2) + (i * 53 % 97) / 50; w = 1 + i % 3
        '"$3"'
        print i "," a "," b "," w "," t } }' >"$1"
}
# matrix NAME COUNT AWK-EXPRESSION [COLUMNS]: NAME.h5 with a dataset /x of a and b
matrix() {
    rows $1.csv $2 "$3"
    "$PROBE" matrix $1.h5 /x $1.csv ${4:-2,3}
}
# run NP OUT.run MATRIX.h5 [SETTING...]
run() {
    np=$1 out=$2 file=$3
    shift 3
    printf 'matrix: {file: %s, path: /x}\noutput: %s\ncluster: {k: 4, restarts: 2}\nreduce: {method: none}\n' $file $out >$out.yaml
    set -- $(for setting in "$@"; do printf ' --set %s' "$setting"; done)
    if [ $np = 1 ]; then "$TESSERA" segment $out.yaml --quiet "$@"; else ranks $np "$TESSERA" segment $out.yaml --quiet "$@"; fi
}
# refused STATUS PATTERN OUT MATRIX [SETTING...]: on one rank and on three, with one line of ours
refused() {
    status=$1 pattern=$2 out=$3 file=$4
    shift 4
    for np in 1 3; do
        expect $status run $np $out$np $file "$@"
        said "$pattern"
        [ "$(grep -c '^tessera: ' "$WORK/said")" = 1 ] || die "$out: not one line"
        [ ! -e $out$np/segments.json ] || die "$out: segments.json was written"
    done
}

matrix good 400 ''
matrix truth 400 '' 2,3,5,4
run 1 good good.h5 >/dev/null
"$PROBE" sizes good/segments.json 100,100,100,100

# Values that are no numbers: infinite ones are refused with row and column; missing ones are filled, or refused if the
# job says so.
matrix infinite 400 'if (i == 123) b = "inf"'
refused 3 'infinite.h5.*row 123.*c1' infinite infinite.h5
matrix missing 400 'if (i == 123) b = "nan"'
run 1 missing missing.h5 >/dev/null
"$PROBE" json missing/segments.json customers 400
refused 3 'c1' incomplete missing.h5 features.missing=reject

# Shapes: more segments than customers, one segment, no column.
refused 3 '401 segments asked for, but there are only 400 customers' many good.h5 cluster.k=401
refused 2 'cluster.k' one good.h5 cluster.k=1
refused 2 'features.set\|no feature' none good.h5 'features.set=[]'
matrix equal 50 'a = 5; b = 5'
refused 3 'all 2 features are constant' equal equal.h5

# A customer far away is clipped, counted and said; and does not take a segment from the others by force.
matrix outlier 2000 'if (i % 50 == 7) a = 1e9'
run 1 outlier outlier.h5 features.transform=none features.clip=2 >/dev/null
grep -q 'lie beyond 2 standard deviations and are clipped' outlier/run.json || die "clipped values are not counted"

# Fewer distinct customers than segments: fewer segments, said clearly.
matrix few 300 'a = 10 * (i % 3); b = 0.5 * (i % 3 == 1)'
run 3 few few.h5 >/dev/null
grep -q '3 segments instead of 4' few/run.json || die "fewer segments are not said"
"$PROBE" sizes few/segments.json 100,100,100

# Starting centroids of another shape.
printf 'i,a,b,c\n0,1,1,1\n1,20,20,1\n' >start.csv
"$PROBE" matrix narrow.h5 /c start.csv 2
"$PROBE" matrix start.h5 /c start.csv 2,3
refused 2 'narrow.h5: starting centroids have 1 columns, but the job has 2 features' narrow good.h5 \
    cluster.start.file=narrow.h5 cluster.start.path=/c
refused 3 'start.h5' nowhere good.h5 cluster.start.file=start.h5 cluster.start.path=/nowhere
run 1 start good.h5 cluster.start.file=start.h5 cluster.start.path=/c >/dev/null
"$PROBE" json start/segments.json quality.k 2

# Labels to compare with: a column that is not there, values that are no labels; good ones agree.
refused 2 'quality.truth.*c9' unlabelled good.h5 quality.truth=c9
refused 3 'quality.truth: c0 holds .*, which is no label' unlabelable good.h5 quality.truth=c0
run 1 labelled truth.h5 'features.set=[c0,c1]' quality.truth=c2 >/dev/null
"$PROBE" json labelled/segments.json quality.agreement.adjusted_rand 1

# Weights: negative ones are refused; whole ones count.
matrix negative 400 'if (i == 399) w = -1' 2,3,4
refused 3 'cluster.weights: c2 is -1 for customer 400' negative negative.h5 'features.set=[c0,c1]' cluster.weights=c2
run 3 weighted truth.h5 'features.set=[c0,c1]' cluster.weights=c3 >/dev/null
"$PROBE" json weighted/segments.json weights.quantum 1
"$PROBE" json weighted/segments.json weights.total 799

# Quality is read back from its checkpoint: silhouettes, agreement, segments of a run that was killed after it.
set -- 'features.set=[c0,c1]' quality.truth=c2 cluster.weights=c3
if TSR_FAULT="point=customers,rank=1,nth=1,action=kill" run 3 killed truth.h5 "$@" >/dev/null 2>&1; then die "nobody was killed"; fi
[ -e killed/checkpoint/quality.h5 ] || die "quality kept no checkpoint"
run 1 killed truth.h5 "$@" >/dev/null
run 1 whole truth.h5 "$@" >/dev/null
cmp killed/segments.json whole/segments.json || die "another segments.json"
[ "$(digest killed)" = "$(digest whole)" ] || die "another digest"
