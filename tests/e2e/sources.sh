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
