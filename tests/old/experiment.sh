#!/bin/sh
# Applies one "Try this" line of a demo's head to a copy of the demo, builds and runs the copy, and
# passes if exactly the predicted checks fail - and nothing crashes, hangs or bails out. A predicted one
# may be skipped instead for a reason that this environment explains, as in transcript.sh.
#
#   experiment.sh DEMO.c N BUILD_DIR [OUTPUT]        OUTPUT: where to keep what the copy prints
set -u
unset CDPATH
if [ $# -lt 3 ]; then echo "usage: $0 DEMO.c N BUILD_DIR [OUTPUT]" >&2 && exit 2; fi
source=$1 number=$2 build=$(cd "$3" && pwd) output=${4-}
here=$(dirname "$0")
demo=$(basename "$source" .c)

# In the build directory: a temporary one may not allow programs to be run.
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d "$build/experiment.XXXXXX") || exit 99
row=$(awk -v list=1 -f "$here/experiments.awk" "$source" | awk -F '\t' -v n="$number" '$1 "" == n')
[ "$row" ] ||
    { echo "$demo has no experiment $number" && exit 1; }
set -- "$source"
for part in "${source%.c}"_*.h; do [ ! -f "$part" ] || set -- "$@" "$part"; done
awk -v apply="$number" -v dir="$tmp" -f "$here/experiments.awk" "$@" || exit 1
sh "$build/tests/compile.sh" "$tmp/$demo.c" "$tmp/$demo" >"$tmp/compiler" 2>&1 ||
    { echo "the changed program does not compile:" && cat "$tmp/compiler" && exit 1; }
while read -r partner; do ln -s "$build/$partner" "$tmp/$partner"; done <"$build/partners.txt"
arguments=$(sed -n "s/^$demo //p" "$build/demos.txt")
# shellcheck disable=SC2086
"$tmp/$demo" $arguments >"$tmp/out" 2>"$tmp/err" </dev/null
status=$?
"$build/tests/environment" >"$tmp/reasons" || exit 99

[ ! "$output" ] || cp "$tmp/out" "$output"

printf '%s\n' "$row" | awk -F '\t' -v status="$status" '
    function show(title, lines) { if (lines) printf "%s\n%s", title, lines }
    FILENAME != "-" { next }
    {
        print "Try this: " $2
        n = split($3, list, " "); for (i = 1; i <= n; i++) must[list[i]] = 1
        n = split($4, list, " "); for (i = 1; i <= n; i++) may[list[i]] = 1
    }
    END {
        while ((getline line < reasons) > 0) explained[line] = 1
        while ((getline line < out) > 0) {
            if (line ~ /^1\.\./) plan = substr(line, 4) + 0
            if (line ~ /^Bail out!/) wrong = wrong "\n" line
            if (line !~ /^(not )?ok /) continue
            count++
            text = line
            sub(/^(not )?ok /, "  ", text)
            reason = line
            skipped = sub(/.* # SKIP /, "", reason) && reason in explained
            if (line ~ /^not ok/) {
                failed++
                if (count in must || count in may) as_predicted = as_predicted text "\n"
                else surprise = surprise text "\n"
            } else if (skipped && count in must) {
                skips = skips text "\n"
            } else if (count in must) {
                held = held text "\n"
            } else if (count in may) {
                spared = spared text "\n"
            }
        }
        show("Failed, as predicted:", as_predicted)
        show("Skipped here instead of failing:", skips)
        show("May fail, but holds this time:", spared)
        show("FAILED, BUT NOT PREDICTED:", surprise)
        show("PREDICTED TO FAIL, BUT HOLDS:", held)
        if (!failed && !skips) wrong = wrong "\nno check fails"
        else if (status > 1) wrong = wrong "\nexit status " status " instead of 1"
        if (count != plan) wrong = wrong "\nplanned " plan " checks, but " count + 0 " ran"
        if (wrong) print substr(wrong, 2)
        exit surprise || held || wrong
    }' out="$tmp/out" reasons="$tmp/reasons" - || { cat "$tmp/err" && exit 1; }
