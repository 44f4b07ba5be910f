#!/bin/sh
# Steps through demos with --step, pressing Enter: what they print must be the expected transcript, each
# step's source - with its own step() first after the functions - must come before what the step prints, and
# no line may be wider than 100.
#
#   step.sh PROGRAM...
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
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

# In a narrow terminal lines are folded, and nothing is lost by that. Of the first program.
command -v script >/dev/null || exit $status
for lang in zh en; do
    script -qec "stty cols 60 rows 20 && NO_COLOR=1 LC_ALL=C.UTF-8 exec $1 --lang $lang" /dev/null </dev/null | tr -d '\r' >"$tmp/out"
    flat <"$tmp/out" | awk -v demo="$1" 'length > 60 { print demo ": wider than its terminal: " $0; bad = 1 } END { exit bad }' || status=1
done
awk 'NR > 1 && !/^[# ]       / { print line; line = "" } { sub(/^[# ]       /, " "); line = line $0 } END { print line }' "$tmp/out" |
    sed -e 's/^#   .*/#   .../' -e 's/ # SKIP .*//' | uniq | diff "$here/expected/$(basename "$1").txt" - || wrong "$1: differs where it is folded"
exit $status
