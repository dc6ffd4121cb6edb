#!/bin/bash
# memcached: a fixed conversation, a load, and an orderly end.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin memcached

# Every answer depends on the earlier requests alone. No stats: they count time and threads.
conversation() {
    local i
    for i in 1 2 3 4 5; do
        printf 'set key%d 0 0 6\r\nvalue%d\r\nget key%d\r\nadd key%d 0 0 1\r\nx\r\n' $i $i $i $i
        printf 'append key%d 0 0 2\r\n++\r\nget key%d key1 nothing\r\n' $i $i
    done
    printf 'set n 0 0 1\r\n7\r\nincr n 35\r\ndecr n 2\r\ndelete key3\r\nget key3\r\ntouch key1 100\r\nflush_all\r\nget key1\r\n'
    printf 'bogus\r\nquit\r\n'
}

# As root it must give its rights up, which is also what it does in real life.
user=$(id -un)
[ "$user" = root ] && getent passwd nobody >/dev/null && user=nobody

session() { # MODE
    local port
    rm -f port
    chmod 777 .
    export MEMCACHED_PORT_FILENAME=$PWD/port
    start "$1" memcached -u "$user" -l 127.0.0.1 -p -1 -t 4 2>errors
    wait_for grep -qs '^TCP' port || { echo "did not start: $(cat errors)" && return 1; }
    port=$(sed -n 's/^TCP INET: //p' port)
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    conversation >&3
    timeout 60 cat <&3
    exec 3>&-
    "$work/line_load" memcached "$port" 6 1 | sed 's/^[0-9]* answers/many answers/'
    kill -TERM $server
    stopped
}

build_load || exit 1
compare "memcached answers and ends as bare" 0 session
no_critical "memcached: no critical finding"
app_end
