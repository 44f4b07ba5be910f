#!/bin/sh
# Runs demos in Chinese, step by step: every sentence that they look up has its Chinese in demos/zh/NAME.txt or
# demos/zh/common.txt, no pair of NAME.txt is left over, numbers and verdicts are those of the English
# transcript, no line is wider than 100 columns.
#
#   zh.sh PROGRAM...
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
for program; do
    demo=$(basename "$program")
    zh=$here/../demos/zh/$demo.txt
    [ -f "$zh" ] || { echo "demos/zh/$demo.txt is missing" && status=1 && continue; }
    : >"$tmp/looked-up"
    yes '' | head -n 200 | MMAP_DEMO_QUICK=1 MMAP_DEMO_WORDS=$tmp/looked-up "$program" --step --lang zh >"$tmp/out" 2>&1
    [ $? -ne 77 ] || continue
    # English words that have no Chinese: conversions and names of C apart, there must be none.
    LC_ALL=C awk -v demo="$demo" '
        FILENAME != ARGV[3] { if ($0 == "" || /^#/ && !english) next; if (!english) { known[$0] = 1; english = 1 } else english = 0; next }
        $0 in known || seen[$0]++ || /[\200-\377]/ { next } # a reason is looked up by its format, then as it is
        {
            text = $0
            gsub(/%[-+ #0-9.*lhzjt]*[a-zA-Z%]/, "", text)
            if (text ~ /[a-z][a-z]/) { print demo ": demos/zh/" demo ".txt has no Chinese for: " $0; bad = 1 }
        }
        END { exit bad }' "$zh" "$here/../demos/zh/common.txt" "$tmp/looked-up" || status=1
    # Pairs that nothing in the source asks for: adjacent literals are joined first.
    tr '\n' ' ' <"$here/../demos/$demo.c" | sed 's/\\"/\x01/g; s/" *"//g; s/\x01/"/g' >"$tmp/source"
    # shellcheck disable=SC2013
    for part in $(sed -n 's/^#include "\([0-9][0-9]_[a-z_]*\)\.h".*/\1.c/p' "$here/../demos/$demo.c"); do
        tr '\n' ' ' <"$here/../demos/$part" | sed 's/\\"/\x01/g; s/" *"//g; s/\x01/"/g' >>"$tmp/source"
    done
    awk -v demo="$demo" '
        FILENAME == ARGV[1] { source = source $0; next }
        $0 == "" || /^#/ && !english { next }
        !english { english = 1; if (!index(source, $0)) { print demo ": left over: " $0; bad = 1 } next }
        { english = 0 }
        END { exit bad }' "$tmp/source" "$zh" || status=1
    sed -n 's/^\(ok\|not ok\) \([0-9]*\) .*/\1 \2/p' "$here/expected/$demo.txt" >"$tmp/english"
    sed -n 's/^\(ok\|not ok\) \([0-9]*\) .*/\1 \2/p' "$tmp/out" | diff "$tmp/english" - || status=1
    grep -v ' # SKIP ' "$tmp/out" | flat |
        awk -v demo="$demo" 'length > 100 && !/^ *[0-9]+ / { print demo ": wider than 100: " $0; bad = 1 } END { exit bad }' || status=1
done
exit $status
