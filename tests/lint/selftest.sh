#!/bin/sh
# selftest.sh FOLDER: makes small trees with one fault each in FOLDER and sees that the lints find it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$1
failed=0

# A tree without faults.
fresh() {
    rm -rf "$top"
    mkdir -p "$top/include/tessera" "$top/src/base" "$top/src/dist" "$top/src/core" "$top/src/data" "$top/src/cli"
    echo '/** Local. Nothing. */
int tsr_one(int a);
int tsr_two(int a, /* of b */ int b);

/** Collective. All.
 * @return a number */
int tsr_all(const tsr_comm *comm,
            int b);' >"$top/include/tessera/one.h"
    echo '#include "tessera/one.h"
/* no exp(1) here; printf("x") there */
int one(void) { return text("log(2)") + isexp(1); } // pow(2, 3)' >"$top/src/base/one.c"
    echo '#include "tessera/one.h"' >"$top/src/core/tiles.c"
}

# expect STATUS TEXT script...: the lint ends with this status and says this text.
expect() {
    wanted=$1 text=$2
    shift 2
    status=0
    said=$(sh "$here/$@" 2>&1) || status=$?
    case $status/$said in
    "$wanted"/*"$text"*) ;;
    *)
        echo "expected status $wanted and '$text' from $1; got status $status and: $said"
        failed=1 ;;
    esac
}

layers() { expect "$1" "$2" layers.sh "$top"; }
docs() { expect "$1" "$2" docs.sh "$top"; }
maths() { expect "$1" "$2" words.sh "$top" "$here/maths.txt"; }
calls() { expect "$1" "$2" words.sh "$top" "$here/calls.txt"; }

fresh; layers 0 ''; docs 0 ''; maths 0 ''; calls 0 ''

fresh; echo '#include "core/tiles.h"' >>"$top/src/base/one.c"; layers 1 'src/base/one.c:4: base must not include'
fresh; echo '#include "data/store.h"' >>"$top/src/core/tiles.c"; layers 1 'core must not include data/store.h'
fresh; echo >"$top/src/data/table.c"; echo >"$top/include/tessera/table.h"
echo '#include "tessera/table.h"' >>"$top/include/tessera/one.h"; layers 1 'include/tessera/one.h:9: base must not'
fresh; echo >"$top/include/tessera/lost.h"; layers 1 'no room has lost.c'
fresh; echo >"$top/src/data/lost_read.c"; echo >"$top/include/tessera/lost.h"; layers 0 ''
fresh; echo >"$top/src/data/lost_read.c"; echo >"$top/include/tessera/lost.h"
echo '#include "tessera/lost.h"' >>"$top/src/core/tiles.c"; layers 1 'core must not include tessera/lost.h of data'
fresh; echo >"$top/src/data/tiles.c"; layers 1 'another file of this name: src/core/tiles.c'
fresh; mkdir "$top/src/attic"; echo >"$top/src/attic/old.c"; layers 1 'src/attic/old.c: not in a room'

fresh; echo 'void tsr_next(void);' >>"$top/include/tessera/one.h"; docs 1 'tsr_next() is Collective, so'
fresh; printf '\nvoid tsr_bare(void);\n' >>"$top/include/tessera/one.h"; docs 1 'tsr_bare() has no comment'
fresh; printf '\n/** Does. */\nvoid tsr_mute(void);\n' >>"$top/include/tessera/one.h"; docs 1 'neither Collective nor Local'
fresh; printf '\n/** Local. */\nvoid tsr_x(const tsr_comm *c);\n' >>"$top/include/tessera/one.h"; docs 1 'so it is Collective'
fresh; printf '\n/** Collective. */\nvoid tsr_x(int c);\n' >>"$top/include/tessera/one.h"; docs 1 'first parameter is const'
fresh; printf '\n/** Collective. */\nvoid tsr_x(tsr_comm *c);\n' >>"$top/include/tessera/one.h"; docs 1 'takes const tsr_comm'
fresh; printf '\nstatic inline int tsr_in(int a)\n{\n    return a;\n}\n' >>"$top/include/tessera/one.h"
docs 1 'tsr_in() has no comment'

for call in 'exp(x)' 'logf (x)' 'pow(x, 2)' '__builtin_sin(x)' 'Sleef_sind1_u10(x)' 'a+lgamma_r(x, &s)'; do
    fresh; echo "int f(void) { return $call; }" >>"$top/src/core/tiles.c"; maths 1 'src/core/tiles.c:2: use tessera/maths.h'
done
for call in 'printf("x")' 'exit(1)' 'malloc(8)' 'MPI_Init(0, 0)' 'rank(MPI_COMM_WORLD)' 'assert(x)' 'fputs(x, stdout)'; do
    fresh; echo "int f(void) { return $call; }" >>"$top/src/core/tiles.c"; calls 1 'src/core/tiles.c:2: '
done
fresh; echo 'int main(void) { MPI_Init(0, 0); printf("x"); exit(1); }' >"$top/src/cli/main.c"; calls 0 ''

rm -rf "$top"
exit $failed
