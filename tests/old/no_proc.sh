#!/bin/sh
# Runs demos without /proc, in a mount namespace: they must go to their end, with every check that needs
# /proc skipped for that reason and no check failing. Skipped (77) where namespaces are not permitted.
#
#   no_proc.sh PROGRAM...
set -u
hide='mount -t tmpfs none /proc'
unshare -rm sh -c "$hide" 2>/dev/null || { echo "no namespaces here" && exit 77; }
status=0
for program; do
    arguments=$(sed -n "s/^$(basename "$program") //p" "$(dirname "$program")/demos.txt")
    # shellcheck disable=SC2016,SC2086
    out=$(unshare -rm sh -c "$hide"' && exec "$0" "$@"' "$program" $arguments 2>&1)
    code=$?
    printf '%s\n' "$out" | awk -v name="$(basename "$program")" -v code=$code '
        /^1\.\./ { plan = substr($0, 4) + 0 }
        /^(not )?ok / { count++ }
        /^not ok/ { bad = bad "\n" $0 }
        / # SKIP / {
            skipped++
            if ($0 !~ / # SKIP (\/proc\/|this kernel has no |this file system has no disk)/)
                bad = bad "\n" $0
        }
        END {
            if (code != 0 || count != plan || !plan) bad = bad "\nstatus " code ", " count " of " plan
            print name ": " count " checks, " skipped + 0 " skipped" bad
            exit bad != ""
        }' || { printf '%s\n' "$out" && status=1; }
done
exit $status
