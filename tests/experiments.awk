# The "Try this" lines of a demo's head, read as instructions.
#
#   N. [In `TEXT`, ]OLD -> NEW: check[s] 4, 6 and 8 fail[s][, 9 may]
#
# OLD is replaced by NEW ("nothing": deleted) on the one line of the program, below the head, that has
# OLD in it - and TEXT, where it is given. A second line of the head may go on with a long one.
#
#   awk -v list=1 -f experiments.awk DEMO.c     one line each: N, instruction, must fail, may fail
#   awk -v apply=N -f experiments.awk DEMO.c    the changed program; exit 1 if N cannot be applied

function numbers(text) {
    gsub(/[^0-9]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

function read_experiment(text,    n, colon, what) {
    n = text + 0
    sub(/^[0-9]+\. */, "", text)
    colon = match(text, /: checks? [0-9]/)
    if (!colon) fail("no \": checks ... fail\" in: " text)
    what = substr(text, 1, colon - 1)
    instruction[n] = what
    prediction = substr(text, colon)
    must[n] = may[n] = ""
    if (!match(prediction, /fails?/)) fail("no \"fail\" in: " text)
    must[n] = numbers(substr(prediction, 1, RSTART - 1))
    may[n] = numbers(substr(prediction, RSTART))
    where[n] = ""
    if (what ~ /^In `/) {
        what = substr(what, 5)
        where[n] = substr(what, 1, index(what, "`, ") - 1)
        what = substr(what, index(what, "`, ") + 3)
    }
    if (!index(what, " -> ")) fail("no \" -> \" in: " text)
    old[n] = substr(what, 1, index(what, " -> ") - 1)
    new[n] = substr(what, index(what, " -> ") + 4)
    if (new[n] == "nothing") new[n] = ""
    count = n
}

function fail(why) {
    print FILENAME ": " why > "/dev/stderr"
    failed = 1
    exit 1
}

!in_program && /^ \* (Try this  |          ) [0-9]+\. / {
    flush_pending()
    pending = $0
    sub(/^ \* (Try this  |          ) /, "", pending)
    if (apply) print
    next
}
!in_program && pending != "" && /^ \*               / {
    more = $0
    sub(/^ \* +/, "", more)
    pending = pending " " more
    if (apply) print
    next
}
function flush_pending() {
    if (pending != "") read_experiment(pending)
    pending = ""
}
{ flush_pending() }

in_program && apply && index($0, old[apply]) && index($0, where[apply]) {
    changed++
    at = index($0, old[apply])
    $0 = substr($0, 1, at - 1) new[apply] substr($0, at + length(old[apply]))
}
/^ \*\// { in_program = 1 }
apply { print }

END {
    if (failed) exit 1
    if (apply && changed != 1) fail("experiment " apply " changes " changed + 0 " lines, not one")
    if (list)
        for (i = 1; i <= count; i++)
            print i "\t" instruction[i] "\t" must[i] "\t" may[i]
}
