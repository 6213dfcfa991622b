# What a person sees: a live line and colours on a terminal, also through mpirun; plain lines everywhere else.
. "${0%/*}/common.sh"

command -v script >/dev/null || { say "skipped: script (Debian: bsdutils) is not installed"; exit 77; }
unset NO_COLOR
TERM=xterm
export TERM
ESC=$(printf '\033') CR=$(printf '\r')

"$TESSERA" synth --customers 600 --output data --quiet >/dev/null
printf 'dataset: data\ncluster: {k: 3}\nvalue: {model: none}\n' >job.yaml

# on_terminal OUTPUT COMMAND...: as in the window of a terminal; what stood there is in seen
on_terminal() {
    output=$1
    shift
    script -qec "$* segment job.yaml --set output=$output" seen </dev/null >/dev/null
}
has() { grep -q -- "$1" seen || { cat -A seen >&2; die "not on the terminal: $2"; }; }
has_not() { if grep -q -- "$1" seen; then cat -A seen >&2 && die "$2"; fi; }

# ---- a terminal: a live line that the next line takes away, colours, the table ----
for run in "alone $TESSERA" "mpirun $MPIEXEC --timeout $PATIENCE -np 2 $TESSERA"; do
    on_terminal "${run%% *}" "${run#* }"
    has "${CR}features  *[0-9]* of" "a live line (${run%% *})"
    has "${ESC}\[1m" "colours (${run%% *})"
    has "Customer segments" "the summary (${run%% *})"
    has "digest" "the digest (${run%% *})"
done
NO_COLOR=1 on_terminal plain "$TESSERA"
has_not "$ESC" "colours in spite of NO_COLOR"
TERM=dumb on_terminal dumb "$TESSERA"
has_not "$ESC" "colours on a terminal that has none"
has_not "${CR}features  *[0-9]* of" "a live line on a terminal that has none"

# ---- a batch log: one line for each stage, and nothing that only a terminal understands ----
for np in 1 2; do
    ranks $np "$TESSERA" segment job.yaml --set output=batch$np >out 2>err
    cat out err >seen
    has_not "$ESC\|$CR" "colours or live lines in a file ($np ranks)"
    for stage in features rfm scale tiles pca kmeans quality customers profile explain model segments report; do
        [ "$(grep -c "^$stage  .*rows .* s .*MiB" err)" = 1 ] || { cat err >&2; die "not one line of $stage"; }
    done
    grep -q "^  all  *600 " out || die "no table of segments in the file"
done
"$TESSERA" segment job.yaml --set output=quiet --quiet >out 2>err
[ ! -s err ] || { cat err >&2; die "--quiet speaks"; }

# ---- segments of few have no telling name, in warnings neither ----
"$TESSERA" segment job.yaml --set output=few --quiet --set privacy.min_cell=500 --set cluster.min_share=0.9 >out
grep -q 'warning .*(cluster.min_share): Segment 1, Segment 2, Segment 3' out || { cat out >&2; die "names of few are told"; }

# ---- a live line at each end: only where messages go to the terminal ----
script -qec "$TESSERA segment job.yaml --set output=split 2>split.err" seen </dev/null >/dev/null
has "${ESC}\[1m" "colours where only messages go to a file"
if grep -q "$CR" split.err; then die "a live line in a file"; fi
