#!/bin/sh
# Every sentence of the scripts (what t, fail, bad_usage and awk's zh() are given, and usage) and of
# tests/symptoms.tsv and tests/skips.txt has its Chinese in demos/zh/scripts.txt, what is true of a statement (tests/claims.tsv) in
# demos/zh/claims.txt, an experiment's title and reason, and what a head says to watch, in demos/zh/try/DEMO.txt; no pair is left over.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$here/.." || exit 99
# hold NAME: what is on stdin against demos/zh/NAME.txt
hold() {
    LC_ALL=C awk -v file="demos/zh/$1.txt" '
        function wrong(what) { print file " " what; bad = 1 }
        FILENAME == "-" { said[$0] = 1; next }
        english == "" && /^(#|$)/ { next }
        english == "" {
            english = $0
            if (english in chinese) wrong("has twice: " english)
            if (!(english in said)) wrong("has, left over: " english)
            next
        }
        {
            chinese[english] = 1
            english = ""
        }
        END {
            for (text in said) if (text != "" && !(text in chinese)) wrong("has no Chinese for: " text)
            exit bad
        }' - "demos/zh/$1.txt" || status=1
}

{
    sed -n 's/^#   /usage: /p' scripts/run scripts/try scripts/mend scripts/page scripts/test
    grep -hv "^ *#" scripts/run scripts/try scripts/mend scripts/page scripts/test scripts/lib.sh tests/readme.sh | LC_ALL=C awk '
        { while (match($0, /(^|[ (;])(t |fail [0-9] |bad_usage |zh\()("[^"]+"|'\''[^'\'']+'\'')/)) {
            text = substr($0, RSTART, RLENGTH)
            $0 = substr($0, RSTART + RLENGTH)
            sub(/^[^"'\'']*["'\'']/, "", text)
            if (text !~ /^\$/) print substr(text, 1, length(text) - 1)
        } }'
    cut -f 1,2 tests/symptoms.tsv | tr '\t' '\n'
    cut -f 2 tests/skips.txt
    tail -n +2 tests/claims.tsv | cut -f 2
} >"$tmp/said"
hold scripts <"$tmp/said"
tail -n +2 tests/claims.tsv | awk -F '\t' '{ if ($4 == "") print $5; print $6; print $7 }' >"$tmp/said"
hold claims <"$tmp/said"
for experiments in tests/experiments/*.txt; do # their titles and reasons, and what the head says to watch
    demo=$(basename "$experiments" .txt)
    {
        sed -n -e 's/^[0-9]*\. //p' -e 's/^ *why *//p' "$experiments"
        awk '/^ \* (Watch|Notes) / { if (says) print says; says = /beyond the notes|Watch/ ? substr($0, 15) : ""; next }
            says && /^ \*            / { says = says " " substr($0, 15); next }
            says { print says; exit }' "demos/$demo.c"
    } >"$tmp/said"
    hold "try/$demo" <"$tmp/said"
done
# Both lines of a pair take the same arguments in the same order, whatever their widths.
LC_ALL=C awk '
    function conversions(text,    all) {
        gsub(/%%/, "", text)
        while (match(text, /%[-+#0-9.*]*[hljzt]*[a-zA-Z]/)) {
            all = all substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
        }
        gsub(/[-+#0-9.]/, "", all)
        return all
    }
    english == "" { if (!/^(#|$)/) english = $0; next }
    conversions(english) != conversions($0) { print FILENAME ": not the same conversions: " $0; bad = 1 }
    { english = "" }
    END { exit bad }' demos/zh/*.txt demos/zh/try/*.txt || status=1
exit $status
