#!/usr/bin/env bash
# When lost heap blocks are looked for: at every kind of exit, and what turns it off. Prints ok and not ok lines.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
build=${KIWI_BUILD:-$here/build}
work=$(mktemp -d)
trap 'rm -rf $(find "$work" -lname "/dev/shm/kiwi-*" -printf "%l ") "$work"' EXIT
cc=${CC:-gcc}

cat > "$work/forget.c" <<'C'
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/wait.h>
#include <unistd.h>
static __attribute__((noinline)) void forget(void)
{
    void *p = malloc(100);
    __asm__ volatile("" : : "r"(p) : "memory");
}
static void at_exit(void) { free(malloc(10)); }
static void *leave(void *status) { exit((int)(long)status); }
static void *with_small_stack(void *unused) { exit(*(char *)unused); }
static void allow_all(void)
{
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, all};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        exit(9);
}
int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    pthread_attr_t attr;
    pthread_t t;
    atexit(at_exit);
    for (int i = 0; i < 300; i++)
        forget();
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "_exit") == 0)
        _exit(3);
    if (strcmp(how, "thread") == 0 && pthread_create(&t, NULL, leave, (void *)3L) == 0)
        pthread_join(t, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 32768);
    if (strcmp(how, "small") == 0 && pthread_create(&t, &attr, with_small_stack, "\3") == 0)
        pthread_join(t, NULL);
    if (strcmp(how, "seccomp") == 0)
        allow_all();
    if (strcmp(how, "closed") == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_NOFILE, &none);
    }
    if (strcmp(how, "main") == 0 && fork() == 0) {
        for (int i = 0; i < 300; i++)
            forget();
        return 5;
    }
    wait(NULL);
    return 3;
}
C
$cc -O1 -pthread -o "$work/forget" "$work/forget.c" || exit 1

# check NAME HOW OPTIONS WANTED: bytes that were found lost, or "most" of 30,000
check()
{
    # shellcheck disable=SC2046 # several files
    rm -f $(find "$work" -lname "/dev/shm/kiwi-*" -printf "%l ") "$work"/trace*
    LD_PRELOAD="$build/libkiwi.so" KIWI_OPTIONS="out=$work/trace:$3" "$work/forget" "$2"
    status=$?
    # shellcheck disable=SC2086 # the fifth is a pattern
    lost=$("$build/kiwi" export --format=collapsed --what=lost ${5:-"$work/trace"}) || status=unreadable
    lost=${lost##* }
    [ "$4" = most ] && [ "${lost:-0}" -gt 25000 ] && lost=most
    if [ "$status" = 3 ] && [ "${lost:-0}" = "$4" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        echo "# status $status, lost ${lost:-0}"
        failed=1
    fi
}
failed=0
check "main returns" main heap=exact most
check "a forked child is not searched" main heap=exact 0 "$work/trace.*[0-9]"
check "exit" exit heap=exact most
check "exit in another thread" thread heap=exact most
check "exit on a small stack" small heap=exact 0
check "_exit" _exit heap=exact 0
check "turned off" main heap=exact:leak-scan=off 0
check "heap=count" main heap=count 0
check "too short for a sample" main heap=sample 0
check "under seccomp" seccomp heap=exact 0
check "without descriptors" closed heap=exact 0
exit $failed
