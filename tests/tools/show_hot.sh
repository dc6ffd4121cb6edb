#!/bin/bash
# hot=: allocations in functions that the user names, counted in ticks, scopes and outside, by call path.
header=$(cd "$(dirname "$0")/../../interpose" && pwd)
. "$(dirname "$0")/lib.bash"

cat >rules.cpp <<'SOURCE'
#include <cstdlib>
#include <cstring>
#include <kiwi.h>
#include <thread>
#include <vector>
#define FRAME __attribute__((noipa))
static void *kept;
FRAME static void keep(size_t size) { free(kept); kept = malloc(size); }
namespace net {
struct Rule {
    FRAME void match(int n) { for (int i = 0; i < n; i++) keep(48); }
    FRAME void grow(void) { kept = realloc(kept, 100); kept = realloc(kept, 5000); }
};
template <typename T> static inline __attribute__((always_inline)) void store(T value)
{
    keep(sizeof value);
    memcpy(kept, &value, sizeof value);
    asm volatile("" : : "r"(kept) : "memory");
}
}
FRAME static void elsewhere(void) { keep(16); }
static void work(void)
{
    net::Rule rule;
    for (int i = 0; i < 500; i++) {
        rule.match(7);
        elsewhere();
    }
    kiwi_scope_begin("piece");
    rule.match(3);
    kiwi_scope_end("piece");
    kiwi_tick_begin("turn");
    rule.match(2);
    kiwi_tick_end();
    for (int i = 0; i < 11; i++)
        net::store(i);
    rule.grow();
}
int main()
{
    std::thread(work).join();
    return 0;
}
SOURCE
g++ -O2 -g -pthread -I"$header" rules.cpp -o rules || exit 1
json() { check "$1" jq -e "$2" out; }
named() { echo ".processes[0].functions[] | select(.function == \"$1\")"; }

"$KIWI" run "--hot=net::Rule::match,net::store,nowhere,*grow,f<a,b>(c,d)" --out=hot.trace ./rules
run "$KIWI" show hot hot.trace
expect "the table" 0 " 3505 .* net::Rule::match" ""
check "by call path" grep -qE ' 3500 .* keep\(unsigned long\) rules.cpp:[0-9]+ < net::Rule::match' out
check "a name that was not met" grep -q 'nowhere: no allocation was seen' out
run "$KIWI" show hot --format=json hot.trace
expect "as JSON" 0 "*" ""
json "schema" '.schema == "kiwi-hot/1" and .processes[0].functions_in_all == 5'
json "in ticks, scopes and neither" "$(named net::Rule::match) | .allocations == 3505 and .bytes == 3505 * 48"
json "by where it is called" "$(named net::Rule::match) | .paths | map(.allocations) == [3500, 3, 2]"
json "an inlined template" "$(named net::store) | .allocations == 11 and .bytes == 44"
json "realloc, and a wildcard" "$(named '*grow') | .allocations == 2 and .bytes == 5100"
json "commas in brackets" "$(named 'f<a,b>(c,d)') | .allocations == 0 and .allocations_per_second == null"
run "$KIWI" show hot --sort=bytes --top=1 --format=json hot.trace
json "sorted" '.processes[0].functions | length == 1 and .[0].function == "net::Rule::match"'
run "$KIWI" show scopes --format=json hot.trace
json "scopes count as ever" '.processes[0].scopes[0].heap | .allocations == 3 and .paths[0].allocations == 3'
"$KIWI" run --hot=net::Rule::match --heap=exact --out=exact.trace ./rules
run "$KIWI" show hot --format=json exact.trace
json "with heap=exact" "$(named net::Rule::match) | .allocations == 3505"
"$KIWI" run --hot=net::Rule::match --heap=count --out=count.trace ./rules
run "$KIWI" show hot --format=json count.trace
json "counters alone have no call paths" "$(named net::Rule::match) | .allocations == 0"
"$KIWI" run --out=plain.trace ./rules
run "$KIWI" show hot plain.trace
expect "without the option" 0 "None were named" ""
finish
