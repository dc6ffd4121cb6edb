#!/bin/bash
# kiwi report --suppressions and --gen-suppressions: what is hidden, what is said about it, mistakes in the file.
. "$(dirname "$0")/lib.bash"

cat >service.cpp <<'SOURCE'
#include <mutex>
#include <poll.h>
#include <unistd.h>
namespace store {
std::mutex cache_lock, shards[4];
template <class T> struct Index {
    void rebuild(T pause, int shard) const
    {
        std::lock_guard<std::mutex> hold(shards[shard]);
        poll(nullptr, 0, pause);
    }
};
__attribute__((noinline)) void flush(int pause)
{
    std::lock_guard<std::mutex> hold(cache_lock);
    usleep(1000 * pause);
}
} // namespace store
int main()
{
    for (int i = 0; i < 12; i++) {
        store::flush(20);
        store::Index<int>().rebuild(20, 3);
    }
}
SOURCE
g++ -g -O1 -pthread service.cpp -o service
"$KIWI" run --out=one.trace ./service
report() { run "$KIWI" report --fail-on=low "$@" one.trace; }

report
expect "two findings without suppressions" 1 "lock-across-poll" ""
check "and the other one" grep -q "lock-across-block" out

run "$KIWI" report --gen-suppressions one.trace
expect "--gen-suppressions prints entries" 0 "^\[lock-across-block\]" ""
check "with the function, without its parameters" grep -qxE "location = (store::)?flush" out
check "the template's name is whole" grep -qE "^location = .*Index<int>::rebuild$" out
check "with the lock, without the element's number" grep -qxE "lock = store::shards\[\*\]|lock = shards\[\*\]" out
check "nothing that changes with an edit: no lines, no addresses" bash -c "! grep -v '^#' out | grep -E '[0-9]{2,}|0x'"
cp out generated.supp
report --suppressions=generated.supp
expect "generated entries hide exactly their findings" 0 "all that was found is suppressed" ""
check "the health section counts them" test "$(grep -c 'hid 1 finding' out)" = 2
sed -i 's/pause, int shard/pause, int shard, int = 0/; s/^int main/\n\n\n\nint main/' service.cpp
g++ -g -O1 -pthread service.cpp -o edited
"$KIWI" run --out=two.trace ./edited
run "$KIWI" report --fail-on=low --suppressions=generated.supp two.trace
expect "they survive moved lines and a new parameter" 0 "Verdict: APPROVE" ""

cat >hand.supp <<'SUPPRESSIONS'
# by hand
[lock-across-*]
reason = the flusher owns this lock
location = *flush

[deadlock]
lock = nothing
SUPPRESSIONS
report --suppressions=hand.supp
expect "the other finding still counts" 1 "hand.supp:2 \[lock-across-\*\] hid 1 finding: the flusher owns this lock" ""
check "what matched nothing is told" grep -q "Suppressions that matched nothing: hand.supp:6 \[deadlock\]" out
report --suppressions=hand.supp --only=lock-across-block
expect "not for findings that were not asked for" 0 "hid 1 finding" ""
check "indeed" bash -c "! grep -q 'matched nothing' out"
report --suppressions=hand.supp --suppressions=generated.supp
expect "several files" 0 "APPROVE" ""
printf '[*]\nfile = service.c*\nfunction = main\nmodule = service\n' >wide.supp
report --suppressions=wide.supp
expect "file, function and module" 0 "hid 2 findings" ""
printf '[*]\nfile = other.c*\n' >other.supp
report --suppressions=other.supp
expect "another file hides nothing" 1 "matched nothing" ""

report --suppressions=nowhere.supp
expect "no such file" 2 "" "^kiwi: cannot read suppressions: nowhere.supp: No such file"
printf '[lock-across-block]\nfile = x\nlines = 3\n' >bad.supp
report --suppressions=bad.supp
expect "a mistake is told with its place" 2 "" "^kiwi: cannot read suppressions: bad.supp:3: want .* not 'lines'"
run "$KIWI" report --gen-suppressions --format=json one.trace
expect "entries have one format" 2 "" "^kiwi: --gen-suppressions and --format exclude each other"
run "$KIWI" report --gen-suppressions --suppressions=generated.supp one.trace
expect "nothing is left to generate" 0 "" ""
run "$KIWI" report --gen-suppressions -o out.supp one.trace
check "-o writes them to a file" grep -q '^\[lock-across-block\]' out.supp
finish
