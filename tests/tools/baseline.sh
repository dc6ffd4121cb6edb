#!/bin/bash
# kiwi report --baseline: only what is new, what is gone, traces and reports of earlier runs, other builds.
. "$(dirname "$0")/lib.bash"

cat >service.c <<'SOURCE'
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER, log_lock = PTHREAD_MUTEX_INITIALIZER;
static void flush_cache(void)
{
    pthread_mutex_lock(&cache_lock);
    poll(0, 0, 20);
    pthread_mutex_unlock(&cache_lock);
}
static void write_log(void)
{
    pthread_mutex_lock(&log_lock);
    usleep(20000);
    pthread_mutex_unlock(&log_lock);
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 12; i++)
        for (int a = 1; a < argc; a++)
            strcmp(argv[a], "flush") == 0 ? flush_cache() : write_log();
    return 0;
}
SOURCE
gcc -g -O1 -pthread service.c -o service
"$KIWI" run --out=none.trace ./service
"$KIWI" run --out=flush.trace ./service flush
"$KIWI" run --out=both.trace ./service flush log
sed -i '1i #include <stdio.h>\n#include <stdlib.h>\n' service.c
gcc -g -O2 -pthread service.c -o rebuilt
"$KIWI" run --out=again.trace ./rebuilt flush
"$KIWI" report --format=json flush.trace >flush.json
against() { # BASELINE TRACE...
    run "$KIWI" report --fail-on=low --baseline="$1" "${@:2}"
}

against flush.trace both.trace
expect "a new finding counts" 1 "^Baseline: 1 new, 1 known \(not shown\), 0 fixed since$" ""
check "it alone is shown" test "$(grep -c '^### ' out) $(grep -c 'lock-across-block' out)" = "1 $(grep -c 'lock-across-block' out)"
check "the known one is not" bash -c "! grep -q 'Finding: lock-across-poll' out"
against flush.json both.trace
expect "a JSON report does as well as a trace" 1 "^Baseline: 1 new, 1 known \(not shown\), 0 fixed since$" ""
against flush.trace flush.trace
expect "nothing new" 0 "Verdict: APPROVE" ""
against flush.trace again.trace
expect "another build, other lines, another name of the program" 0 "^Baseline: 0 new, 1 known \(not shown\), 0 fixed" ""
against both.trace flush.trace
expect "what is gone is told" 0 "^Baseline: 0 new, 1 known \(not shown\), 1 fixed since" ""
check "by its title" grep -qE "^  - Fixed: \[[A-Z]+\] log_lock in service" out
against none.trace both.trace
expect "an empty baseline knows nothing" 1 "^Baseline: 2 new, 0 known, 0 fixed since$" ""
run "$KIWI" report --fail-on=low --baseline=flush.json --baseline=both.trace --baseline=none.trace both.trace again.trace
expect "several baselines and several traces" 0 "^Baseline: 0 new, [23] known" ""
against both.trace --only=lock-across-poll flush.trace
expect "--only asks about nothing else" 0 "^Baseline: 0 new, 1 known \(not shown\), 0 fixed since$" ""
printf '[lock-across-poll]\n' >poll.supp
against flush.trace --suppressions=poll.supp flush.trace
expect "what is suppressed is not fixed" 0 "^Baseline: 0 new, 0 known, 0 fixed since$" ""
against flush.trace --format=markdown both.trace
expect "markdown says it too" 1 "^- \*\*Baseline:\*\* 1 new, 1 known" ""

"$KIWI" report --format=json --baseline=flush.trace both.trace >part.json
against part.json both.trace
expect "a report that left out what was known is pointed out" 1 "1 new, 1 known" "^kiwi: the baseline is a report made with"
against nowhere flush.trace
expect "no such baseline" 2 "" "^kiwi: cannot read 'nowhere': No such file"
echo '{"a": 1' >broken.json
against broken.json flush.trace
expect "broken JSON" 2 "" "^kiwi: cannot read baseline 'broken.json': line 2: "
echo '{"a": 1}' >other.json
against other.json flush.trace
expect "JSON of something else" 2 "" "^kiwi: cannot read baseline 'other.json': not a report of kiwi"
echo text >text
against text flush.trace
expect "neither a trace nor a report" 2 "" "^kiwi: cannot read 'text'"
finish
