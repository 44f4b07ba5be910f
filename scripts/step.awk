# What --step shows of a demo: the number of its steps, and for each step a page, "\f" and the number of its
# first line above it, with the functions of the demo's own files that it names (short ones each time, long ones
# once) and its lines.
# Lines wider than the window (COLUMNS) are folded at blanks.
#
#   awk -v columns=100 -f scripts/step.awk DEMO.c [PART.c...]

FNR == 1 { file++ }
FNR == 2 && /No lesson/ { nextfile }
{
    text[file, FNR] = $0
    lines[file] = FNR
}
# A function begins in the first column, and its head ends with a brace.
/^[a-zA-Z].*\(/ && !/;$/ {
    name = $0
    sub(/\(.*/, "", name)
    sub(/.*[ *]/, "", name)
    if (name != "main" && name != "") { where[name] = file; first[name] = FNR }
}

function show(f, from, to, indent,    n, line, start, cut) {
    for (n = from; n <= to; n++) {
        line = text[f, n]
        if (indent) sub(/^    /, "", line)
        if (line == "") { printf "%3d\n", n; continue }
        match(line, /^ */)
        start = RLENGTH + 8
        line = sprintf("%3d %s", n, line)
        while (columns > start + 20 && length(line) > columns) {
            for (cut = columns; cut > start && substr(line, cut, 1) != " "; cut--) { }
            if (cut <= start) cut = columns
            print substr(line, 1, cut)
            line = sprintf("%" start "s%s", "", substr(line, cut + 1))
        }
        print line
    }
}

# The functions that these lines name.
function show_functions(f, from, to,    n, line, word, last) {
    for (n = from; n <= to; n++) {
        line = text[f, n]
        gsub(/"[^"]*"/, "", line) # words of a sentence name no function
        while (match(line, /[a-zA-Z_][a-zA-Z_0-9]*/)) {
            word = substr(line, RSTART, RLENGTH)
            line = substr(line, RSTART + RLENGTH)
            if (!(word in first)) continue
            for (last = first[word]; text[where[word], last] !~ /^}/ && last < lines[where[word]]; last++) { }
            if (shown[word] == page || (shown[word] && last - first[word] > 4)) continue
            shown[word] = page
            show(where[word], first[word], last, 0)
            print ""
            show_functions(where[word], first[word] + 1, last)
        }
    }
}

END {
    for (n = 1; n <= lines[1]; n++) if (text[1, n] ~ /^ *step\(/) steps++
    print steps
    for (n = 1; n <= lines[1]; n++) if (text[1, n] ~ /^ *step\(/) {
        page++
        for (last = n + 1; last < lines[1] && text[1, last] !~ /^( *(step|predict)\(|})/; last++) { }
        for (last--; text[1, last] == ""; last--) { }
        printf "\f%d\n", n
        show_functions(1, n, last)
        show(1, n, last, 1)
    }
}
