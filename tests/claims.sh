#!/bin/sh
# Holds tests/claims.tsv against the transcripts, both ways: every statement is decided by at least one
# check that names it, or told in the demo that the table names ("DEMO: reason"), or by the notes' own programs
# ("tests/notes: ...": notes.sh has "# claim N"); every check names known statements only; what is wrong is quoted in a demo ("The notes say (N, wrong): ...") that lists it under
# "Corrects" and has a check of it.
#
#   claims.sh [--decided]        --decided prints for every statement the checks that decide it
set -u
cd "$(dirname "$0")" || exit 99
awk -F '\t' -v decided="${1-}" '
    function wrong(text) { if (!decided) { print text; bad = 1 } }
    function demo_of(path) { sub(/.*\//, "", path); sub(/\..*/, "", path); return path }
    # Transcripts: what the checks name, what is told, what is quoted.
    FILENAME ~ /\.txt$/ {
        demo = demo_of(FILENAME)
        if (match($0, /^# (The notes say|Not checked here) \([^)]*\): /)) {
            said = substr($0, 1, RLENGTH)
            verdict_said = said ~ /, wrong\)/ ? "wrong" : said ~ /, in part\)/ ? "holds-if" : ""
            told = said ~ /^# Not/
            gsub(/^[^(]*\(|,.*|\).*/, "", said)
            for (i = split(said, named, " "); i; i--)
                if (told) is_told[named[i]] = is_told[named[i]] " " demo
                else { quoted[demo, named[i]] = verdict_said; quotes[named[i]] = 1 }
        }
        if (!/^ok / || !match($0, / \([^()]*\)$/)) next
        split($0, word, " ")
        for (i = split(substr($0, RSTART + 2, RLENGTH - 3), named, " "); i; i--) {
            if (named[i] !~ /^([0-9]+\.[0-9x]+k?(-[0-9]+)?|S-[0-9]|12\.[12])$/) continue
            by[named[i]] = by[named[i]] " " demo ":" word[2]
            has[demo, named[i]] = 1
        }
        next
    }
    FILENAME ~ /notes\.sh$/ {
        if (sub(/.*# claim /, "") && sub(/:.*/, "")) for (i = split($0, named, ", "); i; i--) is_told[named[i]] = is_told[named[i]] " tests/notes"
        next
    }
    # Heads of the demos.
    FILENAME ~ /\.c$/ {
        if (sub(/^ \* Corrects +/, "")) for (i = split($0, named, " "); i; i--) corrects[named[i]] = demo_of(FILENAME)
        next
    }
    FNR == 1 { next }
    {
        known[$1] = 1
        verdict[$1] = $2
        if (decided) { print $1 "\t" ($1 in by ? substr(by[$1], 2) : $7); next }
        if (NF != 7) wrong($1 ": " NF " columns, not 7")
        if ($2 !~ /^(holds|holds-if|wrong|addition|untested|told)$/) wrong($1 ": what verdict is " $2 "?")
        if ($3 !~ /^(said|implied|added)$/) wrong($1 ": said, implied or added, not " $3)
        if ($3 != "added" && $4 == "") wrong($1 ": without the words of the notes")
        if ($2 != "holds" && $2 != "untested" && $6 == "") wrong($1 ": no word on the truth of it")
        if ($7 != "") {
            demo = $7
            sub(/:.*/, "", demo)
            if ((is_told[$1] " ") !~ (" " demo " ")) wrong($1 ": " demo " does not tell why it is not checked")
            if ($7 !~ /: ./) wrong($1 ": no reason given")
        } else if (!($1 in by)) wrong($1 ": no check decides it")
        if ($2 == "wrong" && $7 == "" && !($1 in corrects)) wrong($1 ": wrong, but no demo says that it corrects it")
    }
    END {
        for (claim in by) if (!(claim in known)) wrong(by[claim] ": no statement " claim)
        for (claim in corrects) {
            demo = corrects[claim]
            if (verdict[claim] != "wrong") wrong(demo " corrects " claim ", which is not wrong")
            if (!((demo, claim) in has)) wrong(demo " corrects " claim ", but has no check of it")
            if (quoted[demo, claim] != "wrong") wrong(demo " corrects " claim " without \"The notes say (" claim ", wrong)\"")
        }
        for (pair in quoted) {
            split(pair, part, SUBSEP)
            if (quoted[pair] != verdict[part[2]]) wrong(part[1] ": " part[2] " is \"" verdict[part[2]] "\", not as quoted")
        }
        exit bad
    }' expected/*.txt notes.sh ../demos/*.c claims.tsv
