# The signature: one digest, whatever the number of ranks and of partitions.
. "${0%/*}/common.sh"

job() { # FOLDER OUTPUT
    cat >job.yaml <<END
dataset: $1
output: $2
END
}

first=
same() { # WHAT RUN
    found=$(digest "$2")
    [ ${#found} = 64 ] || die "no digest of $1: $found"
    [ -n "$first" ] || first=$found
    [ "$found" = "$first" ] || die "$1: digest $found, not $first"
    say "$1: $found"
}

for p in 1 4 16 61; do
    ranks 2 "$TESSERA" synth --customers 20000 --partitions $p --output data$p --quiet
    job data$p p$p
    ranks 2 "$TESSERA" segment job.yaml --quiet >/dev/null
    same "$p partitions" p$p
done
for np in 1 3 5 8; do
    job data4 np$np
    ranks $np "$TESSERA" segment job.yaml --quiet >/dev/null
    same "$np ranks" np$np
done
ranks 3 "$TESSERA" inspect np8 --verify >/dev/null || die "verification of np8"

# The processor's own kernels and the others agree, and so do passes over all rows and over those that may change.
for isa in baseline avx2; do
    if [ $isa = avx2 ] && ! grep -qw avx2 /proc/cpuinfo; then continue; fi
    job data16 $isa
    TESSERA_ISA=$isa "$TESSERA" segment job.yaml --quiet >/dev/null
    same "$isa kernels" $isa
done
for prune in off on; do
    job data16 prune-$prune
    ranks 2 env TESSERA_PRUNE=$prune "$TESSERA" segment job.yaml --quiet >/dev/null
    same "pruning $prune" prune-$prune
done

# Without ids neither they nor their hashes stand in any file of the run; the numbers are those of any ranks.
for np in 1 3; do
    job data4 private$np
    ranks $np "$TESSERA" segment job.yaml --quiet --set privacy.keep_ids=false >/dev/null
    for table in customers features; do
        "$TESSERA" inspect private$np/$table.h5 >columns
        grep -q segment columns || grep -q recency columns || die "no columns of $table.h5"
        grep -Eq '^ *(id|key) ' columns && die "an id in private$np/$table.h5"
    done
done
first=$(digest private1)
same "without ids" private3
