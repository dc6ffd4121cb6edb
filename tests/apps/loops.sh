#!/bin/bash
# Event loops of libraries and servers are found by themselves, and named; the percentiles of their ticks agree with what
# the programs measure themselves.
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
PATH=$PATH:/usr/sbin
app_begin jq

# The loops of a trace, one a line: call, place, what it serves, ticks, percentiles 50 and 95.
loops() { # TRACE...
    "$BUILD/kiwi" show ticks --format=json "$@" |
        jq -r '.processes[].loops[] | [.call, .site, .ticks, .duration.p50_ns // 0, .duration.p95_ns // 0] | @tsv'
}

within() { # PERCENT VALUE FROM TO
    awk -v percent="$1" -v v="$2" -v from="$3" -v to="$4" \
        'BEGIN { exit !(v >= from * (1 - percent / 100) && v <= to * (1 + percent / 100)) }'
}

# Complains unless the trace has a loop in main whose percentiles are those that the program printed.
agrees() { # NAME
    local name=$1 p50 p95 call site ticks k50 k95
    read -ra p50 <"$work/$name.out"
    p95=("${p50[@]:4:2}")
    p50=("${p50[@]:1:2}")
    IFS=$'\t' read -r call site ticks k50 k95 < <(loops "$work/kiwi/trace.$name" | grep -P "\t\w+ $name\.c:\d+\t")
    [ -n "$call" ] || { echo "no loop at a place of $name.c" && loops "$work/kiwi/trace.$name" && return; }
    [ "$ticks" -ge 2300 ] || echo "$call loop at $site: only $ticks ticks"
    within 5 "$k50" "${p50[@]}" || echo "percentile 50: $k50, the program measured ${p50[*]}"
    within 5 "$k95" "${p95[@]}" || echo "percentile 95: $k95, the program measured ${p95[*]}"
}

# Up to three times: where the machine is busy, a thread may stand still between two measurements.
timed() { # NAME
    local try complaint
    for try in 1 2 3; do
        rm -f "$work/kiwi/trace.$1"
        LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$work/kiwi/trace.$1 "$work/$1" >"$work/$1.out"
        complaint=$(agrees "$1")
        [ -n "$complaint" ] || return
        echo "try $try: $complaint"
    done
    false
}

library() { # NAME HEADER FLAG...
    local name=$1 header=$2 complaints title="a loop of $1.c is found, named and timed"
    shift 2
    if ! echo "#include <$header>" | "${CC:-gcc}" -E "$@" - >/dev/null 2>&1; then
        echo "ok - $title # SKIP $header is not installed"
        return
    fi
    "${CC:-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -pthread -o "$work/$name" "$APPS/loops/$name.c" "$@" || exit 1
    if complaints=$(timed "$name"); then
        complaints=
    fi
    result "$title" "$complaints"
}

# Complains unless one of the loops has that call and served that often.
has_loop() { # NAME CALL TICKS
    loops "$work"/kiwi/trace."$1".* | awk -F'\t' -v call="$2" -v ticks="$3" '
        { print; if ($1 == call && $3 >= ticks) found = 1 }
        END { exit !found }' >"$work/loops" || cat "$work/loops"
}

needs() { # TITLE COMMAND...
    local title=$1 command
    shift
    for command in "$@"; do
        command -v "$command" >/dev/null && continue
        echo "ok - $title # SKIP $command is not installed"
        return 1
    done
}

redis() {
    local title="the loop of redis is found"
    needs "$title" redis-server redis-benchmark || return
    cd "$work" || exit 1
    start kiwi redis-server --port 0 --unixsocket "$work/socket" --save '' --dir "$work" >"$work/log" 2>&1
    wait_for redis-cli -s socket PING >/dev/null 2>&1
    redis-benchmark -s socket -q -n 2000 -c 4 -t get >/dev/null 2>&1
    redis-cli -s socket SHUTDOWN NOSAVE >/dev/null 2>&1
    stopped
    rename_traces redis
    result "$title" "$(has_loop redis epoll_wait 400)"
}

# start names them by process alone.
rename_traces() { # NAME
    local trace
    for trace in "$work"/kiwi/trace.[0-9]*; do
        mv "$trace" "$work/kiwi/trace.$1.${trace##*.}"
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

nginx_asked() { # TIMES PORT: over one connection
    python3 - "$@" <<'CLIENT'
import socket, sys
times, port = map(int, sys.argv[1:])
client = socket.create_connection(("127.0.0.1", port), timeout=30)
for _ in range(times):
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while not answer.endswith(b"end\n"):
        piece = client.recv(4096)
        answer += piece or sys.exit(1)
CLIENT
}

nginx_once() {
    local title="the loop of nginx is found" port
    needs "$title" nginx python3 || return
    port=$(free_port)
    mkdir "$work/nginx"
    chmod 777 "$work/nginx" "$work/kiwi"
    printf '%s\n' "daemon off; pid $work/nginx/pid; error_log $work/nginx/log; worker_processes 1;" \
        "events { worker_connections 64; } http { access_log off; client_body_temp_path $work/nginx/b;" \
        "proxy_temp_path $work/nginx/p; fastcgi_temp_path $work/nginx/f; uwsgi_temp_path $work/nginx/u;" \
        "scgi_temp_path $work/nginx/s; keepalive_requests 10000;" \
        "server { listen 127.0.0.1:$port; location / { return 200 \"begin\\nend\\n\"; } } }" >"$work/nginx/conf"
    start kiwi nginx -p "$work/nginx" -c "$work/nginx/conf" 2>"$work/nginx/said"
    wait_for nginx_asked 1 "$port" >/dev/null 2>&1
    nginx_asked 500 "$port"
    kill -QUIT "$server"
    stopped
    rename_traces nginx
    result "$title" "$(has_loop nginx epoll_wait 400)"
}

library uv uv.h -luv
library event event2/event.h -levent_core
library ev ev.h -lev
# shellcheck disable=SC2046 # words
library glib glib-unix.h $(pkg-config --cflags --libs glib-2.0 2>/dev/null)
redis
nginx_once
app_end
