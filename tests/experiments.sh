#!/bin/sh
# Runs the experiments of a demo (tests/experiments/DEMO.txt): each changes one line of a copy, which must
# then fail just the predicted checks - and neither crash, hang nor bail out. Without N also: is every check
# of the demo broken by an experiment?
#
#   experiments.sh BUILD_DIR DEMO [N]
#
# An experiment is a paragraph: "N. AIM", and below it, indented, lines of a keyword and its text:
#
#   file     the file that is changed, if it is not DEMO.c: a part, or a partner
#   line     a text that stands in the changed line, where `old` alone does not tell which
#   old      the text to replace: once, in one line below the head
#   new      what replaces it; "nothing" deletes it
#   all      "yes": in all lines that have `old`, as often as they have it
#   breaks   the numbers of the checks that must fail
#   may      those that may
#   why      the reason, in a sentence
set -u
build=$(cd "$1" && pwd) demo=$2 only=${3-}
here=$(cd "$(dirname "$0")" && pwd)
list=$here/experiments/$demo.txt
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
# In the build directory: a temporary one may not allow programs to be run.
tmp=$(mktemp -d "$build/experiment.XXXXXX") || exit 99

# field N KEYWORD: the text of this keyword in experiment N
field() {
    awk -v n="$1." -v key="$2" '
        /^[0-9]+\. / { inside = $1 == n }
        inside && $1 == key && /^ / { sub(/^ +[a-z]+ +/, ""); print }' "$list"
}

compile() { # PROGRAM: from the copies, with its parts
    parts=$(sed -n 's/^#include "\([0-9][0-9]_[a-z_]*\)\.h".*/\1.c/p' "$1.c")
    # shellcheck disable=SC2086
    sh "$build/tests/compile.sh" "./$1" "$1.c" $parts
}

# try_one N: applies it to copies in $tmp/N, compiles and runs them, and says what was not as predicted.
try_one() {
    mkdir "$tmp/$1" && cd "$tmp/$1" && cp "$here/../demos/"*.[ch] . || return 1
    file=$(field "$1" file)
    [ "$file" ] || file=$demo.c
    OLD=$(field "$1" old) NEW=$(field "$1" new) LINE=$(field "$1" line) ALL=$(field "$1" all) awk '
        BEGIN { old = ENVIRON["OLD"]; new = ENVIRON["NEW"]; if (new == "nothing") new = "" }
        below && (at = index($0, old)) && index($0, ENVIRON["LINE"]) {
            changed++
            do {
                done = done substr($0, 1, at - 1) new
                $0 = substr($0, at + length(old))
            } while (ENVIRON["ALL"] && (at = index($0, old)))
            $0 = done $0
            done = ""
        }
        /^ \*\// || /^#include/ { below = 1 }
        { print }
        END {
            if (changed == 1 || changed && ENVIRON["ALL"]) exit 0
            print "changes " changed + 0 " lines, not one" >"/dev/stderr"
            exit 1
        }' "$file" >changed || return 1
    mv changed "$file"
    compile "$demo" || return 1
    # Programs that it starts: changed ones, too.
    for partner in $(grep -o '"[0-9][0-9]_[a-z_]*"' "$demo.c" | tr -d '"'); do
        [ ! -f "$partner.c" ] || [ "$partner" = "$demo" ] || compile "$partner" || return 1
    done
    "./$demo" >out 2>err </dev/null
    status=$?
    awk -v status=$status -v breaks="$(field "$1" breaks)" -v may="$(field "$1" may)" '
        BEGIN {
            n = split(breaks, list, " "); while (n) must[list[n--]] = 1
            n = split(may, list, " "); while (n) can[list[n--]] = 1
        }
        /^1\.\./ { plan = substr($0, 4) + 0; if (!plan) exit status = 0 }
        /^(Bail out!|# left)/ { wrong = wrong "  " $0 "\n" }
        /^not ok / { failed++; seen = seen " " $3; if (!($3 in must) && !($3 in can)) wrong = wrong "  not predicted: " $0 "\n" }
        /^ok / && ($2 in must) {
            if (/ # SKIP /) skipped++
            else wrong = wrong "  predicted to fail: " $0 "\n"
        }
        /^(not )?ok / { count++ }
        END {
            if (count != plan) wrong = wrong "  planned " plan " checks, but " count + 0 " ran\n"
            if (!failed && !skipped) wrong = wrong "  no check fails\n"
            if (status > 1) wrong = wrong "  exit status " status " instead of 1\n"
            if (wrong) print "  failed:" seen "\n" wrong
            exit wrong != ""
        }' out || { cat err && return 1; }
}

wrong=0
for n in ${only:-$(sed -n 's/^\([0-9][0-9]*\)\. .*/\1/p' "$list")}; do
    (try_one "$n") >"$tmp/said" 2>&1 || { wrong=1 && sed -n "s/^$n\. .*/$demo &/p" "$list" && cat "$tmp/said"; }
done
[ "$only" ] || awk -v demo="$demo" '
    FNR == NR { if ($1 == "breaks") for (i = 2; i <= NF; i++) broken[$i] = 1; next }
    /^ok / && !($2 in broken) { print demo ": no experiment breaks: " $0; bad = 1 }
    END { exit bad }' "$list" "$here/expected/$demo.txt" || wrong=1
exit $wrong
