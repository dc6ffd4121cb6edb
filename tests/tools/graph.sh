#!/bin/bash
# kiwi graph: circles are marked, graphviz can draw it; limits; mistakes.
. "$(dirname "$0")/lib.bash"

cat >rounds.c <<'SOURCE'
#include <pthread.h>
static pthread_mutex_t a_lock = PTHREAD_MUTEX_INITIALIZER, b_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c_lock = PTHREAD_MUTEX_INITIALIZER, d_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage;
static void nest(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}
static void *first(void *unused)
{
    nest(&a_lock, &b_lock);
    nest(&b_lock, &c_lock);
    pthread_mutex_lock(&c_lock);
    pthread_mutex_trylock(&d_lock);
    pthread_mutex_unlock(&d_lock);
    pthread_mutex_unlock(&c_lock);
    __atomic_store_n(&stage, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != 2)
        ;
    return unused;
}
static void *second(void *unused)
{
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != 1)
        ;
    nest(&b_lock, &a_lock);
    __atomic_store_n(&stage, 2, __ATOMIC_SEQ_CST);
    return unused;
}
int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], 0, first, 0);
    pthread_create(&t[1], 0, second, 0);
    pthread_join(t[0], 0);
    pthread_join(t[1], 0);
    return 0;
}
SOURCE
${CC:-gcc} -g -O1 -pthread rounds.c -o rounds || exit 1
run "$KIWI" run --out=rounds.trace -- ./rounds
expect "the program is recorded" 0 "*" "*"

run "$KIWI" graph rounds.trace
cp out all.dot
expect "it is a graph" 0 '^digraph "lock order"' ""
lock() { sed -nE "s/^ +(lock[0-9]+) \[label=\"$1 in .*/\1/p" all.dot; }
check "the circle is red" grep -qE "$(lock b_lock) -> $(lock a_lock) .*color=red3" all.dot
check "both ways" grep -qE "$(lock a_lock) -> $(lock b_lock) .*color=red3" all.dot
check "what is in no circle is not" grep -qE "$(lock b_lock) -> $(lock c_lock) .*color=gray30, *[^s]*\];|$(lock b_lock) -> $(lock c_lock) .*color=gray30\];" all.dot
check "a try is dashed" grep -qE "$(lock c_lock) -> $(lock d_lock) .*style=dashed" all.dot
check "places are named" grep -q 'nest rounds.c:' all.dot

run "$KIWI" graph --circles rounds.trace
check "--circles leaves out the rest" test "$(grep -c -- '->' out)" = 2
run "$KIWI" graph --limit=1 rounds.trace
expect "--limit" 0 "red3" "^kiwi: 3 arrows left out; --limit=0 shows all"
run "$KIWI" graph --limit=0 -o file.dot rounds.trace
expect "--output" 0 "" ""
check "the file has it all" cmp file.dot all.dot
if command -v dot >/dev/null; then
    check "graphviz draws it" dot -Tsvg -o all.svg all.dot
else
    skip "graphviz draws it" "dot is not installed"
fi

run "$KIWI" graph
expect "no trace" 2 "" "^kiwi: no trace to draw"
run "$KIWI" graph rounds.trace rounds.trace
expect "two traces" 2 "" "^kiwi: one trace at a time"
run "$KIWI" graph --limit=x rounds.trace
expect "bad number" 2 "" "^kiwi: bad value --limit=x: want a number"
run "$KIWI" graph rounds.c
expect "a foreign file" 2 "" "^kiwi: cannot read 'rounds.c': not a Kiwi trace"
finish
