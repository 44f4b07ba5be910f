#!/bin/sh
# 12_copy_file as its users start it: whole copies, bad input, a full disk, and interrupted. What is refused
# has its status and its line and leaves nothing behind, and an old target as it was.
#
#   copy.sh PROGRAM
set -u
unset CDPATH
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
cd "$tmp" || exit 99
status=0
page=$(getconf PAGESIZE)

wrong() {
    echo "$*"
    status=1
}
nothing_left() {
    left=$(ls -A dir)
    [ "$left" = "old
source" ] || wrong "$1: in the directory are: $left"
    [ "$(cat dir/old)" = old ] || wrong "$1: the old target has changed"
}
# expect STATUS PATTERN [ARGUMENT...]
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$program" "$@" >out 2>&1 </dev/null
    seen=$?
    if [ $seen -ne "$wanted" ] || ! grep -q -e "$pattern" out; then
        wrong "'$*': status $seen instead of $wanted, or no line matches: $pattern" && cat out
    fi
    if [ "$wanted" -eq 1 ] && [ "$(wc -l <out)" -ne 1 ]; then wrong "'$*': not one line" && cat out; fi
    nothing_left "'$*'"
}

# Whole copies: to a new name, then over what is there.
mkdir dir
for bytes in 0 1 $((page - 1)) "$page" $((page + 1)) 3000017; do
    head -c "$bytes" /dev/urandom >dir/source
    for target in new old; do
        [ $target = new ] || echo longer >dir/new
        if ! "$program" dir/source dir/new >out 2>&1 || ! cmp dir/source dir/new || [ -s out ]; then
            wrong "$bytes bytes, $target target: $(cat out)"
        fi
    done
    rm dir/new
done
# A file of 1 GiB that has only holes, but for its last bytes, if there is room for the copy.
if [ "$(df -Pk . | awk 'NR == 2 { print $4 }')" -gt $((3 * 1024 * 1024)) ]; then
    dd if=/dev/urandom of=dir/source bs=1000 count=1 seek=1073741 2>out || { cat out && exit 99; }
    if ! "$program" dir/source dir/new || ! cmp dir/source dir/new; then wrong "1 GiB of holes"; fi
    rm dir/new
else
    echo "less than 3 GiB free: no file of 1 GiB is copied"
fi

# Bad input.
head -c 3000017 /dev/urandom >dir/source
echo old >dir/old
expect 0 "^usage: 12_copy_file .*SOURCE TARGET$" --help
expect 0 "^usage: 12_copy_file --self-check \[--help]" --self-check --help
expect 2 "^12_copy_file: unexpected argument 'more'$" --help more
expect 2 "^12_copy_file: missing argument 'SOURCE'$"
expect 2 "^usage: 12_copy_file "
expect 2 "^12_copy_file: missing argument 'TARGET'$" dir/source
expect 2 "^12_copy_file: unexpected argument 'more'$" dir/source dir/new more
expect 2 "^12_copy_file: unknown option '--bogus'$" --bogus
expect 2 "^12_copy_file: unknown option '-r'$" dir/source -r
expect 1 "^12_copy_file: dir/none: .*(ENOENT)$" dir/none dir/new
expect 1 "^12_copy_file: dir/none/new: .*(ENOENT)$" dir/source dir/none/new
expect 1 "^12_copy_file: dir/old/new: .*(ENOTDIR)$" dir/source dir/old/new
expect 1 "^12_copy_file: dir: is a directory$" dir dir/new
expect 1 "^12_copy_file: dir: is a directory$" dir/source dir
expect 1 "^12_copy_file: dir/new/: .*(ENOENT)$" dir/source dir/new/
expect 1 "^12_copy_file: /dev/null: is not a regular file$" /dev/null dir/new
expect 1 "^12_copy_file: /dev/null: is not a regular file$" dir/source /dev/null
expect 1 "^12_copy_file: dir/../dir/source: is the source itself$" dir/source dir/../dir/source
expect 1 "^12_copy_file: dir/n*: .*(ENAMETOOLONG)$" dir/source "dir/$(printf '%0300d' 0 | tr 0 n)"
[ ! -r /proc/self/status ] ||
    expect 1 "^12_copy_file: /proc/self/status: has bytes, but no length$" /proc/self/status dir/new
mkfifo fifo
expect 1 "^12_copy_file: fifo: is not a regular file$" fifo dir/new
expect 1 "^12_copy_file: fifo: is not a regular file$" dir/source fifo
ln -s loop loop
expect 1 "^12_copy_file: loop: .*(ELOOP)$" dir/source loop
ln -s nothing dangling
expect 1 "^12_copy_file: dangling: is a symbolic link to nothing$" dir/source dangling
chmod 500 dir
chmod 400 dir/old
if ! [ -w dir ]; then # root may write, whatever the permission bits say
    expect 1 "^12_copy_file: dir/new: .*(EACCES)$" dir/source dir/new
    expect 1 "^12_copy_file: dir/old: .*(EACCES)$" dir/source dir/old
fi
chmod 700 dir
chmod 600 dir/old
(
    ulimit -f 100
    expect 1 "^12_copy_file: dir/old: .*(EFBIG)$" dir/source dir/old
    exit $status
) || status=1

# A full file system: a tmpfs in a mount namespace, where that is permitted.
# shellcheck disable=SC2016
full='mount -t tmpfs -o size=1m none "$1/full" && cd "$1/full" && echo old >old'
mkdir full
if unshare -rm sh -c "$full" sh "$tmp" 2>/dev/null; then
    # shellcheck disable=SC2016
    unshare -rm sh -c "$full"' && { "$2" ../dir/source old; echo "status $?"; cat old; ls -A; }' \
        sh "$tmp" "$program" >out 2>&1
    sed -i 's/: No space left on device//' out
    [ "$(cat out)" = "12_copy_file: old (ENOSPC)
status 1
old
old" ] || { wrong "a full file system:" && cat out; }
else
    echo "no namespaces here: no disk is filled"
fi

# Interrupted in the middle: with --stop it goes no further than to the first window, and a signal that
# comes before that or after it takes effect at once. It runs in the foreground (background jobs of a
# script ignore SIGINT) and through a pipe: cat ends after the last process that is left.
for signal in INT TERM HUP KILL; do
    # shellcheck disable=SC2016
    sh -c '(until ls dir/.12_copy_file-* 2>/dev/null || ! kill -0 $$; do :; done
        kill -$1 $$; kill -CONT $$) & exec "$0" --stop dir/source dir/old' \
        "$program" $signal 2>&1 | cat >out
    grep -q "^dir/.12_copy_file-" out || wrong "SIG$signal: no copy was under way: $(cat out)"
    nothing_left "SIG$signal"
done
exit $status
