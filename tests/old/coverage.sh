#!/bin/sh
# Lists the checks that no experiment breaks ("Try this" in a demo's head, or tests/further/): there must
# be none. What an experiment only may break does not count.
set -u
unset CDPATH
cd "$(dirname "$0")" || exit 99
status=0
for expected in expected/*.txt; do
    demo=$(basename "$expected" .txt)
    list=$(awk -v list=1 -f experiments.awk "../demos/$demo.c") || exit 1
    unbroken=$(printf '%s\n' "$list" | awk -F '\t' '
        FILENAME == "-" { n = split($3, number, " "); while (n > 0) broken[number[n--]] = 1; next }
        /^ok / { split($0, word, " "); if (!(word[2] in broken)) print "  " $0 }' - "$expected")
    [ ! "$unbroken" ] || { printf '%s: no experiment breaks\n%s\n' "$demo" "$unbroken" && status=1; }
done
exit $status
