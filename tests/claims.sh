#!/bin/sh
# Holds tests/claims.tsv against the expected transcripts, both ways: every statement is decided by just
# the checks that name it, every check names known statements only, and a statement that no check decides
# is told in the demo that the table names, with the reason. A statement that is wrong is announced in its
# demo ("The notes say: ...") and listed under "Corrects" in the demo's head.
#
#   claims.sh [--renew]        --renew writes the column "decided by" anew from the transcripts
set -u
unset CDPATH
cd "$(dirname "$0")" || exit 99
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
renew=0
if [ "${1-}" = --renew ]; then renew=1; fi

awk -F '\t' -v OFS='\t' -v renew=$renew '
    function demo_of(path) { sub(/.*\//, "", path); sub(/\..*/, "", path); return path }
    function wrong(text) { if (!renew) { print text; bad = 1 } }

    # The transcripts: which check names which statement, which are told, who quotes the notes.
    FILENAME ~ /\.txt$/ {
        demo = demo_of(FILENAME)
        if (match($0, /^# The notes say \([^)]*, (wrong|in part)\): /)) {
            said = substr($0, 18, RLENGTH - 20)
            word_of = said
            sub(/.*, /, "", word_of)
            sub(/,[^,]*$/, "", said)
            count = split(said, named, " ")
            for (i = 1; i <= count; i++) quotes[demo, named[i]] = word_of
        } else if (/^# The notes say/) wrong(demo ": which statement, and is it wrong? " $0)
        if (match($0, /^# Not checked here \([^)]*\): /))
            told[demo, substr($0, 21, RLENGTH - 23)] = 1
        if (!/^ok / || !match($0, / \([^()]*\)$/)) next
        split($0, word, " ")
        count = split(substr($0, RSTART + 2, RLENGTH - 3), named, " ")
        for (i = 1; i <= count; i++) {
            if (named[i] !~ /^[0-9S]+(\.[0-9x]+)?[a-z]?(-[0-9]+)?$/) continue
            claim = named[i]
            if (!(claim in decided)) decided[claim] = demo ":" word[2]
            else if (last[claim] == demo) decided[claim] = decided[claim] "," word[2]
            else decided[claim] = decided[claim] " " demo ":" word[2]
            last[claim] = demo
            where[claim] = demo " check " word[2]
            in_demo[demo, claim] = 1
        }
        next
    }
    # The heads of the demos: what each corrects.
    FILENAME ~ /\.c$/ {
        if (match($0, /^ \* Corrects +/)) {
            count = split(substr($0, RLENGTH + 1), named, " ")
            for (i = 1; i <= count; i++) {
                corrects[demo_of(FILENAME), named[i]] = 1
                corrected[named[i]] = demo_of(FILENAME)
            }
        }
        next
    }
    FNR == 1 { if (renew) print; next }
    {
        known[$1] = 1
        verdict[$1] = $2
        if ($3 ~ /^told in /) {
            demo = $3
            sub(/^told in /, "", demo)
            sub(/:.*/, "", demo)
            if (!((demo, $1) in told)) wrong($1 ": " demo " does not tell why it is not checked")
            if ($3 !~ /: ./) wrong($1 ": no reason given")
            if ($1 in decided) wrong($1 ": not checked, says the table, but see " where[$1])
        } else if (!($1 in decided)) {
            wrong($1 ": no check decides it")
        } else if ($3 != decided[$1]) {
            wrong($1 ": the table says " $3 ", the transcripts say " decided[$1])
            $3 = decided[$1]
        }
        if ($2 == "wrong" && !($1 in corrected)) wrong($1 ": wrong, but no demo says it corrects it")
        if ($2 != "holds" && $2 != "untested" && $5 == "") wrong($1 ": no word on the truth of it")
        if (renew) print
    }
    END {
        for (claim in decided) if (!(claim in known)) wrong(where[claim] ": no statement " claim)
        for (pair in quotes) {
            split(pair, part, SUBSEP)
            if (quotes[pair] == "wrong" && verdict[part[2]] != "wrong" ||
                quotes[pair] == "in part" && verdict[part[2]] != "holds-if")
                wrong(part[1] ": " part[2] " is not \"" quotes[pair] "\" but " verdict[part[2]])
        }
        for (claim in corrected) {
            demo = corrected[claim]
            if (verdict[claim] != "wrong") wrong(demo " corrects " claim ", which is not wrong")
            if (!((demo, claim) in in_demo)) wrong(demo " corrects " claim ", but has no check of it")
            if (quotes[demo, claim] != "wrong")
                wrong(demo " corrects " claim ", but has no line \"The notes say (" claim ", wrong): \"")
        }
        if (bad) print "To renew the column \"decided by\": sh tests/claims.sh --renew"
        exit bad
    }' expected/*.txt ../demos/*.c claims.tsv >"$tmp/out"
status=$?
if [ $renew -eq 1 ] && [ $status -eq 0 ]; then cp "$tmp/out" claims.tsv; else cat "$tmp/out"; fi
exit $status
