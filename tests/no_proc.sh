#!/bin/sh
# Runs demos without /proc, in a mount namespace: every check that needs it is skipped for that reason, and
# none fails. Skipped (77) where namespaces are not permitted.
#
#   no_proc.sh PROGRAM...
set -u
hide='mount -t tmpfs none /proc'
unshare -rm sh -c "$hide" 2>/dev/null || { echo "no namespaces here" && exit 77; }
status=0
for program; do
    # shellcheck disable=SC2016
    out=$(unshare -rm sh -c "$hide"' && MMAP_DEMO_QUICK=1 exec "$0"' "$program" 2>&1)
    code=$?
    printf '%s\n' "$out" | grep -E '^(not ok|Bail)' && status=1
    [ $code -eq 0 ] || [ $code -eq 77 ] || { echo "$program: exit status $code" && status=1; }
done
exit $status
