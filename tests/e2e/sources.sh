# Many sources make the dataset that one would: the population read back from its files, CDNOW in three systems.
. "${0%/*}/common.sh"

same() { # WHAT DATASET DATASET
    [ "$(digest "$2")" = "$(digest "$3")" ] || die "$1: $3 does not have the digest of $2"
}

# ---- customers, transactions, events, campaigns, consent: written and read back ----
ranks 2 "$TESSERA" synth --customers 4000 --contact --partitions 3 --output direct --sources files --quiet >/dev/null
ranks 3 "$TESSERA" ingest files/job.yaml --set ingest.partitions=5 --quiet >/dev/null
same "five sources" direct files/dataset
ranks 2 "$TESSERA" inspect files/dataset --verify >/dev/null || die "the balance of five sources"
sed '2d' files/events-00001.csv >fewer && mv fewer files/events-00001.csv
"$TESSERA" ingest files/job.yaml --set dataset=fewer --quiet >/dev/null
[ "$(digest direct)" != "$(digest fewer)" ] || die "an event less, and the same digest"

# ---- CDNOW: the shop knows customers by number, web and phone by another id; pairs tell who is who ----
need cdnow/CDNOW_master.txt
awk 'NR > 1 { print > ("part" NR % 3) }' "$DATA/cdnow/CDNOW_master.txt"
awk '{ $1 = "web-" $1; print }' part1 >web
awk '{ $1 = "web-" $1; print }' part2 >phone
awk 'NR > 1 && !seen[$1]++ { print $1, "web-" $1 }' "$DATA/cdnow/CDNOW_master.txt" >pairs
cat >parts.yaml <<'END'
dataset: parts
output: runs/parts
ingest:
  money: {scale: 2, currency: USD}
  sources:
    - {kind: transactions, files: [part0], delimiter: blank, header: false, columns: {id: 1, time: 2, quantity: 3, amount: 4}, time_format: "%Y%m%d"}
    - {kind: transactions, files: [web], delimiter: blank, header: false, columns: {id: 1, time: 2, quantity: 3, amount: 4}, time_format: "%Y%m%d"}
    - {kind: transactions, files: [phone], delimiter: blank, header: false, columns: {id: 1, time: 2, quantity: 3, amount: 4}, time_format: "%Y%m%d"}
    - {kind: identities, files: [pairs], delimiter: blank, header: false, columns: {id: 1, other: 2}}
END
"$TESSERA" ingest "$SOURCE/jobs/cdnow.yaml" --set dataset=whole --quiet >/dev/null
ranks 3 "$TESSERA" ingest parts.yaml --quiet >/dev/null
same "CDNOW in three systems" whole parts
"$TESSERA" inspect parts --verify >verified
grep -q "verified" verified || die "the balance of CDNOW in three systems"

# ---- vectors of a language model: one digest for any ranks and partitions; a vector from the future moves nothing ----
awk 'BEGIN { for (c = 1; c <= 500; c++) for (p = 0; p <= c % 5; p++) printf "c%d,2024-%02d-%02d,%d.%02d\n", c, 1 + p, 1 + c * 7 % 28, c % 90 + p, c % 100 }' >bought
awk 'BEGIN { for (c = 1; c <= 400; c++) printf "c%d;2024-01-01;[%.6f, %.6f, %.6f, %.6f]\n", c, c % 3, sin(c), cos(c), c % 2 }' >vectors
cat >vectors.yaml <<'END'
dataset: vectors1
output: runs/vectors1
as_of: 2024-07-01
features: {set: [recency, frequency, "embedding:reviews"], embedding_components: 3}
cluster: {k: 3}
ingest:
  sources:
    - {kind: transactions, files: [bought], header: false, columns: {id: 1, time: 2, amount: 3}}
    - {kind: embeddings, name: reviews, dimensions: 4, files: [vectors], delimiter: ";", header: false, columns: {id: 1, time: 2, vector: 3}}
END
"$TESSERA" ingest vectors.yaml --quiet >/dev/null
"$TESSERA" segment vectors.yaml --quiet >/dev/null
awk 'BEGIN { for (c = 401; c <= 450; c++) printf "c%d;2024-07-01;9 9 9 9\n", c }' >>vectors
ranks 3 "$TESSERA" ingest vectors.yaml --set dataset=vectors3 --set ingest.partitions=5 --quiet >/dev/null
ranks 3 "$TESSERA" segment vectors.yaml --set dataset=vectors3 --set output=runs/vectors3 --quiet >/dev/null
same "vectors, and some of later" runs/vectors1 runs/vectors3
"$TESSERA" inspect vectors3 | grep -q "embedding *reviews, 4 dimensions" || die "inspect does not tell of the embedding"

# ---- nothing after as_of: records, values that nobody had before, attributes that hold later, reactions that came later ----
awk 'BEGIN { for (c = 1; c <= 200; c++) for (p = 0; p <= c % 6; p++) printf "c%d,2024-%02d-%02d %02d:10:00,%d.%02d,cat%d,%s,o%d-%d\n",
    c, 1 + p, 1 + (c * 7 + p * 5) % 28, (c + p * 9) % 24, c * p % 90 + 1, c % 100, (c + p) % 3, c % 3 ? "" : "sale", c, p
    print "c1,2024-06-30 10:00:00,5.00,cat1,,last" }' >tx
awk 'BEGIN { split("view click dwell support", type); for (c = 1; c <= 200; c++) for (p = 0; p <= c % 9; p++)
    printf "c%d,2024-%02d-%02d %02d:%02d:00,%s,%s,%d\n", c, 1 + p % 6, 1 + (c * 3 + p * 5) % 28, (c + p) % 24, p * 7 % 60,
    type[p % 4 + 1], p % 3 ? "web" : "app", c % 50 }' >ev
awk 'BEGIN { for (c = 1; c <= 200; c++) for (p = 0; p <= c % 3; p++) printf "c%d,2024-0%d-03,camp%d,A,2024-0%d-04,%s,%s,\n",
    c, 1 + p, p, 1 + p, c % 2 ? "2024-04-05" : "", c % 4 == 1 ? "2024-04-06" : "" }' >ca
awk 'BEGIN { print "id,since,age,city,team"; for (c = 1; c <= 200; c++) printf "c%d,2024-01-01,%d,town%d,t%d\n", c, 20 + c % 50, c % 4, c % 7 }' >cu
cp tx tx.later
cp ev ev.later
cp cu cu.later
awk 'BEGIN { for (c = 1; c <= 150; c++) printf "c%d,2024-07-%02d 10:00:00,999.00,new%d,sale,f%d\n", c, 1 + c % 28, c % 2, c }' >>tx.later
awk 'BEGIN { for (c = 1; c <= 150; c++) printf "c%d,2024-07-%02d 10:00:00,%s,fax,9\n", c, 1 + c % 28, c % 2 ? "view" : "support" }' >>ev.later
awk 'BEGIN { for (c = 1; c <= 90; c++) printf "c%d,2024-07-01,99,elsewhere,t9\n", c }' >>cu.later
awk 'BEGIN { FS = OFS = "," } { for (f = 6; f <= 8; f++) if ($f == "") $f = "2024-07-0" f; print }
    END { for (c = 1; c <= 150; c++) printf "c%d,2024-07-03,late,A,2024-07-04,2024-07-05,2024-07-05,2024-07-06\n", c }' ca >ca.later
for when in "" .later; do
    cat >when$when.yaml <<END
dataset: known$when
output: runs/known$when
as_of: 2024-07-01
cluster: {k: 3}
features:
  categories: 5
  set: [$("$TESSERA" features | sed -n 's/^\([a-z_]*\) \[.*/\1/p' | paste -sd,), age, city, team, channel_share, category_share]
ingest:
  sources:
    - {kind: transactions, files: [tx$when], header: false, columns: {id: 1, time: 2, amount: 3, category: 4, promotion: 5, order: 6}}
    - {kind: events, files: [ev$when], header: false, columns: {id: 1, time: 2, type: 3, channel: 4, value: 5}}
    - {kind: campaigns, files: [ca$when], header: false, columns: {id: 1, assigned: 2, campaign: 3, arm: 4, sent: 5, opened: 6, clicked: 7, converted: 8}}
    - {kind: customers, files: [cu$when], columns: {id: id, time: since, age: age, city: city, team: team}}
END
    "$TESSERA" ingest when$when.yaml --quiet >/dev/null
    ranks 2 "$TESSERA" segment when$when.yaml --quiet >/dev/null
done
same "what comes after as_of" runs/known runs/known.later
grep -q ',202,not before as_of,since$' known.later/rejects.csv || die "attributes of later are not listed"

# ---- attributes alone: a first job runs as it is, and nothing is said of purchases that nobody made ----
awk 'BEGIN { print "member,age,income"
    for (i = 0; i < 300; i++) printf "m%d,%d,%d\n", i, (i % 2 ? 25 : 60) + i % 7, (i % 3 ? 20 : 90) + i % 5 }' >people.csv
"$TESSERA" ingest --infer people.csv >people.yaml
"$TESSERA" ingest people.yaml --quiet >/dev/null
"$TESSERA" segment people.yaml --quiet >told 2>&1
grep -q '300 customers$' told || { cat told >&2; die "no segments of attributes alone"; }
if grep -Eiq 'revenue|prospects|recency|1970|RFM' told; then cat told >&2 && die "purchases that nobody made"; fi
