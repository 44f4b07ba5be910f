#!/bin/sh
# Tests experiment.sh and experiments.awk with a make-believe demo: right predictions must pass, and
# every kind of wrong one must fail.
#
#   experiment_test.sh BUILD_DIR
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
build=$1
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d "$build/experiments.XXXXXX") || exit 99
status=0
cat >"$tmp/demo.c" <<'END'
/*
 * demo - a question?
 *
 * Try this   1. int two = 2 -> int two = 3: checks 1 and 3 fail
 *            2. In `int two`, 2 -> 3: check 1 fails, 3 may
 *            3. int two = 2 -> int two = 3: check 1 fails
 *            4. int two = 2 -> int two = 3: checks 1, 2
 *               and 3 fail
 *            5. int two = 2 -> int two = 1 + 1: check 1 fails
 *            6. int -> long: check 1 fails
 *            7. no such text -> nothing: check 1 fails
 *            8. return end(); -> nothing: check 1 fails
 *            9. pid_t parent = 0; -> parent = : check 1 fails
 *            10. In `if (two`, 5 -> 2: check 1 fails
 *            11. Everywhere, two == 2 -> two == 7: check 1 fails
 *            12. Everywhere, int two = -> int two = 1 +: checks 1 and 3 fail
 *            13. Everywhere, no such text -> nothing: check 1 fails
 */
#include <sys/types.h>
#include "check.h"

int main(int argc, char **argv) {
    pid_t parent = 0;
    begin(argc, argv, 3, "a question?");
    int two = 2;
    if (two == 5) die("no set-up");
    check(two == 2, "the first", NULL);
    check(parent == 0, "the second", NULL);
    check(two % 2 == 0, "the third", NULL);
    return end();
}
END
demo=$tmp/demo.c

expect() {
    number=$1 wanted=$2
    seen=fail
    if sh "$here/experiment.sh" "$demo" "$number" "$build" >"$tmp/out" 2>&1; then seen=pass; fi
    [ $seen = "$wanted" ] && grep -q -e "$3" "$tmp/out" && grep -q -e "${4-}" "$tmp/out" && return
    echo "experiment $number: $seen instead of $wanted, or no line matches $3, ${4-}"
    cat "$tmp/out"
    status=1
}
expect 1 pass "^Failed, as predicted:$" "^  1 - the first$"
expect 2 pass "^Failed, as predicted:$" "^  3 - the third$"
expect 3 fail "^FAILED, BUT NOT PREDICTED:$" "^  3 - the third$"
expect 4 fail "^PREDICTED TO FAIL, BUT HOLDS:$" "^  2 - the second$"
expect 5 fail "no check fails"
expect 6 fail "changes [0-9]* lines, not one"
expect 7 fail "changes 0 lines, not one"
expect 8 fail "no check fails"
expect 9 fail "does not compile"
expect 10 fail "Bail out!"
expect 11 pass "^Failed, as predicted:$" "^  1 - the first$"
expect 12 pass "^Failed, as predicted:$" "^  3 - the third$"
expect 13 fail "changes 0 lines"
expect 14 fail "no experiment 14"

# What stands in tests/further/ goes on where the head ends; a gap in the numbers is found.
mkdir -p "$tmp/demos" "$tmp/tests/further"
mv "$tmp/demo.c" "$tmp/demos/demo.c"
printf '%s\n' '14. int two = 2 -> int two = 3: checks 1' '    and 3 fail' '15. parent = 0 -> parent = 1: check 2 fails' \
    >"$tmp/tests/further/demo.txt"
demo=$tmp/demos/demo.c
expect 14 pass "^Failed, as predicted:$" "^  3 - the third$"
expect 15 pass "^Failed, as predicted:$" "^  2 - the second$"
expect 16 fail "no experiment 16"
echo '17. parent = 0 -> parent = 1: check 2 fails' >>"$tmp/tests/further/demo.txt"
expect 14 fail "experiment 17 where 16 is due"
exit $status
