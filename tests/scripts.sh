#!/bin/sh
# What a user gets who types rightly and wrongly: scripts/run, try, mend, test.
#
#   BUILD=DIR scripts.sh
within=$BUILD
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$here/.." || exit 99
export MEND="$tmp/mend" MMAP_DEMO_LANG=en
# says STATUS PATTERN COMMAND...: it ends with this status and prints, also on stderr, a line that matches
says() {
    wanted=$1 pattern=$2
    shift 2
    out=$("$@" 2>&1 </dev/null)
    seen=$?
    [ $seen -eq "$wanted" ] && printf '%s\n' "$out" | grep -q -e "$pattern" && return
    wrong "$*: status $seen, not $wanted, or no line matches $pattern: $out"
}
says 0 '^1 demos: [0-9]* checks hold, 0 failed' scripts/run 05_cow_after_fork
says 0 '^05_cow_after_fork ' scripts/run --list 05_cow_after
says 0 '^    scripts/run 10_1_cut_file' scripts/run sigbus
says 0 'O_RDONLY with MAP_SHARED' scripts/run "EACCES from"
says 0 '^  shown by:   05_cow_after_fork: ok' scripts/run --why 5.2-1
says 2 'the notes have no statement 99.9' scripts/run --why 99.9
says 0 '^  Who\|^  Which\|^  Whose' scripts/run --questions 05_cow_after_fork
says 0 '^    ok 9 - ' scripts/run --answers 05_cow_after_fork
says 2 "^05_cow_anonymous " scripts/run cow
says 2 "^run: 'nonesuch' is no demo" scripts/run nonesuch
says 2 "^run: 08_writer talks to a partner" scripts/run 08_writer
says 2 "^usage: scripts/run" scripts/run --bogus
says 2 "^run: --from takes" scripts/run --step --from x 05
says 0 '^1\. ' scripts/try 05_cow_after
says 0 '^Why: ' scripts/try 05_cow_after 1
says 2 "^try: 05_cow_after_fork has no experiment" scripts/try 05_cow_after 99
says 2 "^try: which demo" scripts/try
says 2 "^page: unexpected argument" scripts/page 05
says 1 "^not ok " scripts/mend 05_cow_after_fork
says 0 "^Look at step" scripts/mend --hint 05_cow_after_fork
says 0 "^Look at line" scripts/mend --hint 05_cow_after_fork
says 0 "^The change was" scripts/mend --solution 05_cow_after_fork
cp demos/05_cow_after_fork.c "$MEND/05_cow_after_fork/"
says 0 "^All checks hold: mended" scripts/mend 05_cow_after_fork
says 2 "^mend: you have no broken copy" scripts/mend --hint 05_cow_after_fork
says 0 "^usage: scripts/test" scripts/test --help
says 2 "^test: 'nonesuch' is no demo" scripts/test nonesuch
says 0 "demo.05_last_owner" scripts/test 05 -N
# A failure's message, of a CTest that only writes such a file.
mkdir "$tmp/bin" && cat >"$tmp/bin/ctest" <<'END'
#!/bin/sh
for file; do :; done
printf '\t\t<failure message=""/>\n\t\t<system-out>not ok 1 - a "text"\nmore</system-out>\n' >"$file"
exit 8
END
chmod +x "$tmp/bin/ctest"
says 8 '' env PATH="$tmp/bin:$PATH" scripts/test 05 --output-junit "$tmp/junit"
grep -q '<failure message="not ok 1 - a &quot;text&quot;"/>' "$tmp/junit" || wrong "$(cat "$tmp/junit")"

# In Chinese, by the option and by the locale; --lang en overrules it.
says 0 '^1 个演示程序：[0-9]* 项检查成立' scripts/run --lang zh 05_cow_after_fork
says 0 '^05_cow_after_fork  *fork() 之后，' scripts/run 05_cow_after --list --lang zh
says 0 '^  判定：    有误' scripts/run --why 5.2-1 --lang zh
says 0 '^  检查：    05_cow_after_fork: ok 2 - 在 Linux 上' scripts/run --why 5.2-1 --lang zh
says 0 '^  fork() 之后，' scripts/run --lang zh --questions 05_cow_after_fork
says 0 '^    ok 9 - 首次写入' scripts/run --lang zh --answers 05_cow_after_fork
says 0 '13_sealed: ok 7 - ' scripts/run --lang zh 密封
says 2 '^run: --lang 的值' env -u MMAP_DEMO_LANG LC_ALL= LANG=zh_CN.UTF-8 scripts/run --lang fr
says 2 '^用法：scripts/run' env -u MMAP_DEMO_LANG LC_ALL= LC_MESSAGES=zh_TW.utf8 scripts/run --bogus
says 2 '^usage: scripts/run' env -u MMAP_DEMO_LANG LC_ALL=zh_CN.GB18030 scripts/run --bogus
says 2 '^usage: scripts/run' env LC_ALL=zh_CN.UTF-8 scripts/run --lang en --bogus
says 0 '^  不成立：7 - 进程' scripts/try 05_cow_after 1 --lang zh
says 1 '^not ok 4 - 从未' scripts/mend --lang zh 05_cow_after_fork
says 0 '^请看第 ' scripts/mend --hint 05_cow_after_fork --lang zh
says 0 '^用法：scripts/test' scripts/test --help --lang zh
exit $status
