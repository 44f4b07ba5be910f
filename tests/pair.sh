#!/bin/sh
# 08_writer and 08_reader as people start them: at their usual meeting place, with bad input, with something
# else in the place of the file, and interrupted. Each case has its status and its one line, and leaves nothing
# behind. Two that talk are 08_two_terminals' affair, a full disk is full.sh's.
#
#   pair.sh BUILD_DIR
set -u
export LC_ALL=C
build=$(cd "$1" && pwd)
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d) || exit 99
mkdir -m 700 "$tmp/files" "$tmp/run" && cd "$tmp/files" || exit 99
status=0
export TMPDIR="$tmp/none" XDG_RUNTIME_DIR="$tmp/run"
place=$tmp/run/mmap-demos-$(id -u)

# expect STATUS PATTERN [ARGUMENT...]: of $program, whose output has one line (or the usage as well).
expect() {
    wanted=$1 pattern=$2
    shift 2
    timeout 20 "$build/$program" "$@" >"$tmp/out" 2>&1 </dev/null
    seen=$?
    [ $seen -eq "$wanted" ] && head -n 1 "$tmp/out" | grep -q -e "^$program.*$pattern" && return
    echo "$program $*: status $seen, not $wanted, or its line does not match $pattern:" && cat "$tmp/out"
    status=1
}
nothing_left() {
    [ -z "$(find "$tmp/files" "$tmp/run" -mindepth 1)" ] || { ls -AR "$tmp/files" "$tmp/run" && status=1; }
}

for program in 08_writer 08_reader; do
    expect 2 "unknown option.* --bogus $" --bogus
    expect 2 "unknown option.* more $" more
    for number in many ' 5' -1 ''; do expect 2 "bad value: --count $number$" --count "$number"; done
    expect 99 '(ENOENT)$' --path none/channel
    expect 1 'is too long a name$' --path "$(printf '%01500d' 0)"
    "$build/$program" --help | grep -q "^usage: $program " || { echo "$program --help" && status=1; }

    # Something else in the place of the file is refused, and stays as it is.
    ln -s /etc/passwd link && expect 1 'link: is a symbolic link$' --path link
    mkdir dir && expect 99 '(EISDIR)$' --path dir
    mkfifo fifo && expect 1 'fifo: is something else than a channel$' --path fifo
    echo precious | tee file >other
    expect 1 'file: is something else than a channel$' --path file
    head -c 232 /dev/zero >zeros && expect 1 'zeros: is something else than a channel$' --path zeros
    echo precious >new.door && expect 1 'new: there is something else at FILE.door$' --path new
    # shellcheck disable=SC2015
    grep -qx precious new.door && cmp -s file other || { echo "a foreign file was changed" && status=1; }
    if chown 65533 file 2>/dev/null; then expect 1 'file: belongs to somebody else$' --path file; fi
    [ -w /etc/passwd ] || expect 99 '(EACCES)$' --path /etc/passwd
    rm -r link dir fifo file other zeros new.door

    # The usual meeting place must be a directory of one's own that is closed to others.
    ln -s "$tmp/files" "$place" && expect 99 '(E[A-Z]*)$' && rm "$place"
    mkdir -m 755 "$place" && expect 1 'its directory is open to others, not mode 0700$' && rmdir "$place"
    mkdir -m 700 "$place"
    if chown 65533 "$place" 2>/dev/null; then expect 1 'its directory belongs to somebody else$'; fi
    rmdir "$place"
    (XDG_RUNTIME_DIR='' && expect 99 '(ENOENT)$' && exit $status) || status=1
    nothing_left

    # Interrupted while it waits. The end of its output is also that of its janitor's work.
    for signal in INT TERM KILL; do
        # shellcheck disable=SC2016
        { XDG_RUNTIME_DIR='' TMPDIR=$tmp/run sh -c 'echo $$ && exec "$0"' "$build/$program" | {
            read -r pid && read -r line && kill -$signal "$pid" && cat
            case $line in "waiting for a "*" at $place/channel (Ctrl-C ends)") ;; *) echo "$program says: $line" ;; esac
        } | grep . && status=1; } 2>/dev/null
        nothing_left
    done
done
exit $status
