# The "Try this" lines of a demo's head, and those of tests/further/NAME.txt, read as instructions.
#
#   N. [In `TEXT`, |Everywhere, ]OLD -> NEW: check[s] 4, 6 and 8 fail[s][, 9 may]
#
# OLD is replaced by NEW ("nothing": deleted) on the one line of the program, below the head, that has
# OLD in it - and TEXT, where it is given - or everywhere. A second line may go on with a long one.
# The head has what is worth doing in class; tests/further/ has what breaks the remaining checks.
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
    if (n != count + 1) fail("experiment " n " where " count + 1 " is due")
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
    everywhere[n] = sub(/^Everywhere, /, "", what)
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

FNR == 1 {
    if (apply && dir == "") fail("no dir")
    in_program = 0
    out = FILENAME
    sub(/.*\//, "", out)
    out = dir "/" out
}
!in_program && /^ \* (Try this  |          ) [0-9]+\. / {
    flush_pending()
    pending = $0
    sub(/^ \* (Try this  |          ) /, "", pending)
    if (apply) print > out
    next
}
!in_program && pending != "" && /^ \*               / {
    more = $0
    sub(/^ \* +/, "", more)
    pending = pending " " more
    if (apply) print > out
    next
}
function flush_pending() {
    if (pending != "") read_experiment(pending)
    pending = ""
}
{ flush_pending() }

# Further experiments look like those of the head without what stands before the number.
function read_further(    line, path, name) {
    path = name = FILENAME
    sub(/.*\//, "", name)
    sub(/c$/, "txt", name)
    if (!sub(/demos\/[^\/]*$/, "tests/further/" name, path)) return
    while ((getline line < path) > 0) {
        if (line ~ /^[0-9]+\. /) flush_pending()
        sub(/^ +/, pending == "" ? "" : " ", line)
        pending = pending line
    }
    flush_pending()
}

# The line with OLD replaced: once, or as often as it is there.
function replaced(line,    at, result) {
    while ((at = index(line, old[apply])) > 0) {
        result = result substr(line, 1, at - 1) new[apply]
        line = substr(line, at + length(old[apply]))
        if (!everywhere[apply]) break
    }
    return result line
}

in_program && apply && index($0, old[apply]) && index($0, where[apply]) {
    changed++
    $0 = replaced($0)
}
/^ \*\// && !in_program {
    if (NR == FNR) read_further()
    in_program = 1
}
apply { print > out }

END {
    if (failed) exit 1
    if (apply && changed < 1 || changed > 1 && !everywhere[apply])
        fail("experiment " apply " changes " changed + 0 " lines, not one")
    if (list)
        for (i = 1; i <= count; i++)
            print i "\t" instruction[i] "\t" must[i] "\t" may[i]
}
