#!/bin/bash
# make install into a staging root: everything is where distributions expect it, an annotated program builds through
# pkg-config and runs with and without the library, the installed kiwi records and reports, uninstall leaves nothing.
set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit 1
stage=$(mktemp -d) || exit 1
trap 'rm -rf $(find "$stage" -lname "/dev/shm/kiwi-*" -printf "%l ") "$stage"' EXIT
root=$stage/usr
log=$stage/log

result() { # STATUS TITLE
    if [ "$1" = 0 ]; then
        echo "ok - $2"
    else
        echo "not ok - $2"
        sed 's/^/# /' "$log" | tail -n 15
    fi
}
try() { # TITLE COMMAND...
    local title=$1
    shift
    "$@" >"$log" 2>&1
    result $? "$title"
}

installed_files() {
    local file missing=0
    for file in bin/kiwi lib/libkiwi.so lib/pkgconfig/kiwi.pc; do
        [ -s "$root/$file" ] || { echo "$file is missing" && missing=1; }
    done
    for file in interpose/kiwi*.h; do
        cmp "$file" "$root/include/$(basename "$file")" || missing=1
    done
    for file in docs/man/*.1; do
        cmp "$file" "$root/share/man/man1/$(basename "$file")" || missing=1
    done
    return $missing
}

build_annotated() {
    cat >"$stage/program.c" <<'PROGRAM'
#include <pthread.h>
#include <stdio.h>
#if __has_include(<kiwi.h>)
#include <kiwi.h>
#endif
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int main(void)
{
    pthread_mutex_lock(&lock);
    puts("fine");
    pthread_mutex_unlock(&lock);
    return 3;
}
PROGRAM
    local flags
    flags=$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --define-variable=prefix="$root" --cflags --libs kiwi) || return 1
    gcc -Wall -Wextra -Werror "$stage/program.c" -o "$stage/program" $flags
}

runs_with_status_3() { # COMMAND...
    local output
    output=$("$@")
    if [ $? != 3 ] || [ "$output" != fine ]; then
        echo "said '$output'"
        return 1
    fi
}

reports() {
    local traces=("$stage"/*.trace)
    [ ${#traces[@]} -gt 0 ] || { echo "no trace was recorded" && return 1; }
    "$root/bin/kiwi" report "${traces[@]}" && echo "silent program" # nothing to find: status 0
}

nothing_left() {
    local left
    left=$(find "$root" ! -type d)
    if [ -n "$left" ]; then
        echo "$left"
        return 1
    fi
}

try "make install works" make --no-print-directory install PREFIX=/usr DESTDIR="$stage"
try "everything is in its place" installed_files
try "a program builds through pkg-config" build_annotated
try "it runs without the library" runs_with_status_3 "$stage/program"
try "it runs under the library" runs_with_status_3 env LD_PRELOAD="$root/lib/libkiwi.so" \
    KIWI_OPTIONS="out=$stage/%e.%p.trace" "$stage/program"
try "the installed kiwi runs it" runs_with_status_3 "$root/bin/kiwi" run --out="$stage/run.%p.trace" -- "$stage/program"
try "the installed kiwi reports on it" reports
try "make uninstall works" make --no-print-directory uninstall PREFIX=/usr DESTDIR="$stage"
try "nothing is left" nothing_left
