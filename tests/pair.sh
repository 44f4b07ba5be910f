#!/bin/sh
# 08_writer and 08_reader as people start them: with bad input, with something else at their meeting place, and
# interrupted. Each case has its status and its one line, and leaves nothing behind. Two that talk are
# 08_two_terminals' affair, a full disk is full.sh's.
#
#   pair.sh BUILD_DIR
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
export LC_ALL=C
build=$(cd "$1" && pwd)
mkdir -m 700 "$tmp/files" "$tmp/run" && cd "$tmp/files" || exit 99
export TMPDIR="$tmp/none" XDG_RUNTIME_DIR="$tmp/run"
place=$tmp/run/mmap-demos-$(id -u)

# expect STATUS PATTERN [ARGUMENT...]: of $program, whose output has one line (or the usage as well).
expect() {
    wanted=$1 pattern=$2
    shift 2
    timeout 20 "$build/pair/$program" "$@" >"$tmp/out" 2>&1 </dev/null
    seen=$?
    [ $seen -eq "$wanted" ] && head -n 1 "$tmp/out" | grep -q -e "^$program.*$pattern" && return
    echo "$program $*: status $seen, not $wanted, or its line does not match $pattern:" && cat "$tmp/out"
    status=1
}
# refused STATUS PATTERN NAME: because of what lies at NAME in the meeting place; it must stay, and is then removed.
state() {
    ls -l "$place/$1" && { [ ! -f "$place/$1" ] || cat "$place/$1"; }
}
refused() {
    before=$(state "$3")
    expect "$1" "$2"
    [ "$before" = "$(state "$3")" ] || { echo "$3 was changed" && status=1; }
    rm -r "${place:?}/$3"
}
nothing_left() {
    [ -z "$(find "$tmp/files" "$tmp/run" -mindepth 1)" ] || { ls -AR "$tmp/files" "$tmp/run" && status=1; }
}

for program in 08_writer 08_reader; do
    expect 2 "unknown option.* --bogus $" --bogus
    expect 2 "unknown option.* more $" more
    for number in many ' 5' -1 ''; do expect 2 "bad value: --count $number$" --count "$number"; done
    (XDG_RUNTIME_DIR=$(printf '/%01500d' 0) && expect 1 'is too long a name$' && exit $status) || status=1
    (XDG_RUNTIME_DIR='' && expect 99 '(ENOENT)$' && exit $status) || status=1

    # The meeting place must be a directory of one's own that is closed to others.
    ln -s "$tmp/files" "$place" && expect 99 '(E[A-Z]*)$' && rm "$place"
    echo precious >"$place" && expect 99 '(ENOTDIR)$' && grep -qx precious "$place" && rm "$place"
    mkdir -m 755 "$place" && touch "$place/x" && expect 1 'is open to others, not mode 0700$'
    chmod 700 "$place" && rm "$place/x"
    if chown 65533 "$place" 2>/dev/null; then expect 1 'belongs to somebody else$'; fi
    rm -rf "$place"

    # So must the file and the socket there be what these programs make.
    mkdir -m 700 "$place"
    ln -s /etc/passwd "$place/channel" && refused 99 '(ELOOP)$' channel
    mkdir "$place/channel" && refused 99 '(EISDIR)$' channel
    mkfifo "$place/channel" && refused 1 'something else than a channel$' channel
    echo precious >"$place/channel" && refused 1 'something else than a channel$' channel
    head -c 116 /dev/zero >"$place/channel" && refused 1 'something else than a channel$' channel
    echo precious >"$place/door" && refused 1 'something else than a channel$' door
    rm -r "$place"
    nothing_left

    # Interrupted while it waits, with an empty place and with what a power cut leaves. The end of its output is
    # also that of its janitor's work.
    for signal in INT TERM KILL; do
        [ $signal = INT ] || { mkdir -m 700 "$place" && touch "$place/channel"; }
        # shellcheck disable=SC2016
        { XDG_RUNTIME_DIR='' TMPDIR=$tmp/run sh -c 'echo $$ && exec "$0"' "$build/pair/$program" | {
            read -r pid && read -r line && kill -$signal "$pid" && cat
            case $line in "waiting for a "*" at $place (Ctrl-C ends)") ;; *) echo "$program says: $line" ;; esac
        } | grep . && status=1; } 2>/dev/null
        nothing_left
    done
done
exit $status
