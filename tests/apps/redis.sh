#!/bin/bash
# redis-server: commands with a fixed answer, its own benchmark, a snapshot by a forked child, an orderly end.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin redis-server redis-cli redis-benchmark

conversation() {
    local i
    for i in 1 2 3 4 5 6; do
        echo "SET key$i value$i"
        echo "RPUSH list $i"
        echo "ZADD ranks $((i * 7 % 5)) member$i"
    done
    echo "INCRBY n 41"
    echo "LRANGE list 0 -1"
    echo "ZRANGE ranks 0 -1 WITHSCORES"
    echo "EVAL 'return redis.call(\"GET\", KEYS[1])' 1 key4"
    echo "DEL key1 key2"
    echo "DBSIZE"
    echo "NOSUCH command"
}

saved() { redis-cli -s socket INFO persistence | grep -q 'rdb_bgsave_in_progress:0'; }

session() { # MODE
    start "$1" redis-server --port 0 --unixsocket "$PWD/socket" --dir "$PWD" --save '' --io-threads 2 >log 2>&1
    wait_for redis-cli -s socket PING >/dev/null 2>&1 || { cat log && return 1; }
    conversation | redis-cli -s socket
    redis-benchmark -s socket -q -n 4000 -c 10 -t set,get,lpush >/dev/null && echo "benchmark done"
    redis-cli -s socket BGSAVE
    wait_for saved && redis-cli -s socket INFO persistence | tr -d '\r' | grep rdb_last_bgsave_status
    redis-cli -s socket SHUTDOWN NOSAVE
    stopped
}

compare "redis-server answers and ends as bare" 0 session
no_critical "redis-server: no critical finding"
remove_traces
export RECORD=heap=exact
compare "redis-server answers and ends as bare, heap=exact" 0 session
no_critical "redis-server: no critical finding, heap=exact"
app_end
