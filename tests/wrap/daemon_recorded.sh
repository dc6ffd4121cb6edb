#!/bin/bash
# A daemon that closed everything and gave up its rights is recorded to its end.
. "$(dirname "$0")/lib.bash"
recorded "$KIWI_BUILD/wrap/daemon"
found() { "$kiwi" report --format=json "$scratch"/*.trace | grep -q '"lock-order-cycle"'; }
check "what a daemon does last is recorded" found

# The usual way: fork, let the parent end, go on in the child.
cat >"$scratch/detach.c" <<'SOURCE'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
int main(void)
{
    printf("daemon: %d\n", daemon(1, 1));
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    return printf("in the background\n") < 0;
}
SOURCE
${CC:-gcc} -D_GNU_SOURCE -O2 -pthread -o "$scratch/detach" "$scratch/detach.c" || exit 1
same "daemon()" sh -c "'$scratch/detach' | cat"
