# A run that is killed at any stage, and finished on another number of ranks, is the run that was never killed.
. "${0%/*}/common.sh"

# job NAME [K]: choosing k takes most of the time, so only what is about it does
job() { printf 'dataset: data\noutput: %s\ncluster: {k: %s}\n' "$1" "${2:-5}" >"$1.yaml"; }

"$TESSERA" synth --customers 5000 --partitions 3 --output data --quiet
job whole
ranks 2 "$TESSERA" segment whole.yaml --quiet >/dev/null
wanted=$(digest whole)

# STAGE,NTH: on the way into a stage (1), or with its work done and not yet noted (2).
np=1
for point in features,2 scale,1 tiles,2 pca,2 kmeans,1 quality,2 rfm,1 value,2 customers,1 customers,2 profile,1 model,2 \
    segments,2 report,1 report,2; do
    stage=${point%,*} nth=${point#*,} run=${point%,*}$nth
    job $run
    if TSR_FAULT="point=$stage,rank=1,nth=$nth,action=kill" ranks 3 "$TESSERA" segment $run.yaml --quiet >/dev/null 2>&1
    then die "$stage: nobody was killed"
    fi
    if "$TESSERA" inspect $run --digest >/dev/null 2>&1; then die "$stage: an unfinished run shows a digest"; fi
    ranks $np "$TESSERA" segment $run.yaml --quiet >/dev/null
    [ "$(digest $run)" = "$wanted" ] || die "killed in $stage ($nth): another digest"
    [ ! -e $run/checkpoint ] || die "$stage: checkpoint/ is still there"
    np=$((np % 3 + 1))
done

# A failure on one rank is a failure on all, with one message.
job failing
expect 4 env TSR_FAULT="point=kmeans,rank=2" "$MPIEXEC" --timeout "$PATIENCE" -np 3 "$TESSERA" segment failing.yaml
[ "$(grep -c 'failed on purpose' said)" = 1 ] || die "one failure, one message"

# USR1 ends a run at the next stage; the same command finishes it.
job asked
expect 6 env TSR_FAULT="point=pca,rank=1,action=usr1" "$MPIEXEC" --timeout "$PATIENCE" -np 2 "$TESSERA" segment asked.yaml
[ -e asked/checkpoint/scale.h5 ] || die "no checkpoint was kept"
"$TESSERA" segment asked.yaml --quiet >/dev/null
[ "$(digest asked)" = "$wanted" ] || die "asked to stop: another digest"

# USR1 inside K-means: the fit goes on where it stopped, on another number of ranks, without choosing k again.
job choosing 4..7
ranks 2 "$TESSERA" segment choosing.yaml --quiet >/dev/null
chosen=$(digest choosing)
for stop in 1 2; do
    run=inside$stop
    job $run 4..7
    expect 6 env TSR_FAULT="point=kmeans_iteration,rank=2,nth=$stop,action=usr1" "$MPIEXEC" --timeout "$PATIENCE" -np 3 \
        "$TESSERA" segment $run.yaml
    [ -e $run/checkpoint/kmeans.h5 ] || die "K-means kept no checkpoint"
    ranks $stop "$TESSERA" segment $run.yaml --quiet >/dev/null
    [ "$(digest $run)" = "$chosen" ] || die "stopped inside K-means: another digest"
done

# USR1 inside t-SNE, and a kill behind it: the plane is the same.
plane() { "$@" --set tsne.sample=200 --set tsne.iterations=40; }
job plain
job plane
plane "$TESSERA" segment plain.yaml --quiet >/dev/null
expect 6 plane env TSR_FAULT="point=tsne_iteration,rank=1,nth=15,action=usr1" "$MPIEXEC" --timeout "$PATIENCE" -np 2 \
    "$TESSERA" segment plane.yaml
said "stopped as asked, in iteration 1[5-7] of t-SNE"
if TSR_FAULT="point=tsne,rank=0,nth=2,action=kill" plane "$TESSERA" segment plane.yaml --quiet >/dev/null 2>&1
then die "t-SNE: nobody was killed"
fi
plane "$TESSERA" segment plane.yaml --quiet >/dev/null
[ "$(digest plane)" = "$(digest plain)" ] || die "stopped inside t-SNE: another digest"

# A rank that stands still, as behind a cut link: the others wait no longer than they were told, and the run goes on later.
job frozen
expect 8 env TSR_FAULT="point=kmeans,rank=2,action=stop" "$MPIEXEC" --timeout "$PATIENCE" -np 3 "$TESSERA" segment frozen.yaml \
    --peer-timeout 2
said "rank [0-2] has waited 2 s for the others"
ranks 2 "$TESSERA" segment frozen.yaml --quiet >/dev/null
[ "$(digest frozen)" = "$wanted" ] || die "after a lost rank: another digest"
