#!/bin/sh
# Every sentence of the scripts (what t, fail, bad_usage and awk's zh() are given, and usage) and of
# tests/symptoms.tsv has its Chinese in demos/zh/scripts.txt, with the same conversions; no pair is left over.
set -u
cd "$(dirname "$0")/.." || exit 99
{
    sed -n 's/^#   /usage: /p' scripts/run scripts/try scripts/mend scripts/test scripts/page
    grep -hv "^ *#" scripts/run scripts/try scripts/mend scripts/test scripts/page scripts/lib.sh | LC_ALL=C awk '
        { while (match($0, /(^|[ (;])(t |fail [0-9] |bad_usage |zh\()("[^"]+"|'\''[^'\'']+'\'')/)) {
            text = substr($0, RSTART, RLENGTH)
            $0 = substr($0, RSTART + RLENGTH)
            sub(/^[^"'\'']*["'\'']/, "", text)
            if (text !~ /^\$/) print substr(text, 1, length(text) - 1)
        } }'
    cut -f 1,2 tests/symptoms.tsv | tr '\t' '\n'
    tail -n +2 tests/claims.tsv | cut -f 2
} | LC_ALL=C awk '
    function conversions(text,    all) {
        while (match(text, /%[-0-9]*[a-z]/)) { all = all substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH) }
        return all
    }
    FILENAME == "-" { said[$0] = 1; next }
    english == "" && /^(#|$)/ { next }
    english == "" {
        english = $0
        if (english in chinese) { print FILENAME ": twice: " english; bad = 1 }
        if (!(english in said)) { print FILENAME ": left over: " english; bad = 1 }
        next
    }
    {
        chinese[english] = 1
        if (conversions(english) != conversions($0)) { print FILENAME ": not the same conversions: " $0; bad = 1 }
        english = ""
    }
    END {
        for (text in said) if (!(text in chinese)) { print "demos/zh/scripts.txt has no Chinese for: " text; bad = 1 }
        exit bad
    }' - demos/zh/scripts.txt
