#!/bin/sh
# The notes' own programs (tests/notes, to the letter), compiled and run: what they print is held against what the
# notes promise, where their sleeps happen to be long enough, and where they are not. Each runs in a directory of
# its own; only /tmp/shared_mmap.txt is made a relative path. "# claim N": row N of claims.tsv rests on this.
#
#   notes.sh BUILD_DIR CC
within=$(cd "$1" && pwd) cc=$2
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 99
# shellcheck disable=SC3045 # where it is not known there may be a core file, which is removed
ulimit -c 0 2>/dev/null

# NAME, and NAME_late: the same where a new child gets no CPU for two seconds, as on a busy machine.
printf '%s\n' '#include <unistd.h>' 'pid_t __real_fork(void);' 'pid_t __wrap_fork(void) {' \
    'pid_t pid = __real_fork();' 'if (pid == 0) sleep(2);' 'return pid; }' >late.c
for name in 7_4 8_4_writer 8_4_reader 11_2 12_1 12_2_writer 12_2_reader 12_3; do
    sed 's,/tmp/shared_mmap,shared_mmap,' "$here/notes/$name.c" >$name.c
    "$cc" -w -include stdlib.h -o $name $name.c || exit 1
    "$cc" -w -include stdlib.h -Wl,--wrap=fork -o ${name}_late $name.c late.c || exit 1
done

# run DIR PROGRAM [SECONDS]: its lines, sorted (their order is the libc's affair), and how it ends: DIR-PROGRAM
run() {
    mkdir -p "$1"
    { (cd "$1" && timeout -k 1 "${3-20}" "$tmp/$2" 2>&1; echo "status $?") 2>/dev/null; } |
        sed -e 's/0x[0-9a-f]*/ADDRESS/' -e '/Segmentation fault/d' | LC_ALL=C sort -u >"$1-$2"
}
# A writer and, when its first message is there, a reader; or the reader, which ends at once, and then the writer.
writer_first() {
    run "$1" "$2_writer" &
    until grep -q Message "$1/shared_mmap.txt" 2>/dev/null || ! kill -0 $! 2>/dev/null; do :; done
    run "$1" "$2_reader"
    wait $!
}
reader_first() {
    run "$1" "$2_reader"
    run "$1" "$2_writer" 5
}
# expect FILE LINE...: it has just these lines.
expect() {
    file=$1
    shift
    printf '%s\n' "$@" | LC_ALL=C sort -u | diff - "$file" >difference || { wrong "$file:" && cat difference; }
}
messages() { for n in 0 1 2 3 4 5; do echo "$1Message $n from writer"; done; }

attempt() (
    mkdir "$1" && cd "$1" && mkdir -p broken/shared.txt old && yes text | head -n 1000 >old/mmap.txt
    status=0
    for name in 7_4 7_4_late 12_1 12_1_late 12_3 12_3_late; do run $name $name & done
    run broken 7_4 &
    run old 11_2 &
    for section in 8_4 12_2; do
        writer_first $section $section &
        reader_first ${section}_early $section &
    done
    wait

    # claim 7.4-1, 12.1: sleep(1) is long enough as a rule; not for a child that starts late; and open() may fail.
    expect 7_4-7_4 "子进程写入: Hello from child" "父进程读取: Hello from child" \
        "父进程修改后: Hello from child Modified by parent!" "status 0"
    expect 7_4_late-7_4_late "子进程写入: Hello from child" "父进程读取: " "父进程修改后:  Modified by parent!" "status 0"
    expect 12_1-12_1 "子进程写入: Hello from child" "父进程读取: Hello from child" "status 0"
    expect 12_1_late-12_1_late "子进程写入: Hello from child" "父进程读取: " "status 0"
    expect broken-7_4 "status 139" # SIGSEGV

    # claim 8.4-1, 12.2: the writer first. A reader that comes first ends, and then the writer never does.
    where="进程：虚拟地址 = ADDRESS"
    expect 8_4-8_4_writer "写入$where" "$(messages "写入进程发送: ")" "status 0"
    expect 8_4-8_4_reader "读取$where" "$(messages 收到数据：)" "检测到 Message 5，发送退出信号" "status 0"
    expect 12_2-12_2_writer "$(messages "写入: ")" "status 0"
    expect 12_2-12_2_reader "$(messages "收到: ")" "status 0"
    for section in 8_4 12_2; do
        expect ${section}_early-${section}_reader "open error: No such file or directory" "status 1"
        grep -qx "status 124" ${section}_early-${section}_writer || wrong "${section}_writer ends by itself" # timeout(1)
    done

    # claim 11.2-1: of a longer file that was there nothing is left.
    expect old-11_2 "写入的内容: Hello, mmap!" "status 0"
    { printf 'Hello, mmap!' && head -c 4084 /dev/zero; } | cmp - old/mmap.txt || wrong "11_2: another file"

    # claim 12.3-1: with <stdlib.h>, and MAP_ANONYMOUS (which glibc does not declare with -std=c11), it works.
    what="虚拟地址 = ADDRESS, 内容 = "
    expect 12_3-12_3 "父进程：${what}Hello MMAP_ANONYMOUS!!" "子进程：${what}Hello MMAP_ANONYMOUS!!" \
        "子进程写入后：Child modified" "父进程读取：Child modified" "父进程写入后：Parent modified" "status 0"
    expect 12_3_late-12_3_late "父进程：${what}Hello MMAP_ANONYMOUS!!" "子进程：${what}Parent modified" \
        "子进程写入后：Child modified" "父进程读取：Hello MMAP_ANONYMOUS!!" "父进程写入后：Parent modified" "status 0"
    case $("$cc" ../12_3.c -o as_it_is 2>&1) in *exit*) ;; *) wrong "12_3: exit() is declared" ;; esac
    case $("$cc" -std=c11 -w -include stdlib.h ../12_3.c -o c11 2>&1) in
    '' | *MAP_ANONYMOUS*) ;;
    *) wrong "12_3: something else is missing with -std=c11" ;;
    esac
    exit $status
)

# On a machine that is too busy for the notes' sleeps: once more.
attempt first >said || attempt second
