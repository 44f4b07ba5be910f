#!/bin/sh
# Runs a command and passes if it ends with this status and prints (on stdout or stderr) a line that matches
# the pattern.
#
#   expect.sh STATUS PATTERN COMMAND [ARGUMENT...]
status=$1 pattern=$2
shift 2
out=$("$@" 2>&1 </dev/null)
seen=$?
[ $seen -eq "$status" ] && printf '%s\n' "$out" | grep -q -e "$pattern" && exit 0
echo "status $seen, not $status, or no line matches $pattern:"
printf '%s\n' "$out"
exit 1
