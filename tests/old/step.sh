#!/bin/sh
# Steps through demos with --step, pressing Enter: the transcript must be the expected one, with the source
# of every step before what that step prints, with the right line numbers, and no line wider than 100.
#
#   step.sh PROGRAM...
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
status=0
for program; do
    demo=$(basename "$program")
    arguments=$(sed -n "s/^$demo //p" "$(dirname "$program")/demos.txt")
    # shellcheck disable=SC2086
    yes '' | head -n 200 | "$program" $arguments --step >"$tmp/out" 2>&1
    awk -v demo="$demo" '
        function wrong(text) { print demo ": " text; bad = 1 }
        FNR == NR { line[FNR] = $0; next }
        /^# Step [0-9]/ { steps++; waiting = 1; first = "" }
        /^\[Enter runs it/ {
            if (first !~ /^ *[0-9]+ step\(/) wrong("step " steps " does not begin with its source, but: " first)
            waiting = 0
        }
        /^(not )?ok / { if (waiting) wrong("comes before Enter: " $0) }
        /^ *[0-9]+( |$)/ {
            if (first == "" && $2 ~ /^step\(/) first = $0
            number = $1
            code = line[number]
            for (i = 0; i < 4; i++) sub(/^ /, "", code)
            if (sprintf("%3d %s", number, code) != $0 && sprintf("%3d %s", number, line[number]) != $0 &&
                sprintf("%3d", number) != $0)
                wrong("is not line " number ": " $0)
            if (!waiting) wrong("source where none is due: " $0)
        }
        END {
            if (!steps) wrong("no steps")
            exit bad
        }' "$here/../demos/$demo.c" "$tmp/out" || status=1
    # Wide are characters, not bytes: those that go on with one are taken away.
    sed 's/ # SKIP .*//' "$tmp/out" | LC_ALL=C tr -d '\200-\277' | LC_ALL=C awk -v demo="$demo" '
        length > 100 { print demo ": wider than 100: " $0; bad = 1 } END { exit bad }' || status=1
    sed -e '/^# give_turn/d' -e '/^ *[0-9][0-9]*$/d' -e '/^ *[0-9][0-9]* /d' -e '/^\[Enter /d' -e '/^# Predict: /d' \
        -e 's/^#   .*/#   .../' -e 's/ # SKIP .*//' "$tmp/out" >"$tmp/fixed"
    diff "$here/expected/$demo.txt" "$tmp/fixed" || { echo "$demo: differs with --step" && status=1; }
done
exit $status
