#!/bin/sh
# Holds the README's generated parts against what they are made from: the table of demos against the heads
# of the files, the corrections against tests/claims.tsv, the transcript against tests/expected/.
#
#   readme.sh [--renew [BUILD_DIR]]      --renew writes them anew (an outdated transcript from a run)
set -u
unset CDPATH
cd "$(dirname "$0")/.." || exit 99
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99

# | demo | section | question | for every demo, in the order of CMakeLists.txt
make_demos() {
    echo "| demo | notes | question |"
    echo "|---|---|---|"
    sed -n 's/^  \([0-9][0-9]_[a-z0-9_]*\)$/\1/p' CMakeLists.txt | while read -r name; do
        awk -v demo="$name" '
            FNR == 2 { question = substr($0, length(demo) + 7) }
            /^ \* Notes/ { sub(/^ \* Notes +/, ""); sub(/^sections? /, ""); notes = $0 }
            /^ \* Watch/ { print "| `" demo "` | " notes " | " question " |"; exit }' "demos/$name.c"
    done
}

# The statements that are wrong, with the demo that shows it.
make_corrections() {
    echo "| | the notes say | in truth | shown by (demo: checks) |"
    echo "|---|---|---|---|"
    awk -F '\t' '$2 == "wrong" {
        gsub(/:/, ": ", $3); gsub(/,/, ", ", $3)
        print "| " $1 " | " $4 " | " $5 " | " $3 " |" }' tests/claims.tsv
}

is_current() {
    sed -e 's/^    //' -e 's/^#   .*/#   .../' "$tmp/transcript" | cmp -s - "tests/expected/$demo.txt"
}

make_transcript() {
    if is_current; then cat "$tmp/transcript" && return; fi
    "$2/$1" >"$tmp/run" || return 1
    ! grep '# SKIP' "$tmp/run" || return 1 # as a model only a run that skips nothing will do
    sed 's/^/    /' "$tmp/run"
}

# Takes README.md apart: what each marker encloses goes to a file; with them the README is made anew.
awk -v dir="$tmp" '
    /^<!-- end -->$/ { inside = "" }
    inside { print > (dir "/" inside) }
    /^<!-- [a-z]+(: .*)? -->$/ && !/end/ { inside = $2; sub(/:$/, "", inside); printf "" > (dir "/" inside) }' README.md
demo=$(sed -n 's/^<!-- transcript: \(.*\) -->$/\1/p' README.md)
make_demos >"$tmp/demos.new"
make_corrections >"$tmp/corrections.new"

if [ "${1-}" = --renew ]; then
    make_transcript "$demo" "${2:-build}" >"$tmp/transcript.new" || exit 1
    awk -v dir="$tmp" '
        /^<!-- end -->$/ { inside = "" }
        !inside { print }
        /^<!-- [a-z]+(: .*)? -->$/ && !/end/ {
            inside = $2
            sub(/:$/, "", inside)
            while ((getline line < (dir "/" inside ".new")) > 0) print line
        }' README.md >"$tmp/README.md" && cat "$tmp/README.md" >README.md
    exit
fi

status=0
for part in demos corrections; do
    cmp -s "$tmp/$part" "$tmp/$part.new" || { echo "README.md: the $part are out of date" && status=1; }
done
is_current || { echo "README.md: the transcript of $demo is out of date" && status=1; }
[ $status -eq 0 ] || echo "To renew them: sh tests/readme.sh --renew"
exit $status
