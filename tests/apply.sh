#!/bin/sh
# Applies experiment N of a demo (tests/experiments/DEMO.txt) to copies of the demos' sources in DIR, or with
# a KEYWORD instead of DIR prints what the experiment says under it.
#
#   apply.sh DEMO N DIR
#   apply.sh DEMO N -KEYWORD
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
demo=$1 number=$2
here=$(cd "$(dirname "$0")" && pwd)
field() {
    awk -v n="$number." -v key="$1" '
        $1 ~ /^[0-9]+\.$/ && /^[0-9]/ { inside = $1 == n; if (inside && key == "aim") { sub(/^[0-9]+\. /, ""); print } }
        inside && $1 == key && /^ / { sub(/^ +[a-z]+ +/, ""); print }' "$here/experiments/$demo.txt"
}
case $3 in -*) field "${3#-}" && exit ;; esac

cp "$here/../demos/"*.[ch] "$3" && cd "$3" || exit 1
file=$(field file)
[ "$file" ] || file=$demo.c
OLD=$(field old) NEW=$(field new) LINE=$(field line) ALL=$(field all) awk '
    BEGIN { old = ENVIRON["OLD"]; new = ENVIRON["NEW"]; if (new == "nothing") new = "" }
    below && (at = index($0, old)) && (!ENVIRON["LINE"] || index($0, ENVIRON["LINE"])) {
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
    }' "$file" >changed && mv changed "$file"
