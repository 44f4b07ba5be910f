#!/bin/sh
# Runs the experiments of a demo (tests/experiments/DEMO.txt): each changes one line of a copy, which must
# then fail just the predicted checks - and neither crash, hang nor bail out. Without N also: is every check
# of the demo broken by an experiment?
#
#   experiments.sh BUILD_DIR DEMO [N]
build=$(cd "$1" && pwd) demo=$2 only=${3-}
within=$build
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
list=$here/experiments/$demo.txt

# try_one N: applies it to copies in $tmp/N, compiles and runs them, and says what was not as predicted.
try_one() {
    mkdir "$tmp/$1" && sh "$here/apply.sh" "$demo" "$1" "$tmp/$1" && cd "$tmp/$1" || return 1
    sh "$build/tests/compile.sh" "$demo" || return 1
    # shellcheck disable=SC2086 # no emulator: no word
    MMAP_DEMO_QUICK=1 ${EMULATOR-} "./$demo" >out 2>err </dev/null
    status=$?
    awk -v status=$status -v breaks="$(sh "$here/apply.sh" "$demo" "$1" -breaks)" \
        -v may="$(sh "$here/apply.sh" "$demo" "$1" -may)" '
        BEGIN {
            n = split(breaks, list, " "); while (n) must[list[n--]] = 1
            n = split(may, list, " "); while (n) can[list[n--]] = 1
        }
        /^1\.\./ { plan = substr($0, 4) + 0; if (!plan) exit skipped_all = 1 }
        /^(Bail out!|# left)/ { wrong = wrong "  " $0 "\n" }
        /^not ok / { failed++; seen = seen " " $3; if (!($3 in must) && !($3 in can)) wrong = wrong "  not predicted: " $0 "\n" }
        /^ok / && ($2 in must) {
            if (/ # SKIP /) skipped++
            else wrong = wrong "  predicted to fail: " $0 "\n"
        }
        /^(not )?ok / { count++ }
        END {
            if (skipped_all) exit 0
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
