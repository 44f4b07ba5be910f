#!/bin/sh
# Steps through demos with --step, pressing Enter: what they print must be the expected transcript, each
# step's source - with its own step() first after the functions - must come before what the step prints, and
# no line may be wider than 100.
#
#   step.sh PROGRAM...
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
status=0
for program; do
    demo=$(basename "$program")
    yes "" | head -n 200 | LC_ALL=C COLUMNS=100 "$program" --step >"$tmp/out" 2>&1
    [ $? -ne 77 ] || continue
    awk -v demo="$demo" '
        function wrong(text) { print demo ": " text; bad = 1 }
        /^# Step [0-9]/ { steps++; waiting = 1; shown = 0 }
        /^ *[0-9]+ (    )?step\(/ { shown = 1 }
        /^\[Enter runs it/ { if (!shown) wrong("step " steps ": its source is not shown"); waiting = 0 }
        /^(not )?ok / && waiting { wrong("comes before Enter: " $0) }
        length > 100 && !/ # SKIP / { wrong("wider than 100: " $0) }
        END { if (!steps) wrong("no steps"); exit bad }' "$tmp/out" || status=1
    sed -e '/^ *[0-9][0-9]*$/d' -e '/^ *[0-9][0-9]* /d' -e '/^$/d' -e '/^        /d' -e '/^\[Enter /d' -e '/^# Predict: /d' \
        -e 's/^#   .*/#   .../' -e "s/^\(# Step [0-9]*\) of [0-9]*/\1/" -e 's/ # SKIP .*//' "$tmp/out" | uniq | diff "$here/expected/$demo.txt" - ||
        { echo "$demo: differs with --step" && status=1; }
done
exit $status
