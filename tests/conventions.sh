#!/bin/sh
# What holds for every demo: its head says what it should and agrees with the program, it is short, it has
# experiments with a reason each, and it does nothing that no demo may do.
set -u
cd "$(dirname "$0")/.." || exit 99
status=0
wrong() {
    echo "$*"
    status=1
}
for source in demos/*.[ch]; do
    demo=$(basename "$source" .c)
    [ "$(wc -l <"$source")" -le 130 ] || wrong "$source: over 130 lines"
    ! grep -nE '\b(u?sleep|nanosleep)\(|"/tmp/|"/dev/shm|\b(4096|0x1000)\b *[;,)]' "$source" ||
        wrong "$source: sleeps, or assumes a place or a page size"
    case $source in *.h) continue ;; esac
    [ "$(head -n 1 "$source")" = '#define _GNU_SOURCE' ] || wrong "$source:1: not #define _GNU_SOURCE"
    expected=tests/expected/$demo.txt
    [ -f "$expected" ] || continue # a part, or a partner
    head=$(sed '/^ \*\//q' "$source")
    question=$(printf '%s\n' "$head" | sed -n "3s/^ \* $demo - //p")
    [ "$question" ] || wrong "$source:3: not ' * $demo - QUESTION'"
    grep -qxF "# $demo: $question" "$expected" || wrong "$source: begin() does not ask the question of the head"
    for field in Notes Watch 'Try this' 'See also'; do
        printf '%s\n' "$head" | grep -q "^ \* $field  *[^ ]" || wrong "$source: no '$field' in its head"
    done
    awk -v name="$demo" '
        /^[0-9]+\. / { if (n && !why) print name ": no reason for experiment " n; n++; why = 0 }
        /^   why / { why = 1 }
        END { if (n < 2) print name ": under two experiments"; if (!why) print name ": no reason for experiment " n }' \
        "tests/experiments/$demo.txt" | grep . && status=1
    awk -v name="$expected" '
        / - .*#/ { print name ": a # is a directive in TAP: " $0 }
        /^ok / { n++; text = $0; sub(/^ok [0-9]+ - /, "", text); if (seen[text]++) print name ": twice: " text }
        END { if (n > 16) print name ": " n " checks: a table, or two demos?" }' "$expected" | grep . && status=1
done
# In characters: the bytes that go on with one are taken away.
for file in demos/*.[ch] common/*.[ch] tests/*.c tests/expected/*.txt; do
    LC_ALL=C tr -d '\200-\277' <"$file" | LC_ALL=C awk -v name="$file" 'length > 100 { print name ":" NR ": wider than 100" }'
done | grep . && status=1
for expected in tests/expected/*.txt; do
    [ -f "demos/$(basename "$expected" .txt).c" ] || wrong "$expected: no such demo"
done
top=$(git ls-files 2>/dev/null | sed 's,/.*,,' | grep -v '^\.' | sort -u | tr '\n' ' ')
[ ! "$top" ] || [ "$top" = "CMakeLists.txt LICENSE README.md common demos scripts tests " ] || wrong "top level: $top"
exit $status
