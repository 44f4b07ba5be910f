#!/bin/sh
# 08_writer and 08_reader as their users start them: at their usual meeting place, with bad input, with
# something else in the place of the file, and interrupted. Each case has its status and its one line,
# and leaves nothing behind.
#
#   pair.sh BUILD_DIR
set -u
unset CDPATH
build=$(cd "$1" && pwd)
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
status=0
place=$tmp/place
mkdir -m 700 "$place" "$tmp/run"
export TMPDIR="$tmp/run" XDG_RUNTIME_DIR="$tmp/run"

# expect WHAT STATUS PATTERN PROGRAM [ARGUMENT...]
expect() {
    what=$1 wanted=$2 pattern=$3 program=$4
    shift 4
    "$build/$program" "$@" >"$tmp/out" 2>&1 </dev/null
    seen=$?
    [ $seen -eq "$wanted" ] && grep -q -e "$pattern" "$tmp/out" && return
    echo "$what ($program): status $seen instead of $wanted, or no line matches: $pattern"
    cat "$tmp/out"
    status=1
}
nothing_left() {
    for dir in "$place" "$tmp/run"; do
        [ -z "$(ls -A "$dir")" ] || { echo "$1: left behind: $(ls -AR "$dir")" && status=1; }
    done
}

for program in 08_writer 08_reader; do
    expect "help" 0 "^usage: $program" "$program" --help
    expect "unknown option" 2 "^$program: unknown option.*'--bogus'" "$program" --bogus
    expect "extra argument" 2 "^$program: unexpected argument 'more'" "$program" more
    expect "no number" 2 "^$program: not a number: 'many'" "$program" --count many
    expect "number behind a space" 2 "^$program: not a number: ' 5'" "$program" --count ' 5'
    expect "negative number" 2 "^$program: not a number: '-1'" "$program" --count -1
    expect "no directory" 99 "(ENOENT)$" "$program" --path "$place/none/channel"

    ln -s /etc/passwd "$place/link"
    expect "symbolic link" 1 "^$program: .*link: is a symbolic link$" "$program" --path "$place/link"
    rm "$place/link"
    mkdir "$place/dir"
    expect "directory" 99 "(EISDIR)$" "$program" --path "$place/dir"
    rmdir "$place/dir"
    mkfifo "$place/fifo"
    expect "fifo" 1 "fifo: is not a regular file$" "$program" --path "$place/fifo"
    rm "$place/fifo"
    echo "precious" >"$place/file"
    expect "wrong size" 1 "^$program: .*file: is no channel: wrong size$" "$program" --path "$place/file"
    grep -q precious "$place/file" || { echo "wrong size: the file was changed" && status=1; }
    rm "$place/file"
    "$build/08_writer" --path "$place/channel" >/dev/null 2>&1 &
    until [ -s "$place/channel" ]; do :; done # it exists from one moment to the next, and whole
    wc -c <"$place/channel" >"$tmp/size"
    kill $! && wait $! 2>/dev/null
    until [ ! -e "$place/channel" ]; do :; done # the janitor's work
    head -c "$(cat "$tmp/size")" /dev/zero >"$place/file"
    expect "wrong content" 1 "^$program: .*file: is no channel: wrong content$" "$program" --path "$place/file"
    if [ "$(id -u)" -eq 0 ]; then
        chown 65534 "$place/file"
        expect "somebody else's" 1 "file: belongs to somebody else$" "$program" --path "$place/file"
    else
        expect "somebody else's" 99 "(EACCES)$" "$program" --path /etc/passwd
    fi
    rm "$place/file"
    nothing_left "bad files"

    # The usual meeting place must be a directory of one's own.
    ln -s "$place" "$tmp/run/mmap-demos"
    expect "meeting place a link" 99 "mmap-demos: .*(E[A-Z]*)$" "$program"
    rm "$tmp/run/mmap-demos"
    mkdir -m 755 "$tmp/run/mmap-demos"
    expect "meeting place open" 1 "mmap-demos: is open to others" "$program"
    chmod 700 "$tmp/run/mmap-demos"
    if [ "$(id -u)" -eq 0 ]; then
        chown 65534 "$tmp/run/mmap-demos"
        expect "meeting place of another" 1 "mmap-demos: belongs to somebody else$" "$program"
    fi
    rmdir "$tmp/run/mmap-demos"

    # Interrupted while it waits for the other. It runs in the foreground (background jobs of a script
    # ignore SIGINT) and through a pipe: cat ends after the last process that is left.
    for signal in INT TERM KILL; do
        # shellcheck disable=SC2016
        sh -c '(until [ -e "$1/mmap-demos/channel" ]; do :; done; kill -$2 $$) & exec "$0"' \
            "$build/$program" "$tmp/run" $signal 2>/dev/null | cat >/dev/null
        nothing_left "$program, SIG$signal"
    done
done

# At the usual meeting place, with nothing said: the notes' conversation of six messages.
"$build/08_writer" --interval 0 >"$tmp/writer" 2>&1 &
expect "reader" 0 "^messages received: [0-9]*, each once and whole$" 08_reader
wait $! || { echo "writer: status $?" && cat "$tmp/writer" && status=1; }
grep -q "^messages sent: [0-9]*; the reader has had enough$" "$tmp/writer" || status=1
nothing_left "conversation"
exit $status
