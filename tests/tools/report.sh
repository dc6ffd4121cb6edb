#!/bin/bash
# kiwi report: formats, output, exit status, mistakes. What it finds is tested elsewhere.
. "$(dirname "$0")/lib.bash"

cat >service.c <<'SOURCE'
#include <poll.h>
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&lock);
        if (argc > 1)
            poll(0, 0, 20);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}
SOURCE
gcc -g -O1 -pthread service.c -o service
"$KIWI" run --out=clean.trace ./service
"$KIWI" run --out=buggy.trace ./service poll

run "$KIWI" report clean.trace
expect "a clean trace" 0 "Verdict: APPROVE" ""
run "$KIWI" report --fail-on=low buggy.trace
expect "a trace with a finding" 1 "lock" ""
run "$KIWI" report --fail-on=critical buggy.trace
expect "a finding below --fail-on" 0 "lock" ""
run "$KIWI" report --fail-on=low --only=deadlock buggy.trace
expect "--only leaves the others out" 0 "APPROVE" ""
run "$KIWI" report --fail-on=low clean.trace buggy.trace
expect "several traces" 1 "lock" ""
run "$KIWI" report --format=json clean.trace
expect "JSON" 0 '"kiwi-report/1"' ""
run "$KIWI" report --format=markdown clean.trace
expect "markdown" 0 '^## Review Summary' ""
sed 's/^int main/void go_symbol(void) __asm__("crosscall2");\nvoid go_symbol(void)\n{\n}\n&/' service.c >go.c
gcc -O1 -pthread -rdynamic go.c -o go && strip go
"$KIWI" run --out=go.trace ./go
run "$KIWI" report go.trace
expect "a Go program" 0 "of a Go program, only the C code" ""
run "$KIWI" report clean.trace
check "another one is none" bash -c "! grep -q 'Go program' out"
run "$KIWI" report clean.trace
expect "the budgets in force" 0 "Budgets: tick-budget=50ms, hold-budget=2ms, shutdown-budget=5s" ""
"$KIWI" run --hold-budget=7ms --depth=16 --out=tight.trace ./service
run "$KIWI" report --format=markdown clean.trace tight.trace
expect "those of several" 0 "Process [0-9]+: Budgets: tick-budget=50ms, hold-budget=7ms, .*options that were set: depth=16" ""
if command -v jq >/dev/null; then
    run "$KIWI" report --format=json tight.trace
    check "options in JSON" jq -e '.processes[0].options | ."hold-budget" == "7ms" and .depth == "16" and .heap == "sample"' out
fi
check "no colours in a file" test -z "$("$KIWI" report --fail-on=low buggy.trace | tr -dc '\033')"

if command -v script >/dev/null; then
    on_terminal() { script -qec "$1" /dev/null </dev/null | tr -dc '\033' | head -c 1; }
    export TERM=xterm
    check "colours on a terminal" test -n "$(on_terminal "'$KIWI' report buggy.trace")"
    check "NO_COLOR is respected" test -z "$(NO_COLOR=1 on_terminal "'$KIWI' report buggy.trace")"
    check "a dumb terminal gets none" test -z "$(TERM=dumb on_terminal "'$KIWI' report buggy.trace")"
fi

run "$KIWI" report -o review.json --format=json clean.trace
expect "-o prints nothing" 0 "" ""
check "-o has written it" grep -q kiwi-report review.json
run "$KIWI" report -o nowhere/x clean.trace
expect "-o into no directory" 2 "" "^kiwi: cannot write 'nowhere/x': No such file"
run "$KIWI" report -o /dev/null clean.trace
expect "-o to a device writes into it" 0 "" ""
check "the device is still one" test -c /dev/null
if [ -e /dev/full ]; then
    run "$KIWI" report -o /dev/full clean.trace
    expect "a full device is an error" 2 "" "^kiwi: cannot write '/dev/full': No space left"
    "$KIWI" report clean.trace >/dev/full 2>err
    check "a full standard output is an error, told once" test $? = 2 -a "$(wc -l <err)" = 1
fi
check "no half-written files are left" test -z "$(find . -name '*.tmp.*')"

run "$KIWI" report
expect "no trace" 2 "" "^kiwi: no trace to report on"
run "$KIWI" report nowhere
expect "no such trace" 2 "" "^kiwi: cannot read 'nowhere': No such file"
run "$KIWI" report clean.trace nowhere
expect "one of two is unreadable: the other is reviewed, nothing approved" 2 "REQUEST_CHANGES" "^kiwi: cannot read 'nowhere'"
: >empty
run "$KIWI" report empty
expect "an empty file" 2 "" "^kiwi: cannot read 'empty': "
head -c 70000 clean.trace >cut.trace
run timeout 20 "$KIWI" report cut.trace
expect "a cut-off trace: read as far as it goes, and not approved" 2 "REQUEST_CHANGES" "^kiwi: 'cut.trace' is damaged: cut off"
check "what to do then" grep -q "Review it again with the whole recording" out
head -c -1000 buggy.trace >cut.trace
run "$KIWI" report --fail-on=low cut.trace
expect "only unused room was cut off" 1 "lock" "^kiwi: 'cut.trace' is damaged: cut off"
head -c -1000 clean.trace >cut.trace
run "$KIWI" report cut.trace
expect "nothing is wrong then" 0 "Verdict: APPROVE" "^kiwi: 'cut.trace' is damaged: cut off"
for format in sarif html; do
    run "$KIWI" report --format=$format clean.trace
    expect "$format" 2 "" "^kiwi: format '$format' is not available in this version"
done
# Two threads wait for what each of them would give after its own wait. In the second program for main, which sleeps; in
# the third one of the two begins, and they hand it to and fro.
cat >hung.c <<'SOURCE'
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static sem_t ready[2];
static int busy;
static void *after_the_other(void *p)
{
    do {
        sem_wait(&ready[p != NULL]);
        sem_post(&ready[p == NULL]);
    } while (busy);
    return NULL;
}
int main(int argc, char **argv)
{
    pthread_t threads[2];
    busy = argc > 1 && !strcmp(argv[1], "busy");
    sem_init(&ready[0], 0, busy);
    sem_init(&ready[1], 0, 0);
    pthread_create(&threads[0], NULL, after_the_other, NULL);
    pthread_create(&threads[1], NULL, after_the_other, argv);
    puts("waits");
    fflush(stdout);
    if (argc > 1 && !busy)
        sleep(60);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
SOURCE
gcc -g -O1 -pthread hung.c -o hung
hang() { # TRACE [ARGUMENT]
    : >said # what the one before said must not be taken for its own
    LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$PWD/$1 ./hung ${2-} >said &
    wait_until 20 grep -q waits said
    [ "${2-}" = busy ] ||
        wait_until 20 eval '[ $("$KIWI" threads $1 2>&1 | grep -cE "in +(sem_wait|pthread_join|sleep)") = 3 ]'
    kill -KILL $!
    wait $! 2>/dev/null
    run "$KIWI" report $1
}
hang hung.trace
expect "a hang without a finding: told, and little trust in the rest" 0 "Confidence: Low" ""
check "that it stood still" grep -q "stood still at the end of the recording" out
hang asleep.trace main
expect "no hang while one only sleeps" 0 "APPROVE" ""
check "nothing of the kind is told" eval '! grep -q "stood still" out'
hang busy.trace busy
expect "no hang in what is handed to and fro" 0 "APPROVE" ""
check "nothing of the kind there, either" eval '! grep -q "stood still" out'
# A wait inside of the C++ library, by the name of what was called.
cat >answer.cpp <<'SOURCE'
#include <future>
#include <mutex>
#include <unistd.h>
static std::mutex lock;
int main()
{
    std::promise<int> answer;
    std::thread other([&] { usleep(200000); answer.set_value(1); });
    std::unique_lock<std::mutex> hold(lock);
    int got = answer.get_future().get();
    hold.unlock();
    other.join();
    return got - 1;
}
SOURCE
g++ -g -O1 -pthread answer.cpp -o answer
LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$PWD/answer.trace ./answer
run "$KIWI" report answer.trace
expect "a wait for a future is one" 0 "lock in answer is held across std::future<int>::get$" ""
run "$KIWI" report --format=xml clean.trace
expect "unknown format" 2 "" "^kiwi: unknown format 'xml': want text, markdown or json"
run "$KIWI" report --fail-on=grave clean.trace
expect "unknown severity" 2 "" "^kiwi: unknown severity 'grave': want critical, high, medium or low"
run "$KIWI" report --only=nothing clean.trace
expect "unknown id" 2 "" "^kiwi: .*nothing"
finish
