#!/bin/bash
# A service on Tokio: its loop is found and named, a call that waits in an async function is found there, and nothing
# where it is given to the pool. Built from Debian's packages alone.
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin cargo jq
registry=/usr/share/cargo/registry

if ! compgen -G "$registry/tokio-1.*" >/dev/null; then
    echo "ok - a service on Tokio # SKIP librust-tokio-dev is not installed"
    exit 0
fi
cp -r "$ROOT/examples/tokio" "$work/tokio" && mkdir "$work/cargo" || exit 1
printf '%s\n' '[source.crates-io]' 'replace-with = "debian"' '[source.debian]' "directory = \"$registry\"" \
    >"$work/cargo/config.toml"
if ! (cd "$work/tokio" && CARGO_HOME=$work/cargo timeout 300 cargo build --offline) >"$work/cargo/log" 2>&1; then
    echo "ok - a service on Tokio # SKIP this cargo does not build Debian's: $(tail -n 1 "$work/cargo/log")"
    exit 0
fi

# Complains unless the program's review has these findings, at this place.
reviewed() { # NAME ID... : "blocked-loop serve" or nothing
    local name=$1 wanted=$2 found
    LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$work/kiwi/trace.$name "$work/tokio/target/debug/$name" >"$work/out"
    [ "$(<"$work/out")" = 48 ] || echo "it printed $(<"$work/out")"
    found=$("$BUILD/kiwi" report --format=json "$work/kiwi/trace.$name" |
        jq -r '.findings[] | select(.severity != "INFO") | .id + " " + (.location.function // "nowhere")')
    # shellcheck disable=SC2053 # a pattern
    [[ $found == $wanted ]] || echo "found: $found"
    "$BUILD/kiwi" show ticks --format=json "$work/kiwi/trace.$name" >"$work/ticks"
    jq -e '.processes[].loops[] | select(.call == "epoll_wait" and .ticks >= 20 and (.site | test("main")))' \
        "$work/ticks" >/dev/null && return
    echo "no loop at main:"
    jq -c '.processes[].loops[] | [.call, .site, .ticks]' "$work/ticks"
}

result "a call that waits in an async function of Tokio" "$(reviewed tokio_blocked_loop "blocked-loop *fetch*")"
result "the same given to the pool" "$(reviewed tokio_blocked_loop_fixed "")"
app_end
