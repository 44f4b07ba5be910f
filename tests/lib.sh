# shellcheck shell=sh disable=SC2034
# Read by the other scripts of this directory. Sets here, status, and tmp: a directory that is gone at the end; in
# $within if that is set, since a temporary directory may not allow programs to be run.
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
status=0 tmp=
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tmp=$(mktemp -d ${within:+"$within/test.XXXXXX"}) || exit 99
wrong() { echo "$*" && status=1; }

# flat: with a letter for each column that a character takes
flat() { LC_ALL=C sed -e 's/[\xE3-\xEF][\x80-\xBF][\x80-\xBF]/xx/g' -e 's/[\xC0-\xDF][\x80-\xBF]/x/g' -e 's/[\xE0-\xE2][\x80-\xBF][\x80-\xBF]/x/g'; }
