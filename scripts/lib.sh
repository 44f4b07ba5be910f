# shellcheck shell=sh
# Read by the other scripts: where things are, how demos are named, how they are set up and built.
unset CDPATH
me=$(basename "$0")
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1
build=${BUILD:-$root/build}
yes= # -y: install without asking

# fail STATUS TEXT...
fail() {
    code=$1 && shift
    echo "$me: $*" >&2
    exit "$code"
}

usage() { sed -n 's/^#   /usage: /p' "$0"; }
bad_usage() {
    echo "$me: $*" >&2
    usage >&2
    exit 2
}

# All demos, in the order of the notes.
demos() {
    sed -n 's/^  \([0-9][0-9]_[a-z0-9_]*\)$/\1/p' "$root/CMakeLists.txt" |
        while read -r name; do [ ! -f "$root/tests/expected/$name.txt" ] || echo "$name"; done
}

# list NAME...: a line each, with its question
list() {
    for name; do
        printf '%-24s %s\n' "$name" "$(sed -n "3s/^ \* $name - //p" "$root/demos/$name.c")"
    done
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
    08_writer | 08_reader) fail 2 "$word talks to a partner: start it by hand, as the head of demos/$word.c says" ;;
    esac
    near=$(demos | grep -i -e "$word" || demos | grep -i -e "$(printf '%s' "$word" | sed 's/^[0-9_]*//' | cut -c 1-3)")
    # shellcheck disable=SC2046,SC2086
    list ${near:-$(demos)} >&2
    fail 2 "'$1' is no demo, or several: those above are near"
}

has() { command -v "$1" >/dev/null 2>&1; }

# What a demo needs besides its source: says how to install it; installs it if that is permitted.
install_tools() {
    echo 'int main(void) { return 0; }' | ${CC:-cc} -x c -o /dev/null - 2>/dev/null && has make && has cmake && has ctest && return
    [ ! "${CC-}" ] || has "${CC%% *}" || fail 1 "CC=$CC: no such compiler"
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
        has sudo || fail 1 "a C compiler, make or CMake is missing; as root: $command"
        command="sudo sh -c '$command'"
        [ "$yes" ] || [ -t 0 ] || fail 1 "a C compiler, make or CMake is missing; run this, or again with -y: $command"
    fi
    if [ ! "$yes" ] && [ -t 0 ]; then
        printf 'A C compiler, make or CMake is missing. Run this now? %s [y/N] ' "$command" >&2
        read -r answer
        case $answer in y* | Y*) ;; *) fail 1 "not installed" ;; esac
    fi
    echo "Installing: $command ..." >&2
    log=$(sh -c "$command" 2>&1) || fail 1 "cannot install (offline?): $(printf '%s' "$log" | tail -n 1)"
}

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

# set_up: what is missing is installed, the build directory configured
set_up() {
    [ -w "${TMPDIR:-/tmp}/." ] || fail 1 "cannot write to TMPDIR (${TMPDIR:-/tmp}): set it to a directory of your own"
    install_tools
    version=$(cmake --version | sed -n '1s/.* //p')
    [ "$(printf '3.20\n%s\n' "$version" | sort -V | head -n 1)" = 3.20 ] || fail 1 "CMake 3.20 is needed, this is $version"
    mkdir -p "$build" 2>/dev/null
    cache=$build/CMakeCache.txt
    # shellcheck disable=SC2012
    if ! [ -w "$build" ] || { [ -f "$cache" ] && ! [ -w "$cache" ]; }; then
        fail 1 "$build belongs to $(ls -ld "$build" | awk '{ print $3 }'): sudo chown -R $(id -un) $build, or set BUILD to a directory of your own"
    fi
    if [ -f "$cache" ]; then
        [ "$(cached CMAKE_HOME_DIRECTORY)" = "$root" ] || fail 1 "$build was made elsewhere ($(cached CMAKE_HOME_DIRECTORY)): remove it"
        [ ! "${CC-}" ] || [ "$(command -v "${CC%% *}")" = "$(command -v "$(cached CMAKE_C_COMPILER)")" ] ||
            fail 1 "$build was made with $(cached CMAKE_C_COMPILER), not with $CC: remove it, or set BUILD"
        [ ! "${CMAKE_GENERATOR-}" ] || [ "$CMAKE_GENERATOR" = "$(cached CMAKE_GENERATOR)" ] ||
            fail 1 "$build was made for $(cached CMAKE_GENERATOR), not for $CMAKE_GENERATOR: remove it, or set BUILD"
        return
    fi
    echo "Building in $build ..." >&2
    log=$(cmake -S "$root" -B "$build" 2>&1) || { echo "$log" >&2 && rm -f "$cache" && fail 1 "cmake failed"; }
}

# build_targets TARGET...: shows what the compiler says, and not what make says
build_targets() {
    log=$(cmake --build "$build" --parallel "$(getconf _NPROCESSORS_ONLN)" --target "$@" 2>&1)
    code=$?
    printf '%s\n' "$log" | grep -vE '^(\[[ 0-9]*(%|/)|g?make|--|Consolidate|Scanning|ninja: (no work|Entering))|^$' >&2
    [ $code -eq 0 ] || fail 1 "it does not compile: see above"
}
