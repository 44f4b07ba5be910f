#!/bin/sh
# Holds demos/README.md, and demos/README.zh.md, against what they are made from: the heads of the demos,
# tests/claims.tsv, tests/symptoms.tsv, tests/skips.txt, demos/zh/; and every sentence that tests/symptoms.tsv leads
# to, and that decides what POSIX says (tests/posix.tsv), against the transcripts.
#
#   readme.sh [--renew]      --renew writes them anew
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
cd "$(dirname "$0")" || exit 99

# In English, or in Chinese, as speak has said.
# shellcheck disable=SC2016 # ` is Markdown
make_readme() {
    printf '# %s\n\n' "$(t "The demos")"
    t 'This page is made by `sh tests/readme.sh --renew` from the heads of the demos and the tables in `tests/`.'
    echo
    printf '## %s\n\n' "$(t "From the symptom to the demo")"
    t '`scripts/run SYMPTOM` finds these as well: `scripts/run sigbus`, `scripts/run enodev`.'
    echo
    t "| you see | because | shown by |"
    echo '|---|---|---|'
    awk -F '\t' "$pairs"'BEGIN { pairs("scripts") } { printf "| %s | %s | `%s` |\n", zh($1), zh($2), $3 }' symptoms.tsv
    echo
    printf '## %s\n\n' "$(t "All demos")"
    t "| demo | section of the notes | question | checks |"
    echo '|---|---|---|---|'
    for name in $(demos); do
        awk -v demo="$name" -v checks="$(grep -c '^ok ' "expected/$name.txt")" "$pairs"'
            # In Chinese only the numbers: what stands beside them is partly English.
            function numbers(text,    n, i, word, all) {
                if (text ~ /^beyond/) return "笔记之外"
                n = split(text, word, /[ ,:;]+/)
                for (i = 1; i <= n; i++) if (i == 1 || word[i] ~ /^[0-9]+\.[0-9]+$/) all = all (all ? "、" : "") word[i]
                return all
            }
            FNR == 3 { question = substr($0, length(demo) + 7) }
            /^ \* Notes/ {
                sub(/^ \* Notes +/, ""); sub(/^sections? /, "")
                pairs(demo)
                print "| `" demo "` | " (ENVIRON["MMAP_DEMO_ZH"] ? numbers($0) : $0) " | " zh(question) " | " checks " |"; exit }' \
            "../demos/$name.c"
    done
    decided=$(sh claims.sh --decided)
    for kind in said implied; do
        echo
        case $kind in
        said)
            printf '## %s\n\n' "$(t "Where the notes are wrong")"
            t "The statement, as the notes have it; what is true; and the demo: check that shows it."
            ;;
        implied)
            printf '## %s\n\n' "$(t "What the code of the notes implies, and what does not work")"
            t "No sentence of the notes says so: their code or a figure does."
            ;;
        esac
        echo
        t "| | the notes say | in truth | shown by |"
        echo '|---|---|---|---|'
        printf '%s\n' "$decided" | awk -F '\t' -v kind=$kind "$pairs"'
            BEGIN { pairs("claims") }
            FILENAME == "-" { by[$1] = $2; next }
            $2 == "wrong" && $3 == kind {
                said = $4 (ENVIRON["MMAP_DEMO_ZH"] ? "" : " (" $5 ")")
                truth = zh($6)
                told = zh($7)
                gsub(/\|/, "\\|", said)
                gsub(/\|/, "\\|", truth)
                gsub(/ /, ", ", by[$1])
                print "| " $1 " | " said " | " truth " | " ($7 ~ /^tests/ || $7 && told != $7 ? told : $7 ? "told in " $7 : by[$1]) " |"
            }' - claims.tsv
    done
    echo
    printf '## %s\n\n' "$(t "What may be skipped, and why")"
    t "| reason | what it means |"
    echo '|---|---|'
    awk -F '\t' -v names="$(demos | tr '\n' ' ')" "$pairs"'
        BEGIN { for (n = split(names, name, " "); n; n--) pairs(name[n]); pairs("common"); pairs("scripts") }
        {
            reason = $1
            gsub(/E\[A-Z\]\*/, "%s", reason)
            if (reason in chinese) { reason = zh(reason); gsub(/%s/, "E...", reason) } else reason = $1
            gsub(/\|/, "\\|")
            print "| `" reason "` | " zh($2) " |"
        }' skips.txt
}

status=0
for page in README.md README.zh.md; do
    case $page in *.zh.md) speak zh ;; *) speak en ;; esac
    if [ "${1-}" = --renew ]; then
        make_readme >"../demos/$page"
    else
        make_readme | diff -u "../demos/$page" - || { echo "To renew it: sh tests/readme.sh --renew" && status=1; }
    fi
done
while IFS="$(printf '\t')" read -r symptom _ demo sentence; do
    grep -q "^ok .*$sentence" "expected/$demo.txt" || { echo "symptoms.tsv: $symptom: $demo has no check about '$sentence'" && status=1; }
done <symptoms.tsv
while IFS="$(printf '\t')" read -r assertion _ by; do
    case $by in 'decided by' | 'none: '?*) continue ;; esac
    grep -s '^ok ' "expected/${by%%: *}.txt" | grep -qF "${by#*: }" || { echo "posix.tsv: $assertion: no check '$by'" && status=1; }
done <posix.tsv
exit $status
