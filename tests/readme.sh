#!/bin/sh
# Holds demos/README.md against what it is made from: the heads of the demos, tests/claims.tsv,
# tests/symptoms.tsv, tests/skips.txt; and every sentence that tests/symptoms.tsv leads to, and that decides
# what POSIX says (tests/posix.tsv), against the transcripts.
#
#   readme.sh [--renew]      --renew writes it anew
set -u
cd "$(dirname "$0")" || exit 99
demos() { for name in $(sed -n 's/^  \([0-9][0-9]_[a-z0-9_]*\)$/\1/p' ../CMakeLists.txt); do [ ! -f "expected/$name.txt" ] || echo "$name"; done; }

make_readme() {
    cat <<'END'
# The demos

This page is made by `sh tests/readme.sh --renew` from the heads of the demos and the tables in `tests/`.

## From the symptom to the demo

`scripts/run SYMPTOM` finds these as well: `scripts/run sigbus`, `scripts/run enodev`.

| you see | because | shown by |
|---|---|---|
END
    awk -F '\t' '{ printf "| %s | %s | `%s` |\n", $1, $2, $3 }' symptoms.tsv
    cat <<'END'

## All demos

| demo | section of the notes | question | checks |
|---|---|---|---|
END
    for name in $(demos); do
        awk -v demo="$name" -v checks="$(grep -c '^ok ' "expected/$name.txt")" '
            FNR == 3 { question = substr($0, length(demo) + 7) }
            /^ \* Notes/ { sub(/^ \* Notes +/, ""); sub(/^sections? /, ""); print "| `" demo "` | " $0 " | " question " | " checks " |"; exit }' \
            "../demos/$name.c"
    done
    decided=$(sh claims.sh --decided)
    for kind in said implied; do
        case $kind in
        said) printf '\n## Where the notes are wrong\n\nThe statement, as the notes have it; what is true; and the demo: check that shows it.\n' ;;
        implied) printf '\n## What the code of the notes implies, and what does not work\n\nNo sentence of the notes says so: their code or a figure does.\n' ;;
        esac
        printf '\n| | the notes say | in truth | shown by |\n|---|---|---|---|\n'
        printf '%s\n' "$decided" | awk -F '\t' -v kind=$kind '
            FILENAME == "-" { by[$1] = $2; next }
            $2 == "wrong" && $3 == kind {
                gsub(/\|/, "\\|")
                gsub(/ /, ", ", by[$1])
                print "| " $1 " | " $4 " (" $5 ") | " $6 " | " ($7 ~ /^tests/ ? $7 : $7 ? "told in " $7 : by[$1]) " |"
            }' - claims.tsv
    done
    printf '\n## What may be skipped, and why\n\n| reason | what it means |\n|---|---|\n'
    awk -F '\t' '{ gsub(/\|/, "\\|"); print "| `" $1 "` | " $2 " |" }' skips.txt
}

if [ "${1-}" = --renew ]; then make_readme >../demos/README.md && exit; fi
status=0
make_readme | diff -u ../demos/README.md - || { echo "To renew it: sh tests/readme.sh --renew" && status=1; }
while IFS="$(printf '\t')" read -r symptom _ demo sentence; do
    grep -q "^ok .*$sentence" "expected/$demo.txt" || { echo "symptoms.tsv: $symptom: $demo has no check about '$sentence'" && status=1; }
done <symptoms.tsv
while IFS="$(printf '\t')" read -r assertion _ by; do
    case $by in 'decided by' | 'none: '?*) continue ;; esac
    grep -s '^ok ' "expected/${by%%: *}.txt" | grep -qF "${by#*: }" || { echo "posix.tsv: $assertion: no check '$by'" && status=1; }
done <posix.tsv
exit $status
