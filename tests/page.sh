#!/bin/sh
# Makes the class page (scripts/page) in a build directory, and looks in it for every demo, step, question, check,
# experiment of a head, statement and symptom. It must be one file that asks for no other, of less than 3 MB.
#
#   page.sh BUILD_DIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
page=$(BUILD=$(cd "$1" && pwd) sh "$here/../scripts/page") || exit 1
cd "$here" || exit 99
status=0
wrong() { echo "$*" && status=1; }
[ "$(wc -c <"$page")" -lt 3000000 ] || wrong "$page: over 3 MB"
LC_ALL=C grep -nE '(src|href|action)="?(https?:)?//|url\(.?(https?:)?//|@import|<link|^@[a-z]+@$|\{\{[^{}|"]*\|' "$page" | cut -c 1-150 | grep . && status=1
escaped() { sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g' "$@"; }

# In the page a line begins with each step, check, statement. What must be there: "ID TAB text in its line".
{
    sed -n 's/^<article class=demo id="\([^"]*\)".*/\1/p' "$page" | while read -r demo; do
        sed -n "/^<article class=demo id=\"$demo\"/,/^<\/article>/p" "$page" | grep -q 'class=stop' && continue
        escaped "expected/$demo.txt" | sed -n -e "s,^# Step \([0-9]*\)\. ,$demo/\1	," -e "s,^ok \([0-9]*\) - ,$demo:\1	," -e T -e 's/ ([^()]*)$//' -e p
        grep -cE '^ *predict\(' "../demos/$demo.c" | sed "s,^,questions $demo	,"
    done
    escaped claims.tsv | sed 1d | cut -f 1,4 | sed 's/❌/✗/g' | tr -d '\140' # code, in the page
    escaped claims.tsv | sed 1d | cut -f 1,5
    escaped symptoms.tsv | cut -f 1 | sed 's/^/symptom	/'
} | LC_ALL=C awk -F '\t' '
    FILENAME != "-" {
        if (/^<script>$/) script = 1
        if (script) next
        if (match($0, /^<article class=demo id="[^"]*/)) demo = substr($0, 25, RLENGTH - 24)
        if (/^<li class=step .* data-q>/) asked["questions " demo]++
        if (match($0, /^<li ([^>]* )?id="[^"]*/)) { id = substr($0, 1, RLENGTH); sub(/.*"/, "", id); has[id] = $0; gsub(/<\/?code>/, "", has[id]) }
        if (/^<li><b>/) has["symptom"] = has["symptom"] $0
        for (n = split($0, part, "<"); n > 1; n--) if (match(part[n], /^\/?[a-z]+[0-9]?/)) tags[substr(part[n], 1, RLENGTH)]++
        next
    }
    /^questions/ { if (asked[$1] + 0 != $2) { print $1 ": " asked[$1] + 0 " of " $2; bad = 1 } next }
    { n = $1; wanted++ }
    !(n in has) { print n ": not in the page"; bad = 1; next }
    !index(has[n], $2) { print n ": without \"" $2 "\""; bad = 1 }
    END {
        for (tag in tags) if (tag !~ /^(\/|meta|input|path|br|html|body|style|svg)/ && tags[tag] != tags["/" tag])
            { print tags[tag] " <" tag ">, but " tags["/" tag] + 0 " </" tag ">"; bad = 1 }
        print wanted " steps, checks, statements and symptoms are in the page"
        exit bad || !wanted
    }' "$page" - || status=1
# shellcheck disable=SC2013 # names have no blanks
for demo in $(sed -n 's/^  \([0-9][0-9]_[a-z0-9_]*\)$/\1/p' ../CMakeLists.txt); do
    [ ! -f "expected/$demo.txt" ] || grep -q "^<article class=demo id=\"$demo\"" "$page" || wrong "$demo: not in the page"
    [ ! -f "experiments/$demo.txt" ] || grep -q "^<section class=try id=\"$demo/try\"" "$page" || wrong "$demo: no experiment in the page"
done
exit $status
