# Prints every line of C as file:line:code, with comments and the insides of strings taken out.
FNR == 1 { inside = 0 }
{
    code = ""
    rest = $0
    while (rest != "") {
        if (inside) {
            at = index(rest, "*/")
            if (at == 0) break
            rest = substr(rest, at + 2)
            inside = 0
        } else if (match(rest, /\/\*|\/\/|"|\047/) == 0) {
            code = code rest
            break
        } else {
            code = code substr(rest, 1, RSTART - 1)
            mark = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            if (mark == "//") break
            if (mark == "/*") {
                inside = 1
                code = code " "
                continue
            }
            while (rest != "" && substr(rest, 1, 1) != mark) rest = substr(rest, substr(rest, 1, 1) == "\\" ? 3 : 2)
            rest = substr(rest, 2)
            code = code mark mark
        }
    }
    print FILENAME ":" FNR ":" code
}
