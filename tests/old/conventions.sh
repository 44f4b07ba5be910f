#!/bin/sh
# What holds for every demo: its head says what it should and agrees with the program, it stands in
# CMakeLists.txt and in the README's table, and it promises nothing that a demo must not do.
set -u
unset CDPATH
cd "$(dirname "$0")/.." || exit 99
status=0
wrong() {
    echo "$*"
    status=1
}
for source in demos/*.c; do
    demo=$(basename "$source" .c)
    head=$(sed '/^ \*\//q' "$source")
    # What a demo starts (PARTNERS in CMakeLists.txt) prints no TAP: it has "Run" instead of "Try this".
    if [ ! -f "tests/expected/$demo.txt" ] && printf '%s\n' "$head" | grep -q '^ \* Run '; then continue; fi
    question=$(printf '%s\n' "$head" | sed -n "2s/^ \* $demo - //p")
    [ "$question" ] || wrong "$source:2: not ' * $demo - QUESTION'"
    tr '\n' ' ' <"$source" | tr -s ' ' | grep -qF "\"$question\");" ||
        wrong "$source: begin() does not ask the question of the head"
    for field in Notes Watch 'Try this' 'See also'; do
        printf '%s\n' "$head" | grep -q "^ \* $field  *[^ ]" || wrong "$source: no '$field' in its head"
    done
    grep -q "^  $demo\$" CMakeLists.txt || wrong "$demo: not in CMakeLists.txt"
    grep -qF "\`$demo\`" README.md || wrong "$demo: not in README.md"
    ! grep -nE '\b(u?sleep|nanosleep)\(|"/tmp/|"/dev/shm/|\b(4096|0x1000)\b *[;,)]' "$source" ||
        wrong "$source: sleeps, or assumes a place or a page size"
    awk -v name="$source" 'length > 100 { print name ":" NR ": wider than 100"; bad = 1 } END { exit bad }' \
        "$source" || status=1
done
for expected in tests/expected/*.txt; do
    [ -f "demos/$(basename "$expected" .txt).c" ] || wrong "$expected: no such demo"
    awk -v name="$expected" 'length > 100 { print name ":" NR ": wider than 100"; bad = 1 } END { exit bad }' \
        "$expected" || status=1
done
top=$(git ls-files 2>/dev/null | sed 's,/.*,,' | grep -v '^\.' | sort -u | tr '\n' ' ')
[ ! "$top" ] || [ "$top" = "CMakeLists.txt LICENSE README.md common demos scripts tests " ] ||
    wrong "top level: $top"
exit $status
