#!/bin/bash
# smoke.sh - every benchmark scenario runs, a batch or two each, bare and under the preloads. Judges no time.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${KIWI_BUILD:-$PWD/build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $(readlink -m "$scratch"/*.trace*) "$scratch"' EXIT # traces may lie in memory, behind a link
failures=0

# Prints the case's line; what the command said goes with it if it failed.
check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/# /' "$scratch/log"
        failures=$((failures + 1))
    fi
}

skip() { # NAME WHY
    echo "ok - $1 # SKIP $2"
}

under() { # PRELOAD COMMAND...
    local preload=$1
    shift
    LD_PRELOAD=$preload KIWI_OPTIONS="out=$scratch/%p.trace" timeout 60 "$@" </dev/null
}

measures() { # PRELOAD SCENARIO...
    local preload=$1 printed
    shift
    printed=$(under "$preload" "$build/bench/bench" "$@" --ms=1 --batches=2) || return 1
    echo "$printed"
    grep -qE '^(wall_ns=[0-9.]+ .*ops=[1-9]|ready$)' <<<"$printed"
}

depth_is() { # DEPTH SETTING...
    local depth=$1
    shift
    "$build/bench/bench" pair --depth="$depth" --show-depth=1 "$@" | sort -u >"$scratch/depth"
    cat "$scratch/depth"
    [ "$(cat "$scratch/depth")" = "depth=$depth" ]
}

check "the benchmark programs build" tests/bench/run --build
check "the harness judges made-up samples rightly" tests/bench/test_harness.py
check "the registry of scenarios can be listed" tests/bench/run --list

check "depth 4 is four frames" depth_is 4
check "depth 12 is twelve frames" depth_is 12
check "depth 12 is twelve frames on each of 64 paths" depth_is 12 --sites=64 --repeat=1 --ops=64 --locks=1000
check "depth 12 is twelve frames through the common function" depth_is 12 --sites=64 --repeat=1 --shared=1

scenarios=$("$build/bench/bench" --help | sed -n '/^Scenarios:/,/^Settings:/s/^  \([a-z-]*\) .*/\1/p')
preloads=(bare: "no-op:$build/bench/noop_preload.so")
if [ -e "$build/libkiwi.so" ]; then
    preloads+=("libkiwi:$build/libkiwi.so")
else
    skip "scenarios under libkiwi" "$build/libkiwi.so is not built"
fi
for preload in "${preloads[@]}"; do
    for scenario in $scenarios; do
        check "$scenario, ${preload%%:*}" measures "${preload#*:}" "$scenario" --ops=50 --threads=20
    done
    check "pair at 64 sites over 1,000 locks, ${preload%%:*}" measures "${preload#*:}" pair --sites=64 --locks=1000 \
        --depth=12 --ops=1000
done

refuses() { # ARGUMENT...
    "$build/bench/bench" "$@"
    [ $? -eq 2 ]
}
check "an unknown scenario is refused" refuses nonsense
check "an unknown setting is refused" refuses pair --nonsense=1
check "a depth that can't be made is refused" refuses pair --depth=99

if command -v memcached >/dev/null; then
    check "the driver measures memcached" tests/bench/run --quick --rounds=1 --only=memcached --variants=bare
else
    skip "the driver measures memcached" "memcached is not installed"
fi
# scenario, and what it takes
while read -r scenario server load; do
    if PATH=$PATH:/usr/sbin command -v "$server" >/dev/null && command -v "$load" >/dev/null; then
        check "the driver measures $scenario" tests/bench/run --quick --rounds=1 --only="$scenario" --variants=bare
    else
        skip "the driver measures $scenario" "$server or $load is not installed"
    fi
done <<<"nginx-pipelined nginx wrk
redis-p99 redis-server redis-benchmark"
if [ -e "$build/libkiwi.so" ] && [ -x /usr/bin/time ]; then
    check "very many locks are recorded and analysed" env KIWI_BUILD="$build" tests/bench/scale.sh 10000
else
    skip "very many locks are recorded and analysed" "libkiwi.so or /usr/bin/time is missing"
fi
check "the driver compares variants" tests/bench/run --quick --rounds=2 --only=pair-d4 --variants='bare*,no-op' \
    -o "$scratch/result.json"
check "the driver's JSON is whole" python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["scenarios"]' \
    "$scratch/result.json"

[ "$failures" -eq 0 ]
