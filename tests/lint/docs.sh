#!/bin/sh
# docs.sh TOP: every function of the public headers has a comment that says Collective or Local (adjacent declarations may
# share one), and it is collective exactly where its first parameter is const tsr_comm *.
set -eu
cd "$1"

find include/tessera -name '*.h' | LC_ALL=C sort | xargs awk '
    BEGIN {
        # They make or end the group itself; the server holds the group of the solver it serves.
        split("tsr_comm_open tsr_comm_close tsr_server_evaluate", names, " ")
        for (i in names) exempt[names[i]] = 1
    }

    function complain(text) {
        print FILENAME ":" start ": " text
        bad = 1
    }

    function check(statement, name, first, collective, word) {
        gsub(/[ \t]+/, " ", statement)
        sub(/^ /, "", statement)
        if (statement !~ /\(/ || statement ~ /^(typedef|struct|enum|union|extern "C"|_Static_assert)/) return
        name = statement
        sub(/ *\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        if (name == "__attribute__" || name == "__extension__") return
        first = statement
        sub(/^[^(]*\( */, "", first)
        collective = first ~ /^(const )?tsr_comm \*/
        word = match(doc, /Collective|Local/) ? substr(doc, RSTART, 1) : ""
        functions++
        if (doc == "")
            complain(name "() has no comment")
        else if (name in exempt)
            return
        else if (word == "")
            complain("the comment of " name "() says neither Collective nor Local")
        else if (collective && word != "C")
            complain(name "() takes a tsr_comm, so it is Collective")
        else if (!collective && word == "C")
            complain(name "() is Collective, so its first parameter is const tsr_comm *")
        else if (collective && first !~ /^const /)
            complain(name "() takes const tsr_comm *")
    }

    FNR == 1 { doc = statement = ""; depth = comment = directive = 0 }

    # preprocessor lines and what continues them
    directive || (!comment && /^[ \t]*#/) {
        directive = /\\$/
        doc = statement = ""
        next
    }

    !comment && statement == "" && depth == 0 && /^[ \t]*$/ { doc = ""; next }

    {
        rest = $0
        while (rest != "") {
            if (comment) {
                at = index(rest, "*/")
                if (comment == 2) doc = doc " " (at ? substr(rest, 1, at - 1) : rest)
                if (!at) break
                comment = 0
                rest = substr(rest, at + 2)
                continue
            }
            found = match(rest, /\/\*|[{};]/)
            text = found ? substr(rest, 1, RSTART - 1) : rest
            mark = found ? substr(rest, RSTART, RLENGTH) : ""
            if (depth == 0 && text !~ /^[ \t]*$/) {
                if (statement == "") start = FNR
                statement = statement " " text
            }
            if (!found) break
            rest = substr(rest, RSTART)
            if (mark == "/*") {
                comment = 1
                if (substr(rest, 1, 3) == "/**" && depth == 0 && statement == "") {
                    comment = 2
                    doc = ""
                }
                rest = substr(rest, 3)
            } else {
                rest = substr(rest, 2)
                if (mark == "{") {
                    if (depth == 0 && statement ~ /\)[ \t]*$/) { # an inline function
                        check(statement)
                        statement = ""
                    }
                    depth++
                } else if (mark == "}") {
                    depth--
                } else if (depth == 0) {
                    check(statement)
                    statement = ""
                }
            }
        }
    }

    END {
        if (functions == 0) {
            print "no function found"
            bad = 1
        }
        exit bad
    }' || exit 1
