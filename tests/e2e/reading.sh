# Dirty sources of all kinds, read a second time by a program that shares no line with Tessera.
. "${0%/*}/common.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
need_h5py
export PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$HERE/reading.py" write
ranks 3 "$TESSERA" ingest job.yaml --quiet --set ingest.partitions=3 >/dev/null
"$PYTHON" "$HERE/reading.py" data >&2 || die "the dataset is not what its sources hold"
"$TESSERA" ingest job.yaml --quiet --set dataset=alone >/dev/null
[ "$(digest data)" = "$(digest alone)" ] || die "three ranks give another dataset than one"
for list in rejects merges; do cmp data/$list.csv alone/$list.csv || die "three ranks give other $list than one"; done
"$TESSERA" inspect data --verify >/dev/null || die "the balance of the sources"
