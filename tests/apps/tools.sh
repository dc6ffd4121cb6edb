#!/bin/bash
# Programs that most systems have: sort, xz, git, sqlite3, node. What is missing is skipped. Those with much work for the
# heap also with every block followed.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin sha256sum

make_numbers() { seq 1 250000 | awk '{ print ($1 * 7919) % 1000003 }'; }

sort_session() {
    make_numbers >numbers
    under "$1" sort --parallel=4 -S 1M -n numbers | sha256sum
    return "${PIPESTATUS[0]}"
}

xz_session() {
    make_numbers >numbers
    under "$1" xz -T3 -1 --block-size=200KiB -c numbers >numbers.xz || return
    sha256sum numbers.xz
    under "$1" xz -dc numbers.xz | cmp - numbers && echo "decompressed"
}

git_session() {
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z'
    local name
    rm -rf repository
    mkdir repository && cd repository || return
    under "$GIT_MODE" git init -q -b main .
    git config user.name nobody && git config user.email nobody@example.org && git config pack.threads 3
    for name in a b c d e f; do seq 1 $((${#name} * 3000)) >"$name"; done
    under "$GIT_MODE" git add . && under "$GIT_MODE" git commit -q -m first
    under "$GIT_MODE" git repack -q -a -d
    under "$GIT_MODE" git fsck
    under "$GIT_MODE" git grep -c --threads=3 99
    under "$GIT_MODE" git log --format='%H %s'
}
git_both() { GIT_MODE=$1 git_session; }

sqlite_session() {
    rm -f data.db
    under "$1" sqlite3 data.db "PRAGMA threads=3; CREATE TABLE t(a INTEGER, b TEXT);
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000)
        INSERT INTO t SELECT x * 7919 % 50021, 'row ' || x FROM n;
        CREATE INDEX i ON t(b); SELECT count(*), sum(a), min(b), max(b) FROM t; PRAGMA integrity_check;"
}

node_session() {
    under "$1" node -e '
        const { createHash } = require("crypto"), zlib = require("zlib"), { Worker } = require("worker_threads");
        let text = "";
        for (let i = 0; i < 20000; i++) text += JSON.stringify({ i, name: "item " + i * 7919 % 20011 });
        console.log(createHash("sha256").update(zlib.gzipSync(text, { level: 1 })).digest("hex"));
        const worker = new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true });
        worker.on("message", (answer) => console.log("worker says", answer));'
}

try() { # NAME FUNCTION
    if command -v "$1" >/dev/null 2>&1; then
        remove_traces
        compare "$1 works as bare${RECORD:+, $RECORD}" 0 "$2"
        no_critical "$1: no critical finding${RECORD:+, $RECORD}"
    else
        echo "ok - $1 # SKIP not installed"
    fi
}

try sort sort_session
try xz xz_session
try git git_both
try sqlite3 sqlite_session
try node node_session
export RECORD=heap=exact
try git git_both
try sqlite3 sqlite_session
try node node_session
app_end
