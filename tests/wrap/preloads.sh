#!/bin/bash
# Beside other preloaded libraries, before them and after them.
. "$(dirname "$0")/lib.bash"

beside() { # NAME LIBRARY PROGRAM...
    local name=$1 other=$2 program
    shift 2
    if [ ! -e "$other" ]; then
        skip "beside $name" "not installed"
        return
    fi
    for program; do
        BEFORE=$other same "$program, $name first" "$KIWI_BUILD/wrap/$program"
        AFTER=$other same "$program, $name second" "$KIWI_BUILD/wrap/$program"
    done
}

lib=/usr/lib/x86_64-linux-gnu
beside jemalloc $lib/libjemalloc.so.2 thread cxx cond fork
beside tcmalloc $lib/libtcmalloc_minimal.so.4 heap thread cxx cond fork
beside mimalloc $lib/libmimalloc.so.2 heap thread cond fork
# Not cond, cxx and thread: on its own faketime lets waits by the monotonic clock go on for ever. Not fork: on its own it
# makes a spawned child fail now and then.
beside faketime $lib/faketime/libfaketimeMT.so.1 heap thread_churn jumps

# A program built with a sanitizer, whose runtime must come first.
sanitized() { # address|thread
    local runtime
    runtime=$(readlink -e "$(${CC:-gcc} -print-file-name=lib${1:0:1}san.so)")
    if [ -n "$runtime" ] && ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O1 -g -pthread -fsanitize="$1" -o "$scratch/sanitized" \
        "$(dirname "$0")/stacks.c" 2>/dev/null; then
        OPTIONS=follow=root BEFORE=$runtime same "built with -fsanitize=$1" "$scratch/sanitized"
    else
        skip "built with -fsanitize=$1" "the compiler has no runtime for it"
    fi
}
sanitized address

# Whoever is preloaded behind this library meets every call of the functions that both have.
cat >"$scratch/counts.c" <<'END'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#define COUNTED(name)                                                                                                  \
    static unsigned name##_calls;                                                                                      \
    int pthread_mutex_##name(pthread_mutex_t *m)                                                                       \
    {                                                                                                                  \
        static int (*next)(pthread_mutex_t *);                                                                         \
        if (!next)                                                                                                     \
            next = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_" #name);                               \
        __atomic_fetch_add(&name##_calls, 1, __ATOMIC_RELAXED);                                                        \
        return next(m);                                                                                                \
    }
COUNTED(lock)
COUNTED(unlock)
__attribute__((destructor)) static void say(void)
{
    printf("at least 4000 locked: %d, let go: %d\n", lock_calls >= 4000, unlock_calls >= 4000);
}
END
cat >"$scratch/counted.c" <<'END'
#include <pthread.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *twice(void *p)
{
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&m);
        pthread_mutex_unlock(&m);
    }
    return p;
}
int main(void)
{
    pthread_t other;
    pthread_create(&other, 0, twice, 0);
    pthread_join(other, 0);
    twice(0);
    return 0;
}
END
${CC:-gcc} -shared -fPIC -D_GNU_SOURCE -o "$scratch/counts.so" "$scratch/counts.c" &&
    ${CC:-gcc} -o "$scratch/counted" "$scratch/counted.c" -pthread &&
    AFTER=$scratch/counts.so same "calls of locks reach a library behind" "$scratch/counted"
check "all of them" grep -q 'at least 4000 locked: 1, let go: 1' "$scratch/kiwi.out"

AFTER=$library same "twice the same library" "$KIWI_BUILD/wrap/cond"
