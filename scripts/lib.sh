# shellcheck shell=sh
# Read by the other scripts: where things are, how demos are named, how they are set up and built.
unset CDPATH
me=$(basename "$0")
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1
build=${BUILD:-$root/build}
yes= # -y: install without asking

# What is said is Chinese where demos/zh/scripts.txt has it, pairs of lines as in demos/zh/common.txt. For awk:
# pairs(NAME) reads demos/zh/NAME.txt if the language is Chinese, zh(TEXT) is the Chinese of a text or the text
# itself, zh_check("ok 3 - TEXT (5.2-1)") that of a check.
pairs='
    function pairs(name,    file, line, english) {
        file = ENVIRON["MMAP_DEMO_ZH"] "/" name ".txt"
        while (ENVIRON["MMAP_DEMO_ZH"] && (getline line <file) > 0) {
            if (english != "") { chinese[english] = line; english = "" }
            else if (line !~ /^(#|$)/) english = line
        }
        close(file)
    }
    function zh(text) { return text in chinese ? chinese[text] : text }
    function zh_check(line,    head, tail) {
        if (match(line, / - /)) { head = substr(line, 1, RSTART + 2); line = substr(line, RSTART + 3) }
        if (match(line, / \([^()]*\)$/)) { tail = substr(line, RSTART); line = substr(line, 1, RSTART - 1) }
        return head zh(line) tail
    }'
# t FORMAT [ARGUMENT...]: prints a line
t() {
    format=$1 && shift
    [ ! "${MMAP_DEMO_ZH-}" ] || format=$(TEXT=$format awk "$pairs"'BEGIN { pairs("scripts"); print zh(ENVIRON["TEXT"]) }')
    # shellcheck disable=SC2059
    printf -- "$format\n" "$@"
}

# fail STATUS FORMAT [ARGUMENT...]
fail() {
    code=$1 && shift
    printf "%s: %s\n" "$me" "$(t "$@")" >&2
    exit "$code"
}

usage() {
    sed -n 's/^#   /usage: /p' "$0" | while IFS= read -r line; do t "$line"; done
    t "       --lang zh|en with any of them: Chinese or English, whatever the locale says"
}
bad_usage() {
    printf "%s: %s\n" "$me" "$(t "$@")" >&2
    usage >&2
    exit 2
}

# speak LANGUAGE: zh, en, or what MMAP_DEMO_LANG, which demos obey as well, or else the locale says
speak() {
    case ${1:-${MMAP_DEMO_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG-}}}}} in
    zh | zh*[Uu][Tt][Ff]-8* | zh*[Uu][Tt][Ff]8*) MMAP_DEMO_LANG=zh MMAP_DEMO_ZH=$root/demos/zh ;;
    *) MMAP_DEMO_LANG=en MMAP_DEMO_ZH='' ;;
    esac
    export MMAP_DEMO_LANG MMAP_DEMO_ZH
}
speak ''
# Elsewhere than in C [a-z] may lack a letter, and I be no capital i: so in Turkish.
case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
*[Uu][Tt][Ff]*8) export LC_ALL=C.UTF-8 ;;
*) export LC_ALL=C ;;
esac
# --lang is taken out of the arguments, wherever it stands.
n=$#
while [ "$n" -gt 0 ]; do
    if [ "$1" = --lang ]; then
        case ${2-} in zh | en) speak "$2" ;; *) bad_usage "--lang takes zh or en" ;; esac
        shift && n=$((n - 1))
    else
        set -- "$@" "$1"
    fi
    shift && n=$((n - 1))
done

# wrap [INDENT]: folds lines at words in a terminal that is narrower; a Chinese character takes two columns
columns=
[ ! -t 1 ] || columns=$(stty size </dev/tty | sed 's/.* //') 2>/dev/null
columns=${columns:-0}
wrap() {
    if [ "$columns" -lt 40 ]; then
        cat
        return
    fi
    LC_ALL=C awk -v columns="$columns" -v indent="${1-8}" '{
        while (1) {
            used = cut = 0
            for (i = 1; i <= length && !(cut && used > columns); i++) {
                c = substr($0, i, 1)
                if (i > indent && c ~ /[ \344-\351]/ && used <= columns) cut = i
                used += c ~ /[\343-\377]/ ? 2 : c !~ /[\200-\277]/
            }
            if (used <= columns || !cut) break
            print substr($0, 1, cut - 1)
            $0 = sprintf("%" indent "s", "") substr($0, cut + (substr($0, cut, 1) == " "))
        }
        print
    }'
}

# All demos, in the order of the notes.
demos() {
    sed -n 's/^  \([0-9][0-9]_[a-z0-9_]*\)$/\1/p' "$root/CMakeLists.txt" |
        while read -r name; do [ ! -f "$root/tests/expected/$name.txt" ] || echo "$name"; done
}

# list NAME...: a line each, with its question
list() {
    for name; do
        awk -v name="$name" "$pairs"'
            NR == 3 { sub(/^ \* [^ ]* - /, ""); pairs(name); printf "%-24s %s\n", name, zh($0); exit }' "$root/demos/$name.c"
    done | wrap 25
}

# resolve WORD: the demos that a word means, a line each: a name or a file, the number of a section (5, 05,
# 10.1, 5.2), the beginning or a part of just one name. If there are none or several, lists the near ones.
resolve() {
    word=$(basename "$1" .c | tr . _)
    demos | awk -v word="$word" '
        BEGIN { number = word ~ /^[0-9]+(_[0-9]+)?$/; n = split(word, part, "_") }
        $0 == word { exact = $0 }
        number && substr($0, 1, 2) + 0 == part[1] + 0 {
            section = section $0 "\n"
            if (n > 1 && index($0, sprintf("%02d_%d_", part[1], part[2])) == 1) inside = inside $0 "\n"
        }
        index($0, word) == 1 { begin = begin $0 "\n"; begins++ }
        index($0, word) { has = has $0 "\n"; hass++ }
        END {
            if (exact) print exact
            else if (number) printf "%s", inside ? inside : section
            else if (begins == 1 || hass == 1) printf "%s", begins == 1 ? begin : has
            exit !(exact || section || begins == 1 || hass == 1)
        }' && return
    case $word in
    08_writer | 08_reader) fail 2 "%s talks to a partner: start it by hand, as the head of demos/%s.c says" "$word" "$word" ;;
    esac
    near=$(demos | grep -i -e "$word" || demos | grep -i -e "$(printf '%s' "$word" | sed 's/^[0-9_]*//' | cut -c 1-3)" ||
        demos | grep "^0*$(printf '%s' "$word" | sed 's/^0*\([0-9]*\).*/\1/')_")
    # shellcheck disable=SC2046,SC2086
    list ${near:-$(demos)} >&2
    fail 2 "'%s' is no demo, or several: see those above" "$1"
}

# one_demo WORD: sets demo to the one that a word means
one_demo() {
    demo=$(resolve "$1") || exit
    # shellcheck disable=SC2086
    [ "$(echo "$demo" | wc -l)" -eq 1 ] || { list $demo >&2 && fail 2 "one demo at a time, please"; }
}

# say KEYWORD: what experiment $number of $demo says under it (tests/apply.sh)
# shellcheck disable=SC2154 # set by try and mend
say() {
    sh "$root/tests/apply.sh" "$demo" "$number" "-$1" | awk -v demo="$demo" "$pairs"'BEGIN { pairs("try/" demo) } { print zh($0) }'
}

# make_tmp DIR: sets tmp to a directory (in DIR) that is gone at the end
make_tmp() {
    tmp=
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 130' HUP INT PIPE TERM
    tmp=$(mktemp -d "$1/tmp.XXXXXX") || exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# What a demo needs besides its source: says how to install it; installs it if that is permitted.
install_tools() {
    echo 'int main(void) { return 0; }' | ${CC:-cc} -x c -o /dev/null - 2>/dev/null && has make && has cmake && has ctest && return
    [ ! "${CC-}" ] || has "${CC%% *}" || fail 1 "CC=%s: no such compiler" "$CC"
    command=
    while read -r tool text; do
        if [ ! "$command" ] && has "$tool"; then command=$text; fi
    done <<'END'
apt-get apt-get update && apt-get install -y gcc libc6-dev make cmake
dnf dnf install -y gcc make cmake
apk apk add gcc musl-dev make cmake
zypper zypper --non-interactive install gcc make cmake
pacman pacman -S --noconfirm gcc make cmake
END
    [ "$command" ] || fail 1 "a C compiler, make or CMake is missing: please install them"
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || fail 1 "a C compiler, make or CMake is missing; as root: %s" "$command"
        command="sudo sh -c '$command'"
        [ "$yes" ] || [ -t 0 ] || fail 1 "a C compiler, make or CMake is missing; run this, or again with -y: %s" "$command"
    fi
    if [ ! "$yes" ] && [ -t 0 ]; then
        printf '%s ' "$(t "A C compiler, make or CMake is missing. Run this now? %s [y/N]" "$command")" >&2
        read -r answer
        case $answer in y* | Y*) ;; *) fail 1 "not installed" ;; esac
    fi
    t "Installing: %s ..." "$command" >&2
    log=$(sh -c "$command" 2>&1) || fail 1 "cannot install (offline?): %s" "$(printf '%s' "$log" | tail -n 1)"
}

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

# set_up: what is missing is installed, the build directory configured
set_up() {
    [ -w "${TMPDIR:-/tmp}/." ] || fail 1 "cannot write to TMPDIR (%s): set it to a directory of your own" "${TMPDIR:-/tmp}"
    install_tools
    version=$(cmake --version | sed -n '1s/.* //p')
    [ "$(printf '3.20\n%s\n' "$version" | sort -V | head -n 1)" = 3.20 ] || fail 1 "CMake 3.20 is needed, this is %s" "$version"
    mkdir -p "$build" 2>/dev/null
    cache=$build/CMakeCache.txt
    # shellcheck disable=SC2012
    if ! [ -w "$build" ] || { [ -f "$cache" ] && ! [ -w "$cache" ]; }; then
        fail 1 "%s belongs to %s: sudo chown -R %s %s, or set BUILD to a directory of your own" "$build" \
            "$(ls -ld "$build" | awk '{ print $3 }')" "$(id -un)" "$build"
    fi
    if [ -f "$cache" ]; then
        [ "$(cached CMAKE_HOME_DIRECTORY)" = "$root" ] || fail 1 "%s was made elsewhere (%s): remove it" "$build" "$(cached CMAKE_HOME_DIRECTORY)"
        [ ! "${CC-}" ] || [ "$(command -v "${CC%% *}")" = "$(command -v "$(cached CMAKE_C_COMPILER)")" ] ||
            fail 1 "%s was made with %s, not with %s: remove it, or set BUILD" "$build" "$(cached CMAKE_C_COMPILER)" "$CC"
        [ ! "${CMAKE_GENERATOR-}" ] || [ "$CMAKE_GENERATOR" = "$(cached CMAKE_GENERATOR)" ] ||
            fail 1 "%s was made for %s, not for %s: remove it, or set BUILD" "$build" "$(cached CMAKE_GENERATOR)" "$CMAKE_GENERATOR"
        return
    fi
    t "Building in %s ..." "$build" >&2
    log=$(cmake -S "$root" -B "$build" 2>&1) || { echo "$log" >&2 && rm -f "$cache" && fail 1 "cmake failed"; }
}

# build_targets TARGET...: shows what the compiler says, and not what make says
build_targets() {
    log=$(cmake --build "$build" --parallel "$(getconf _NPROCESSORS_ONLN)" --target "$@" 2>&1)
    code=$?
    printf '%s\n' "$log" | grep -vE '^(\[[ 0-9]*(%|/)|g?make|--|Consolidate|Scanning|Built target|Building C|Linking C|ninja: (no work|Entering))|^$' >&2
    [ $code -eq 0 ] || fail 1 "it does not compile: see above"
}
