#!/usr/bin/env bash
# What events=, enable= and disable= leave in a trace. Prints ok and not ok lines.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
build=${KIWI_BUILD:-$here/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-gcc}

cat > "$work/two.c" <<'C'
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void both(pthread_mutex_t *x, pthread_mutex_t *y)
{
    pthread_mutex_lock(x);
    pthread_mutex_lock(y);
    pthread_mutex_unlock(y);
    pthread_mutex_unlock(x);
}
static volatile int taken;
static void *forth(void *unused)
{
    both(&a, &b);
    taken = 1;
    while (taken < 2)
        usleep(1000);
    return unused;
}
static void *back(void *unused)
{
    while (!taken)
        usleep(1000);
    both(&b, &a);
    taken = 2;
    return unused;
}
int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], NULL, forth, NULL);
    pthread_create(&t[1], NULL, back, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    both(&a, &b);
    usleep(1000);
    return 0;
}
C
$cc -O1 -pthread -o "$work/two" "$work/two.c" || exit 1

# check NAME OPTIONS COMMAND-PRINTING-A-COUNT WANTED: "0" or "some"
check()
{
    rm -f "$work/trace"
    LD_PRELOAD="$build/libkiwi.so" KIWI_OPTIONS="out=$work/trace:$2" "$work/two" || echo "# status $?"
    count=$(eval "$3")
    if { [ "$4" = some ] && [ "$count" -gt 0 ]; } || [ "$4" = "$count" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        echo "# $count, wanted $4"
    fi
    rm -f "$(readlink -f "$work/trace")"
}

findings='"$build/kiwi" report --format=json "$work/trace" | grep -c "\"lock-order-cycle\""'
locks='"$build/kiwi" threads "$work/trace" | grep -cE "ago: (acquire|release)"'
check "events=slow keeps no lock operations" events=slow "$locks" 0
check "events=all keeps lock operations" events=all "$locks" some
check "events=all finds what is to be found" events=all "$findings" some
check "events=off still finds what is to be found" events=off "$findings" some
check "disable=locks sees no lock" disable=locks "$findings" 0
check "enable=io sees no lock" enable=io "$findings" 0
check "disable=io sees locks" disable=io "$findings" some
