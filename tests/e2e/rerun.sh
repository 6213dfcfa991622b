# What a second run does: nothing, or what is missing, or what was changed, or it refuses.
. "${0%/*}/common.sh"

cat >job.yaml <<END
dataset: data
output: run
END
"$TESSERA" synth --customers 3000 --partitions 2 --output data --quiet
"$TESSERA" segment job.yaml --quiet >/dev/null
wanted=$(digest run)

# Nothing is left to do: no file changes.
before=$(cd run && ls -l --time-style=full-iso)
expect 0 ranks 2 "$TESSERA" segment job.yaml
said "nothing was left to do"
[ "$(cd run && ls -l --time-style=full-iso)" = "$before" ] || die "a finished run was touched"

# What is missing or damaged is made again, and only that.
for file in customers.h5 model.h5 segments.json report.html features.h5; do
    rm run/$file
    ranks 2 "$TESSERA" segment job.yaml --quiet >/dev/null
    [ -e run/$file ] || die "$file was not made again"
    [ "$(digest run)" = "$wanted" ] || die "without $file: another digest"
done
printf 'x' | dd of=run/segments.json bs=1 seek=20 conv=notrunc status=none
expect 3 "$TESSERA" inspect run --verify
said "segments.json"
"$TESSERA" segment job.yaml --quiet >/dev/null
"$TESSERA" inspect run --verify >/dev/null || die "damage was not mended"

# Another job in the same folder is refused, and the key is named.
expect 2 "$TESSERA" segment job.yaml --set cluster.k=4
said "cluster.k"
[ "$(digest run)" = "$wanted" ] || die "a refused job changed the run"
expect 0 "$TESSERA" segment job.yaml --set report.title=Other
grep -q "<title>Other</title>" run/report.html || die "the title was not changed"
[ "$(digest run)" = "$wanted" ] || die "a title changed the digest"

# --redo: as if it had been that job from the start; the features stand.
features=$(ls -l --time-style=full-iso run/features.h5)
expect 0 ranks 3 "$TESSERA" segment job.yaml --set cluster.k=4 --redo
[ "$(ls -l --time-style=full-iso run/features.h5)" = "$features" ] || die "features were computed again"
"$TESSERA" segment job.yaml --set cluster.k=4 --set output=other --quiet >/dev/null
[ "$(digest run)" = "$(digest other)" ] || die "--redo gives another result than a fresh run"
[ "$(digest run)" != "$wanted" ] || die "another k gives the same digest"

# A folder of something else is left alone.
mkdir mine && echo "my letters" >mine/letters
expect 2 "$TESSERA" segment job.yaml --set output=mine
said "not a run directory"
[ "$(ls mine)" = letters ] || die "a foreign folder was written to"

# Two jobs cannot work on one folder at one time.
mkfifo hold
"$PROBE" lock run <hold >held &
exec 3>hold
while ! grep -q locked held; do sleep 0.1; done
TESSERA_LOCK_SECONDS=1 expect 4 ranks 2 "$TESSERA" segment job.yaml --set cluster.k=4
exec 3>&-
wait
expect 0 ranks 2 "$TESSERA" segment job.yaml --set cluster.k=4

# Without ids: neither id nor key in any file.
"$TESSERA" segment job.yaml --set output=bare --set privacy.keep_ids=false --quiet >/dev/null
"$PROBE" same run/customers.h5 run/customers.h5 key || die "the probe reads keys"
if "$PROBE" same bare/customers.h5 bare/customers.h5 key 2>/dev/null; then die "keys without privacy.keep_ids"; fi
if "$PROBE" same bare/features.h5 bare/features.h5 key 2>/dev/null; then die "keys in features.h5"; fi
"$TESSERA" segment job.yaml --set output=full --quiet >/dev/null
"$PROBE" same bare/customers.h5 full/customers.h5 segment || die "segments depend on privacy.keep_ids"
