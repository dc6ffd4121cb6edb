#!/bin/bash
# kiwi.h: an annotated program runs with and without libkiwi; its scopes, ticks and roles are recorded and shown.
header=$(cd "$(dirname "$0")/../../interpose" && pwd)
. "$(dirname "$0")/lib.bash"

cat >annotated.c <<'SOURCE'
#include <kiwi.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static char parse_again[] = "parse"; /* the same name elsewhere in memory */
static void *serve(void *unused)
{
    kiwi_thread_role("server");
    for (int i = 0; i < 20; i++) {
        kiwi_tick_begin("jobs");
        kiwi_scope_begin("request");
        kiwi_scope_begin("parse");
        usleep(1000);
        kiwi_scope_end("parse");
        if (i % 4 == 0)
            usleep(60000);
        kiwi_scope_begin("dropped");
        kiwi_scope_end("request");
        kiwi_tick_end();
    }
    return unused;
}
int main(void)
{
    pthread_t t;
    kiwi_scope_end("never begun");
    kiwi_scope_begin(NULL);
    kiwi_tick_end();
    for (int i = 0; i < 50; i++)
        kiwi_scope_begin("deep");
    for (int i = 0; i < 50; i++)
        kiwi_scope_end("deep");
    kiwi_scope_begin(parse_again);
    kiwi_scope_end("parse");
    if (pthread_create(&t, NULL, serve, NULL) || pthread_join(t, NULL))
        return 1;
    puts("fine");
    return 0;
}
SOURCE
json() { check "$1" jq -e "$2" out; }
for flags in "-O2" "-O0 -no-pie -fno-pie" "-O2 -static"; do
    # shellcheck disable=SC2086 # several flags
    gcc -Wall -Wextra -Werror -pedantic -std=gnu99 $flags -g -pthread -I"$header" annotated.c -o annotated || exit 1
    check "alone ($flags)" test "$(./annotated)" = fine
done
g++ -Wall -Wextra -Werror -x c++ -pthread -I"$header" annotated.c -o annotated || exit 1
check "as C++" test "$(./annotated)" = fine
for flags in "-O2" "-O0 -no-pie -fno-pie"; do
    # shellcheck disable=SC2086
    gcc $flags -g -pthread -I"$header" annotated.c -o annotated || exit 1
    rm -f a.trace*
    "$KIWI" run --out=a.trace ./annotated >/dev/null
    run "$KIWI" show scopes a.trace
    expect "the table ($flags)" 0 " 20 .* request, T2 \"server\"" ""
    run "$KIWI" show scopes --format=json a.trace
    expect "as JSON" 0 "*" ""
    json "schema" '.schema == "kiwi-scopes/1"'
    json "by kind of thread" '[.processes[0].scopes[] | select(.name == "parse") | .count] | sort == [1, 20]'
    json "nested ones" '[.processes[0].scopes[] | select(.name == "deep") | .count] == [8]'
    json "an inner one that was not ended" '[.processes[0].scopes[] | select(.name == "dropped")] == []'
    json "durations" '.processes[0].scopes[] | select(.name == "request") | .p50_ns >= 1000000 and .max_ns >= 60000000'
    run "$KIWI" show ticks --format=json a.trace
    json "ticks that were told" '.processes[0].loops | length == 1 and .[0].ticks == 20 and .[0].over_budget.count >= 5'
    run "$KIWI" report --only=blocked-loop a.trace
    expect "and judged" 1 "loop \"jobs\"" ""
done
run "$KIWI" show scopes --sort=name a.trace
expect "no such order" 2 "" "cannot sort scopes by 'name'"
finish
