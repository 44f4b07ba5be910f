#!/bin/sh
# Runs a demo and holds what it prints against tests/expected/NAME.txt, line by line.
#
#   transcript.sh [--renew] PROGRAM
#
# Free are only the evidence lines ("#   ..."): their number and place count, not their text. A check
# may be skipped only for a reason that this environment explains (the lines that the program
# tests/environment beside PROGRAM prints). --renew writes the expectation anew, from a good run.
set -u
here=$(dirname "$0")
renew=
if [ "${1-}" = --renew ]; then renew=yes && shift; fi
if [ $# -ne 1 ]; then echo "usage: $0 [--renew] PROGRAM" >&2 && exit 2; fi
program=$1
expected=${EXPECTED_DIR:-$here/expected}/$(basename "$program").txt
environment=$(dirname "$program")/tests/environment
arguments=$(sed -n "s/^$(basename "$program") //p" "$(dirname "$program")/demos.txt")

tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
# shellcheck disable=SC2086
"$program" $arguments >"$tmp/out" 2>"$tmp/err" </dev/null
status=$?
"$environment" >"$tmp/reasons" || exit 99

# Splits the run into what is fixed (out.fixed) and what is wrong whatever was expected (faults).
awk -v faults="$tmp/faults" '
    FILENAME == ARGV[1] { explained[$0] = 1; next }
    /^#   / { print "#   ..."; next }
    /^1\.\.[0-9]+$/ { plans++; plan = substr($0, 4) + 0; checks_before = count + 0 }
    /^ok / && / # SKIP / {
        reason = $0
        sub(/.* # SKIP /, "", reason)
        sub(/ # SKIP .*/, "")
        if (!(reason in explained))
            print "check " $2 " was skipped, but nothing here explains: " reason > faults
    }
    /^(not )?ok / {
        count++
        number = $1 == "not" ? $3 : $2
        if (number != count) print "check " number " where " count " is due" > faults
    }
    { print }
    END {
        if (plans != 1 || checks_before > 0) print "the plan must come once, and first" > faults
        else if (plan != count) print "planned " plan " checks, but " count " ran" > faults
    }' "$tmp/reasons" "$tmp/out" >"$tmp/fixed"
if [ "$status" -ne 0 ]; then echo "exit status $status instead of 0" >>"$tmp/faults"; fi
if [ -s "$tmp/err" ]; then { echo "on stderr:" && cat "$tmp/err"; } >>"$tmp/faults"; fi

if [ "$renew" ]; then
    if [ -s "$tmp/faults" ] || grep '^not ok' "$tmp/out"; then
        [ ! -f "$tmp/faults" ] || cat "$tmp/faults"
        echo "$program: not renewed, this run is no model"
        exit 1
    fi
    cp "$tmp/fixed" "$expected" && echo "renewed $expected" && exit 0
fi

# From the first difference on, both sides: up to 12 lines each.
[ -f "$expected" ] || echo "there is no $expected" >>"$tmp/faults"
awk '
    FILENAME == ARGV[1] { want[++wanted] = $0; next }
    { got[++seen] = $0 }
    END {
        for (i = 1; i <= wanted || i <= seen; i++) {
            if (i <= wanted && i <= seen && want[i] == got[i]) continue
            print "differs from line " i " on:"
            for (j = i; j < i + 12 && j <= wanted; j++) print "  expected  " want[j]
            for (j = i; j < i + 12 && j <= seen; j++) print "  printed   " got[j]
            exit
        }
    }' "$expected" "$tmp/fixed" >>"$tmp/faults" 2>&1

if [ -s "$tmp/faults" ]; then
    echo "FAILED: $program"
    cat "$tmp/faults"
    echo "The whole run:"
    cat "$tmp/out"
    echo "If the new transcript is right, renew the expectation: sh $0 --renew $program"
    exit 1
fi
echo "$program: $(grep -c '^ok' "$tmp/out") checks as expected, $(grep -c '# SKIP' "$tmp/out") skipped"
