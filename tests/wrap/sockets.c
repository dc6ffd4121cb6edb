/* Socket calls: connected, refused, not ready, interrupted, broken, with every kind of message. */
#include "transcript.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static struct sockaddr_in address;

static int listen_somewhere(void)
{
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    bind(fd, (struct sockaddr *)&address, sizeof address);
    listen(fd, 4);
    getsockname(fd, (struct sockaddr *)&address, &length);
    return fd;
}

static struct turns turns;

/* Each step some time after it was asked for. */
static void *connect_later(void *unused)
{
    (void)unused;
    turn_wait(&turns, 1);
    pause_ms(20);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    long connected = connect(fd, (struct sockaddr *)&address, sizeof address);
    turn_wait(&turns, 2);
    pause_ms(20);
    long sent = send(fd, "hello", 5, 0);
    pause_ms(20);
    close(fd);
    return (void *)(connected * 100 + sent);
}

static void streams(void)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    char buffer[16] = "";
    int listener = listen_somewhere();
    say("-- streams");
    pthread_t client = start(connect_later, NULL);
    uint64_t since = now_ns();
    turn_next(&turns, 1);
    int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    say("accept4: %s, %s, peer is %s, close on exec %d", fd >= 0 ? "ok" : "failed", waited(since, 15),
        inet_ntoa(peer.sin_addr), fcntl(fd, F_GETFD) & FD_CLOEXEC);
    returned("recv, not waiting", recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    since = now_ns();
    turn_next(&turns, 2);
    returned("recv", recv(fd, buffer, sizeof buffer, 0));
    say("got %s, %s", buffer, waited(since, 10));
    returned("recv at the end", recv(fd, buffer, sizeof buffer, 0));
    say("connected and sent: %ld", (long)finish(client));
    returned("send, first", send(fd, "x", 1, MSG_NOSIGNAL));
    pause_ms(5);
    returned("send, second", send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    returned("accept, not ready", accept(listener, NULL, NULL));
    returned("accept4, bad flags", accept4(listener, NULL, NULL, 12345));
    close(listener);
    returned("accept of a closed descriptor", accept(listener, NULL, NULL));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    returned("connect, refused", connect(fd, (struct sockaddr *)&address, sizeof address));
    returned("connect, no address", connect(fd, (struct sockaddr *)&address, 1));
    returned("accept, not a listener", accept(fd, NULL, NULL));
    returned("recv, not connected", recv(fd, buffer, 1, 0));
    close(fd);
}

static void messages(void)
{
    int pair[2];
    char a[8] = "", b[8] = "";
    struct iovec out[2] = {{(char *)"one", 3}, {(char *)"two", 3}}, in[2] = {{a, 7}, {b, 7}};
    struct mmsghdr many[2] = {{.msg_hdr = {.msg_iov = &out[0], .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &out[1], .msg_iovlen = 1}}};
    struct mmsghdr got[2] = {{.msg_hdr = {.msg_iov = &in[0], .msg_iovlen = 1}},
                             {.msg_hdr = {.msg_iov = &in[1], .msg_iovlen = 1}}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    say("-- messages");
    returned("socketpair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    returned("sendmsg", sendmsg(pair[0], &message, 0));
    message.msg_iov = in;
    returned("recvmsg", recvmsg(pair[1], &message, 0));
    say("got %s and %s", a, b);
    returned("sendto", sendto(pair[0], "cut off", 7, 0, NULL, 0));
    in[0].iov_len = 3;
    message.msg_iovlen = 1;
    returned("recvmsg", recvmsg(pair[1], &message, 0));
    say("cut: %d", (message.msg_flags & MSG_TRUNC) != 0);
    returned("sendmmsg", sendmmsg(pair[0], many, 2, 0));
    returned("recvmmsg", recvmmsg(pair[1], got, 2, 0, NULL));
    say("got %.*s and %.*s", (int)got[0].msg_len, a, (int)got[1].msg_len, b);
    struct timespec soon = {0, 5000000};
    returned("recvmmsg, not waiting", recvmmsg(pair[1], got, 2, MSG_DONTWAIT, &soon));
    returned("recvfrom, not waiting", recvfrom(pair[1], a, 8, MSG_DONTWAIT, NULL, NULL));
    close(pair[0]);
    returned("send to nobody", send(pair[1], "x", 1, MSG_NOSIGNAL));
    returned("sendmsg, bad message", sendmsg(pair[1], NULL, MSG_NOSIGNAL));
    close(pair[1]);
}

static void nothing(int number)
{
    (void)number;
}

static void interrupted(void)
{
    int pair[2];
    char buffer[4];
    struct poke poke;
    struct timeval limit = {0, 15000};
    say("-- interrupted, and with a limit of its own");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return;
    handle(SIGALRM, nothing, 0);
    poke_start(&poke, SIGALRM);
    returned("recv", recv(pair[0], buffer, 4, 0));
    poke_end(&poke);
    int listener = listen_somewhere();
    poke_start(&poke, SIGALRM);
    returned("accept", accept(listener, NULL, NULL));
    poke_end(&poke);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    uint64_t since = now_ns();
    returned("recv", recv(pair[0], buffer, 4, 0));
    say("%s", waited(since, 12));
    static char much[1 << 20];
    limit.tv_usec = 5000;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    say("send of much: %s", send(pair[0], much, sizeof much, 0) < (ssize_t)sizeof much ? "a part" : "all");
    returned("send again", send(pair[0], much, sizeof much, 0));
    close(listener);
    close(pair[0]);
    close(pair[1]);
}

static void ends(void)
{
    char byte;
    int pair[2];
    struct sockaddr_in somewhere = {.sin_family = AF_INET};
    say("-- ends");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return;
    returned("shutdown", shutdown(pair[0], SHUT_WR));
    returned("recv", recv(pair[1], &byte, 1, 0));
    returned("shutdown, no such way", shutdown(pair[0], 9));
    returned("shutdown of nothing", shutdown(-1, SHUT_RD));
    close(pair[0]);
    close(pair[1]);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    returned("bind", bind(fd, (struct sockaddr *)&somewhere, sizeof somewhere));
    returned("bind again", bind(fd, (struct sockaddr *)&somewhere, sizeof somewhere));
    returned("bind, too short", bind(fd, (struct sockaddr *)&somewhere, 2));
    returned("bind of nothing", bind(-1, (struct sockaddr *)&somewhere, sizeof somewhere));
    close(fd);
}

static void alarms(void)
{
    struct itimerval once = {.it_value = {0, 5000}}, none = {0}, old;
    struct itimerspec later = {.it_value = {100, 0}}, wrong = {.it_value = {0, -1}};
    char byte;
    int pair[2];
    timer_t timer;
    say("-- alarms");
    handle(SIGALRM, nothing, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || timer_create(CLOCK_MONOTONIC, NULL, &timer))
        return;
    returned("setitimer", setitimer(ITIMER_REAL, &once, NULL));
    returned("recv", recv(pair[0], &byte, 1, 0));
    returned("alarm", (int)alarm(100));
    say("left: %d", alarm(0) > 90);
    returned("setitimer", setitimer(ITIMER_REAL, &none, &old));
    returned("setitimer, no such clock", setitimer(77, &none, &old));
    returned("timer_settime", timer_settime(timer, 0, &later, NULL));
    returned("timer_settime, wrong", timer_settime(timer, 0, &wrong, NULL));
    timer_delete(timer);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    streams();
    messages();
    interrupted();
    ends();
    alarms();
    return 0;
}
