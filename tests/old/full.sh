#!/bin/sh
# Runs a program with TMPDIR and XDG_RUNTIME_DIR on a full file system (a tmpfs in a mount namespace): it
# must end with 99 and one line that says ENOSPC. Skipped (77) where namespaces are not permitted.
#
#   full.sh PROGRAM
set -u
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
# shellcheck disable=SC2016 # expanded by the inner shell
fill='mount -t tmpfs -o size=64k none "$1" && { cat /dev/zero >"$1/filler" 2>/dev/null; true; }'
unshare -rm sh -c "$fill" sh "$tmp" 2>/dev/null || { echo "no namespaces here" && exit 77; }
# shellcheck disable=SC2016
out=$(unshare -rm sh -c "$fill"' && TMPDIR=$1 XDG_RUNTIME_DIR=$1 "$2"; echo "status $?"; ls "$1"' sh "$tmp" "$1" 2>&1)
printf '%s\n' "$out"
printf '%s\n' "$out" | grep -Eq '^(Bail out!|08_(writer|reader):) .*\(ENOSPC\)$' &&
    printf '%s\n' "$out" | grep -q '^status 99$' &&
    [ "$(printf '%s\n' "$out" | tail -n 1)" = filler ]
