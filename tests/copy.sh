#!/bin/sh
# 12_copy_file as a user starts it, with SOURCE and TARGET: its status, its one line, and what is left in the
# directory when it refuses, or is killed.      copy.sh PROGRAM
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$tmp" && mkdir dir full && mkfifo fifo && ln -s nothing link && echo old >old || exit 99
nothing_left() { [ "$(ls -A dir)" = new ] && cmp -s "$1" dir/new; }
# refuses WHY SOURCE TARGET
refuses() {
    seen=$("$program" "$2" "$3" 2>&1 </dev/null; echo $?)
    [ "$seen" = "12_copy_file: $1
1" ] || wrong "$2 $3: $seen"
    nothing_left old || wrong "$2 $3: left are $(ls -A dir)"
}
head -c 30000017 /dev/urandom >source
"$program" source dir/new || wrong "a copy: status $?"
nothing_left source || wrong "the copy is another"
cp old dir/new
refuses ENOENT none dir/new
refuses ENOENT source none/new
for other in . fifo /dev/null; do refuses "not a regular file" $other dir/new; done # waits for no FIFO's writer
refuses "not a regular file" source link
[ ! -e /proc/self/maps ] || refuses "the source has bytes, but no length" /proc/self/maps dir/new
full='mount -t tmpfs -o size=1m none full && { "$0" source full/new; ls -A full; }' # where that is permitted
case $(unshare -rm sh -c "$full" "$program" 2>&1) in *"the disk is full" | mount:* | unshare:*) ;; *) wrong full ;; esac
for signal in INT TERM KILL; do # in the middle of a copy, or just after; cat ends after the last process
    kill='(until ls dir/new.* || ! kill -0 $$; do :; done; kill -$1 $$) 2>out & exec "$0" source dir/new'
    sh -c "$kill" "$program" $signal | cat >out2
    nothing_left old || nothing_left source || wrong "SIG$signal: left are $(ls -A dir)"
    cp old dir/new
done
exit $status
