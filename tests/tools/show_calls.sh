#!/bin/bash
# kiwi show calls: what waited, how long against the program's own measurement, held sets, errors, loops, JSON.
. "$(dirname "$0")/lib.bash"

# Prints the median of its own waits in nanoseconds, and waits for ever at the end.
cat >calls.c <<'SOURCE'
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#define WAITS 300
static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static int request[2], answer[2];
static long took[WAITS];
static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}
static int compare(const void *a, const void *b)
{
    return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b);
}
static void *answer_slowly(void *unused)
{
    char byte;
    while (read(request[0], &byte, 1) == 1) {
        usleep(1000);
        if (write(answer[1], &byte, 1) != 1)
            return unused;
    }
    return unused;
}
static void ask(long *into)
{
    char byte = 0;
    if (write(request[1], &byte, 1) != 1)
        exit(1);
    long begin = now();
    if (read(answer[0], &byte, 1) != 1)
        exit(1);
    *into = now() - begin;
}
static void write_journal(void)
{
    pthread_mutex_lock(&journal_lock);
    usleep(3000);
    pthread_mutex_unlock(&journal_lock);
}
static void look_without_waiting(int fd)
{
    char byte;
    for (int i = 0; i < 50; i++)
        if (recv(fd, &byte, 1, 0) >= 0 || errno != EAGAIN)
            exit(1);
}
static void flush_a_pipe(void)
{
    for (int i = 0; i < 7; i++)
        if (fsync(request[1]) == 0)
            exit(1);
}
static void serve(void)
{
    struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
    int in[2][2];
    char byte = 0;
    if (pipe(in[0]) || pipe(in[1]) || write(in[0][1], &byte, 1) != 1)
        exit(1);
    fds[0].fd = in[0][0];
    fds[1].fd = in[1][0];
    for (int i = 0; i < 30; i++) {
        if (poll(fds, 2, -1) != 1 || read(in[i % 2][0], &byte, 1) != 1 || write(in[(i + 1) % 2][1], &byte, 1) != 1)
            exit(1);
        usleep(500);
    }
}
int main(void)
{
    pthread_t t;
    int ends[2];
    if (pipe(request) || pipe(answer) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
        return 1;
    pthread_create(&t, 0, answer_slowly, 0);
    for (int i = 0; i < WAITS; i++)
        ask(&took[i]);
    for (int i = 0; i < 5; i++)
        write_journal();
    look_without_waiting(ends[0]);
    flush_a_pipe();
    serve();
    qsort(took, WAITS, sizeof *took, compare);
    printf("%ld %ld\n", took[WAITS / 100 * 48], took[WAITS / 100 * 52]);
    fflush(stdout);
    for (;;)
        pause();
}
SOURCE
gcc -g calls.c -o calls -pthread || exit 1
"$KIWI" run --out=calls.trace ./calls >own &
process=$!
wait_until 60 grep -q ' ' own
idle() { "$KIWI" threads calls.trace | grep -q 'in  *read'; }
wait_until 60 idle
run "$KIWI" show calls --top=0 calls.trace
expect "the table" 0 "read at ask calls.c:[0-9]+ < main" ""
block() { # TITLE HEADLINE PATTERN...: the lines of that call have all patterns
    local title=$1 headline=$2 pattern problems=""
    awk -v headline="$headline" '/^ *[0-9]+ +[0-9]+ / { on = index($0, headline) > 0 } /^$/ { on = 0 } on' out >block
    shift 2
    for pattern in "$@"; do
        grep -qE -- "$pattern" block || problems+="no '$pattern' in: $(cat block)"$'\n'
    done
    [ -z "$problems" ]
    case_result $? "$title" "$problems"
}
block "a wait, and on what" "read at ask" '^ +300 +[0-9]+ .* [0-9.]+ m?s' 'can block; on pipe; 2[0-9]{2} B|300 B'
block "a held lock" "usleep at write_journal" '^ +5 +5 ' 'with a time limit' 'holding journal_lock in calls'
block "what cannot block" "recv at look_without_waiting" '^ +50 +0 +- +- +- +- +0 ' 'cannot block; on socket pair'
block "errors" "fsync at flush_a_pipe" '^ +7 .* 7 +fsync' 'failed: 7 EINVAL'
block "the wait of a loop" "poll at serve" '^ +30 ' 'no time limit, the wait of an event loop'
block "a call in its ticks" "usleep at serve" '^ +30 ' 'in ticks of an event loop'
block "what goes on now" "read at answer_slowly" '1 thread is in it, for'
run "$KIWI" show calls --sort=errors --top=1 calls.trace
expect "order" 0 "fsync at flush_a_pipe" ""
check "and only the first" sh -c '! grep -q "read at ask" out'

kill -KILL "$(sed -nE 's/^Process ([0-9]+) .*/\1/p' out)"
wait $process
run "$KIWI" show calls calls.trace
expect "after SIGKILL" 0 "1 thread is in it at the end" ""
if command -v jq >/dev/null; then
    read -r p50 p50_above <own
    run "$KIWI" show calls --top=0 --format=json calls.trace
    json() { check "JSON: $1" jq -e "$2" out; }
    json "schema" '.schema == "kiwi-calls/1"'
    json "the median as measured by the program" ".processes[0].calls[] | select(.call == \"read\" and (.site | startswith(\"ask \"))) |
        .count == 300 and .wait.count > 290 and .wait.p50_ns >= $p50 * 0.95 - 4000 and .wait.p50_ns <= $p50_above * 1.05 + 4000"
    json "held locks" '[.processes[0].calls[] | select(.holding == ["journal_lock in calls"]) | .call] == ["usleep"]'
    json "errors by errno" '.processes[0].calls[] | select(.call == "fsync" and .errors == 7) | .errors_by_errno == [{"errno": "EINVAL", "count": 7}]'
    json "loops" '[.processes[0].calls[] | select(.loop == "wait") | .call] == ["poll"]'
    json "what cannot block" '.processes[0].calls[] | select(.call == "recv") | .nonblocking and .wait.count == 0 and .wait.p50_ns == null'
    json "what goes on" 'any(.processes[0].calls[]; .call == "read" and .running.threads == 1)'
fi
run "$KIWI" show calls --sort=name calls.trace
expect "no such order" 2 "" "cannot sort calls by .name."
finish
