#!/bin/sh
# Runs a demo and holds what it prints against tests/expected/NAME.txt.
#
#   transcript.sh PROGRAM [--renew]
#
# Free are the evidence lines ("#   ..."), and the skipping of a check for one of the reasons in
# tests/skips.txt - for none at all if NO_SKIP is set. --renew writes the expectation anew, from a good
# run that skips nothing.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
program=$1 expected=$here/expected/$(basename "$1").txt

# shellcheck disable=SC2086 # no emulator: no word
MMAP_DEMO_QUICK=1 ${EMULATOR-} "$program" >"$tmp/out" 2>"$tmp/err" </dev/null
status=$?
if [ $status -eq 77 ]; then cat "$tmp/out" && exit 77; fi
# Evidence lines that follow each other count as one.
sed -e 's/^#   .*/#   .../' -e 's/^\(ok .*\) # SKIP .*/\1/' "$tmp/out" | uniq >"$tmp/seen"
if [ "${2-}" = --renew ]; then
    if [ $status -eq 0 ] && ! grep ' # SKIP ' "$tmp/out"; then cp "$tmp/seen" "$expected" && exit; fi
    cat "$tmp/out" "$tmp/err" && exit 1
fi
wrong=
sed -n 's/^ok .* # SKIP //p' "$tmp/out" >"$tmp/skips"
if [ "${NO_SKIP-}" ]; then
    cp "$tmp/skips" "$tmp/unexplained"
else
    cut -f 1 "$here/skips.txt" >"$tmp/reasons"
    LC_ALL=C grep -vxf "$tmp/reasons" "$tmp/skips" >"$tmp/unexplained"
fi
# The failed sentence first, then the place, then the difference.
grep -A 1 '^not ok ' "$tmp/out" && wrong=yes
grep -E '^(Bail out! |# .*: killed by )' "$tmp/out" && wrong=yes
while read -r reason; do echo "skipped, but not for a reason of tests/skips.txt: $reason" && wrong=yes; done <"$tmp/unexplained"
[ $status -eq 0 ] || { echo "exit status $status" && wrong=yes; }
# A check that is skipped may have no evidence.
[ ! -s "$tmp/skips" ] || sed -i '/^#   /d' "$tmp/seen"
if [ -s "$tmp/skips" ]; then sed '/^#   /d' "$expected"; else cat "$expected"; fi | diff -u - "$tmp/seen" || wrong=yes
[ ! -s "$tmp/err" ] || { echo "on stderr:" && cat "$tmp/err" && wrong=yes; }
[ ! "$wrong" ] || { echo "All that it printed:" && cat "$tmp/out" && exit 1; }
# Every skipped check is visible in the log of a test that passes.
echo "checks: $(grep -c '^ok ' "$tmp/out") ok, $(wc -l <"$tmp/skips") of them skipped" && sort "$tmp/skips" | uniq -c
