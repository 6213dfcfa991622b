#!/bin/sh
# layers.sh TOP: includes point down only, names of files are unique, a public header x.h belongs to the room of x.c
# (or of x_*.c).
set -eu
cd "$1"

find include src -type f ! -name CMakeLists.txt | LC_ALL=C sort | awk '
    BEGIN {
        floors = "base=0 dist=1 core=2 data=2 guard=2 quality=3 ingest=4 features=4 reduce=4 cluster=4 value=4 " \
                 "predict=4 act=4 watch=4 present=4 pipeline=5 cli=6"
        n = split(floors, pairs, " ")
        for (i = 1; i <= n; i++) {
            split(pairs[i], pair, "=")
            floor_of[pair[1]] = pair[2]
        }
    }

    function complain(where, text) {
        print where ": " text
        bad = 1
    }

    # src/core/tiles.c -> core, src/data/job/rule.c -> data; files at the top of src belong to the build
    function room_of_path(path, parts) {
        return split(path, parts, "/") >= 3 && parts[1] == "src" ? parts[2] : ""
    }

    {
        paths[++count] = $0
        name = $0
        sub(/.*\//, "", name)
        if (name in seen) complain($0, "another file of this name: " seen[name])
        seen[name] = $0
        if (room_of_path($0) != "" && name ~ /\.c$/) {
            sub(/\.c$/, "", name)
            home[name] = room_of_path($0)
            while (sub(/_[^_]*$/, "", name)) {
                unclear = name in parts_of && parts_of[name] != room_of_path($0)
                parts_of[name] = unclear ? "" : room_of_path($0)
            }
        }
    }

    # The room of x.c, or that of x_read.c, x_write.c ...; "" where there is none.
    function home_of(name) {
        return name in home ? home[name] : name in parts_of ? parts_of[name] : ""
    }

    # The room that an include leads to; "" where it is not one of ours.
    function target_of(included, from, parts, n) {
        n = split(included, parts, "/")
        if (parts[1] == "tessera" && n == 2) {
            sub(/\.h$/, "", parts[2])
            return home_of(parts[2]) == "" ? "?" : home_of(parts[2])
        }
        return n >= 2 ? parts[1] : from
    }

    function check_file(path, room, line, number, included, to) {
        number = 0
        while ((getline line < path) > 0) {
            number++
            if (line !~ /^[ \t]*#[ \t]*include[ \t]*"/) continue
            included = line
            sub(/^[^"]*"/, "", included)
            sub(/".*/, "", included)
            to = target_of(included, room)
            if (to == "?")
                complain(path ":" number, included " has no .c in any room")
            else if (!(to in floor_of))
                complain(path ":" number, included " is in no room of the house")
            else if (to != room && floor_of[to] >= floor_of[room])
                complain(path ":" number, room " must not include " included " of " to)
        }
        close(path)
    }

    END {
        for (i = 1; i <= count; i++) {
            path = paths[i]
            if (path !~ /\.[ch]$/) continue
            room = room_of_path(path)
            if (path ~ /^include\/tessera\//) {
                name = path
                sub(/.*\//, "", name)
                sub(/\.h$/, "", name)
                room = home_of(name)
                if (room == "") {
                    complain(path, "no room has " name ".c")
                    continue
                }
            }
            if (!(room in floor_of)) {
                complain(path, "not in a room of the house")
                continue
            }
            check_file(path, room)
        }
        exit bad
    }'
