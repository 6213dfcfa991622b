#!/bin/sh
# words.sh TOP TABLE: words that must not stand in src/, but where the table allows them.
# Lines of the table: regular expression of whole words | files where they are allowed (- for none) | why.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

find src -name '*.[ch]' | LC_ALL=C sort | xargs awk -f "$here/code.awk" | awk -v table="$2" '
    BEGIN {
        while ((getline line < table) > 0) {
            if (line == "" || line ~ /^#/) continue
            split(line, part, / *[|] */)
            words[++n] = "(^|[^A-Za-z0-9_])(" part[1] ")"
            allowed[n] = part[2]
            why[n] = part[3]
            gsub(/ or /, "|", words[n])
            gsub(/ or /, "|", allowed[n])
        }
        if (n == 0) {
            print table ": no rules"
            exit bad = 1
        }
    }
    {
        at = index($0, ":")
        path = substr($0, 1, at - 1)
        rest = substr($0, at + 1)
        code = substr(rest, index(rest, ":") + 1)
        for (i = 1; i <= n; i++)
            if (code ~ words[i] && (allowed[i] == "-" || path !~ allowed[i])) {
                print path ":" (rest + 0) ": " why[i] ":" code
                bad = 1
            }
    }
    END { exit bad }'
