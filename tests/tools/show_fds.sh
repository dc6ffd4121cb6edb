#!/bin/bash
# kiwi show fds and kiwi threads: descriptors by kind, peer, birth and end; who blocks in what; loops and their ticks.
. "$(dirname "$0")/lib.bash"

cat >fds.c <<'SOURCE'
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
static int listener, dialled, accepted, one[2], two[2];
static void *wait_for_answer(void *unused)
{
    char byte;
    pthread_setname_np(pthread_self(), "asker");
    (void)!recv(dialled, &byte, 1, 0);
    return unused;
}
static void tick(int i)
{
    char byte;
    if (read(i % 2 ? two[0] : one[0], &byte, 1) != 1 || write(i % 2 ? one[1] : two[1], &byte, 1) != 1)
        exit(1);
    if (i == 20)
        sleep(1000);
}
static void *wait_for_request(void *unused)
{
    char byte;
    pthread_setname_np(pthread_self(), "server");
    (void)!recv(accepted, &byte, 1, 0);
    return unused;
}
static void *run_loop(void *unused)
{
    struct pollfd fds[2] = {{one[0], POLLIN, 0}, {two[0], POLLIN, 0}};
    pthread_setname_np(pthread_self(), "looper");
    (void)!write(one[1], "x", 1);
    for (int i = 0; poll(fds, 2, -1) > 0; i++)
        tick(i);
    return unused;
}
static void connect_both_ends(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {1000, 0};
    socklen_t size = sizeof to;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    dialled = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&to, size) || listen(listener, 5) ||
        getsockname(listener, (struct sockaddr *)&to, &size) || connect(dialled, (struct sockaddr *)&to, size))
        exit(1);
    accepted = accept(listener, 0, 0);
    setsockopt(dialled, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    printf("%d ", ntohs(to.sin_port));
    getsockname(dialled, (struct sockaddr *)&to, &size);
    printf("%d %d ", accepted, ntohs(to.sin_port));
}
static void use_after_close(void)
{
    int fd = open("/dev/null", O_RDWR), spare = fcntl(fd, F_DUPFD, 200);
    char byte = 0;
    close(spare);
    (void)!write(spare, &byte, 1);
    close(fd);
}
int main(void)
{
    pthread_t t[3];
    connect_both_ends();
    use_after_close();
    if (pipe(one) || pipe(two))
        return 1;
    pthread_create(&t[0], 0, wait_for_answer, 0);
    pthread_create(&t[1], 0, run_loop, 0);
    pthread_create(&t[2], 0, wait_for_request, 0);
    printf("%d %d\n", dialled, listener);
    fflush(stdout);
    pthread_join(t[1], 0);
    return 0;
}
SOURCE
gcc -g -D_GNU_SOURCE fds.c -o fds -pthread || exit 1
"$KIWI" run --out=fds.trace ./fds >own &
process=$!
wait_until 60 grep -q ' ' own
in_place() {
    "$KIWI" threads fds.trace >out
    [ "$(grep -cE 'in +recv' out)" = 2 ] && grep -qE 'in +sleep' out
}
wait_until 60 in_place
read -r port accepted client dialled listener <own

run "$KIWI" show fds fds.trace
expect "the table" 0 "descriptors open$" ""
line() { # TITLE NUMBER PATTERN...: the lines of that descriptor have all patterns
    local title=$1 number=$2 pattern problems=""
    awk -v number="$number" '/^ *[0-9]+ [a-z]/ { on = $1 == number } /^$/ { on = 0 } on' out >block
    shift 2
    for pattern in "$@"; do
        grep -qE -- "$pattern" block || problems+="no '$pattern' in: $(cat block)"$'\n'
    done
    [ -z "$problems" ]
    case_result $? "$title" "$problems"
}
line "one that was dialled" "$dialled" "socket +[0-9.]+ m?s +0  connect_both_ends fds.c:[0-9]+ < main by T1" \
    "dialled, internet, receive timeout, 127.0.0.1:$port"
line "one that was accepted" "$accepted" "socket +[0-9.]+ m?s +0  connect_both_ends fds.c:[0-9]+ < main by T1" \
    "accepted, 127.0.0.1:$client"
line "one that listens" "$listener" "socket .* connect_both_ends fds.c" "listening, internet, bound"
line "one that was used after its end" 200 "use_after_close fds.c:[0-9]+ < main" "closed at use_after_close fds.c:[0-9]+ < main by T1" \
    "then used by write at use_after_close fds.c:[0-9]+ \(bad-fd\)"
check "closed ones behind the open ones" sh -c 'grep -nE "^ +200 " out | grep -qE "^1[0-9]:|^[2-9][0-9]:"'

run "$KIWI" threads fds.trace
thread() { # TITLE NAME PATTERN...
    local title=$1 name=$2 pattern problems=""
    awk -v RS= -v name="\"$name\"" 'index(substr($0, 1, index($0 "\n", "\n")), name)' out >block
    shift 2
    for pattern in "$@"; do
        grep -qE -- "$pattern" block || problems+="no '$pattern' in: $(cat block)"$'\n'
    done
    [ -z "$problems" ]
    case_result $? "$title" "$problems"
}
threads_are_right() { # WHEN [FOR]: of a killed process the time in its last call of all is not known
    thread "$1: what a call waits for, on which peer" asker \
        "in +recv on descriptor $dialled \(socket, dialled, internet, receive timeout, to 127.0.0.1:$port\)${2-}"
    thread "$1: the same of a client" server \
        "in +recv on descriptor $accepted \(socket, accepted, from 127.0.0.1:$client\)${2-}"
    thread "$1: a loop stuck in a tick" looper "in +sleep" "loop +poll at run_loop fds.c:[0-9]+, [0-9]+ ticks, the longest .*; in a tick${2-}"
}
threads_are_right live ' for '
kill -KILL "$(sed -nE 's/^fds \(pid ([0-9]+)\).*/\1/p' out)"
wait $process
run "$KIWI" threads fds.trace
threads_are_right killed
if command -v jq >/dev/null; then
    json() { check "JSON: $1" jq -e "$2" out; }
    run "$KIWI" show fds --top=0 --format=json fds.trace
    json "schema" '.schema == "kiwi-fds/1"'
    json "the peer" ".processes[0].descriptors[] | select(.fd == $dialled) |
        .peer == \"127.0.0.1:$port\" and .kind == \"socket\" and .open and .flags == [\"dialled\", \"internet\", \"receive timeout\"]"
    json "the peer of a client" ".processes[0].descriptors[] | select(.fd == $accepted) | .peer == \"127.0.0.1:$client\""
    json "its birth" ".processes[0].descriptors[] | select(.fd == $dialled) | .opened.site | startswith(\"connect_both_ends fds.c:\")"
    json "its age" ".processes[0].descriptors[] | select(.fd == $dialled) | .age_ns > 0 and .closed == null"
    json "a use after the end" '.processes[0].descriptors[] | select(.fd == 200) | (.open | not) and .used_after_close.call == "write" and .used_after_close.count == 1'
    json "how many are closed" '.processes[0].closed_in_all >= 1 and (.processes[0].descriptors | map(select(.open | not)) | length) == 1'
    run "$KIWI" threads --format=json fds.trace
    json "a call's peer" ".threads[] | select(.name == \"asker\") | .call.peer == \"127.0.0.1:$port\" and .call.descriptor_kind == \"socket\""
    json "a loop in a tick" '.threads[] | select(.name == "looper") | .loop | .call == "poll" and .in_tick and .ticks >= 10 and .for_ns > 0'
    json "no loop" '.threads[] | select(.name == "asker") | .loop == null'
fi
run "$KIWI" show fds --sort=age fds.trace
expect "by age" 0 "FD KIND" ""
run "$KIWI" show fds --sort=size fds.trace
expect "no such order" 2 "" "cannot sort fds by .size."
finish
