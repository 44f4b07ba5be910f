#!/bin/sh
# Runs programs with TMPDIR and XDG_RUNTIME_DIR on a full file system (a tmpfs in a mount namespace): each
# must end with 99 and one line that says ENOSPC, and leave nothing. Skipped (77) where namespaces are not
# permitted.
#
#   full.sh PROGRAM...
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # expanded by the inner shell
fill='mount -t tmpfs -o size=64k none "$0" && { cat /dev/zero >"$0/filler" 2>/dev/null; true; }'
unshare -rm sh -c "$fill" "$tmp" 2>/dev/null || { echo "no namespaces here" && exit 77; }
for program; do
    # shellcheck disable=SC2016
    out=$(unshare -rm sh -c "$fill"' && TMPDIR=$0 XDG_RUNTIME_DIR=$0 "$1"; echo "status $?"; ls "$0"' \
        "$tmp" "$program" 2>&1)
    case $out in
    *"(ENOSPC)
status 99
filler") ;;
    *) printf '%s\n' "$out" && exit 1 ;;
    esac
done
