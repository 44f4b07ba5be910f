#!/bin/sh
# Runs a command and passes if it ends with this status, prints (on stdout or stderr) a line that matches
# each pattern, and leaves nothing in a TMPDIR of its own.
#
#   expect.sh STATUS [PATTERN...] -- COMMAND [ARGUMENT...]
set -u
status=$1 && shift
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
mkdir "$tmp/scratch"
while [ "$1" != -- ]; do
    printf '%s\n' "$1" >>"$tmp/patterns"
    shift
done
shift
# Through a pipe: cat ends only when every process that the command has left behind is gone, too.
# A command that names a TMPDIR itself (env TMPDIR=...) overrules this one.
{
    TMPDIR=$tmp/scratch "$@" 2>&1 </dev/null
    echo $? >"$tmp/status"
} | cat >"$tmp/out"
seen=$(cat "$tmp/status")
wrong=
[ "$seen" -eq "$status" ] || wrong="exit status $seen instead of $status"
if [ -f "$tmp/patterns" ]; then
    while read -r pattern; do
        grep -q -e "$pattern" "$tmp/out" || wrong="$wrong
no line matches: $pattern"
    done <"$tmp/patterns"
fi
[ ! "$(ls -A "$tmp/scratch")" ] || wrong="$wrong
left behind: $(ls -A "$tmp/scratch")"
[ "$wrong" ] || exit 0
printf '%s\n' "$wrong" && cat "$tmp/out" && exit 1
