#!/bin/sh
# Tests transcript.sh: a good run of a make-believe demo must pass, and every kind of bad run must fail,
# with a message that shows the difference and the command that renews the expectation.
#
#   transcript_test.sh BUILD_DIR
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d "$1/transcript.XXXXXX") || exit 99
mkdir "$tmp/tests"
status=0

# The make-believe demo prints the file "run", then ends with the status in the file "status".
cat >"$tmp/demo" <<'END'
#!/bin/sh
cat "$(dirname "$0")/run"
cat "$(dirname "$0")/stderr" >&2
exit "$(cat "$(dirname "$0")/status")"
END
printf '#!/bin/sh\necho "needs a reason"\n' >"$tmp/tests/environment"
echo demo >"$tmp/demos.txt"
chmod +x "$tmp/demo" "$tmp/tests/environment"
cat >"$tmp/demo.txt" <<'END'
TAP version 14
# demo: a question?
1..3
# Step 1. Something happens.
#   ...
ok 1 - the first
ok 2 - the second
ok 3 - the third
END

# expect WHAT pass|fail [PATTERN...]: a run that is the good one, changed by the sed script on stdin.
expect() {
    what=$1 wanted=$2
    shift 2
    cat >"$tmp/script"
    sed 's/^#   .*/#   evidence 0x7f/' "$tmp/demo.txt" | sed -f "$tmp/script" >"$tmp/run"
    seen=fail
    if EXPECTED_DIR=$tmp sh "$here/transcript.sh" "$tmp/demo" >"$tmp/out" 2>&1; then seen=pass; fi
    [ $seen = "$wanted" ] || { echo "$what: $seen instead of $wanted" && cat "$tmp/out" && status=1; }
    for pattern; do
        grep -q -e "$pattern" "$tmp/out" ||
            { echo "$what: no line matches $pattern" && cat "$tmp/out" && status=1; }
    done
    echo 0 >"$tmp/status"
    : >"$tmp/stderr"
}
echo 0 >"$tmp/status"
: >"$tmp/stderr"

expect "good run" pass </dev/null
expect "explained skip" pass <<'END'
s/the second/& # SKIP needs a reason/
END
echo 1 >"$tmp/status"
expect "wrong status" fail "exit status 1 instead of 0" </dev/null
echo "a warning" >"$tmp/stderr"
expect "noise on stderr" fail "a warning" </dev/null
expect "unexplained skip" fail "nothing here explains: needs luck" <<'END'
s/the second/& # SKIP needs luck/
END
expect "missing line" fail "expected  ok 2 - the second" "planned 3 checks, but 2 ran" <<'END'
/the second/d
END
expect "missing evidence" fail "expected  #   \.\.\." <<'END'
/^#   /d
END
expect "extra line" fail "printed   # more" <<'END'
$a\
# more
END
expect "swapped lines" fail "expected  ok 1 - the first" "printed   ok 2 - the second" <<'END'
/the first/{
h
d
}
/the second/G
END
expect "another text" fail "printed   ok 2 - the next" "renew the expectation: .* --renew " <<'END'
s/second/next/
END
expect "failed check" fail "printed   not ok 2 - the second" <<'END'
s/^ok 2/not ok 2/
END
expect "plan too long" fail "planned 4 checks, but 3 ran" <<'END'
s/^1..3/1..4/
END
expect "plan at the end" fail "the plan must come once, and first" <<'END'
/^1..3/{
h
d
}
$G
END
expect "no plan" fail "the plan must come once, and first" <<'END'
/^1..3/d
END
expect "wrong number" fail "check 4 where 2 is due" <<'END'
s/^ok 2/ok 4/
END
expect "bail out" fail <<'END'
s/^ok 3.*/Bail out! no space/
END
expect "no output" fail "the plan must come once" <<'END'
d
END

# Renewal: from a good run it writes the expectation, from a bad one it does not touch it.
sed 's/the second/the renewed/' "$tmp/demo.txt" >"$tmp/run"
EXPECTED_DIR=$tmp sh "$here/transcript.sh" --renew "$tmp/demo" >/dev/null
grep -q renewed "$tmp/demo.txt" || { echo "a good run does not renew" && status=1; }
sed 's/^ok 2 - the renewed/not ok 2 - bad/' "$tmp/demo.txt" >"$tmp/run"
if EXPECTED_DIR=$tmp sh "$here/transcript.sh" --renew "$tmp/demo" >/dev/null 2>&1; then status=1; fi
if grep -q bad "$tmp/demo.txt"; then echo "a bad run has become the model" && status=1; fi
exit $status
