/* What -D_FORTIFY_SOURCE=2 makes of the calls: the same results, and the same end when a buffer is too small. */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#include "transcript.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/socket.h>

static int ends[2], pair[2];
static volatile size_t eight = 8, hundred = 100;
static volatile nfds_t two = 2, three = 3;

static void fits(void)
{
    char buffer[16];
    struct pollfd p[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    struct timespec none = {0, 0};
    returned("write", write(ends[1], "12345678", 8));
    returned("write", write(pair[1], "abcdefgh", 8));
    returned("write", write(pair[1], "ijklmnop", 8));
    returned("poll", poll(p, two, 0));
    returned("ppoll", ppoll(p, two, &none, NULL));
    returned("read", read(ends[0], buffer, eight));
    returned("recv", recv(pair[0], buffer, eight, 0));
    returned("recvfrom", recvfrom(pair[0], buffer, eight, 0, NULL, NULL));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    returned("read", read(ends[0], buffer, eight));
    returned("read of a closed descriptor", read(987, buffer, eight));
    returned("recv", recv(pair[0], buffer, eight, MSG_DONTWAIT));
}

static void streams(void)
{
    char text[] = "first\nsecond", buffer[16] = "";
    FILE *stream = fmemopen(text, sizeof text - 1, "r");
    returned("pread of a pipe", pread(ends[0], buffer, eight, 0));
    say("fgets %s", fgets(buffer, (int)eight, stream));
    returned("fread", (long)fread(buffer, 1, eight, stream));
    returned("printf", printf("%d %f %s\n", 1, 2.5, buffer));
    returned("fprintf", fprintf(stdout, "%s %g\n", buffer, 0.25));
    fclose(stream);
}

static void too_small_pread(void)
{
    char buffer[16];
    returned("pread", pread(ends[0], buffer, hundred, 0));
}
static void too_small_fgets(void)
{
    char buffer[16];
    say("%s", fgets(buffer, (int)hundred, stdin));
}
static void too_small_fread(void)
{
    char buffer[16];
    returned("fread", (long)fread(buffer, 1, hundred, stdin));
}
static void format_in_memory(void)
{
    char format[8] = "%n", *volatile f = format;
    int n;
    returned("printf", printf(f, &n));
}

static void too_small_read(void)
{
    char buffer[16];
    returned("read", read(ends[0], buffer, hundred));
}
static void too_small_recv(void)
{
    char buffer[16];
    returned("recv", recv(pair[0], buffer, hundred, MSG_DONTWAIT));
}
static void too_small_recvfrom(void)
{
    char buffer[16];
    returned("recvfrom", recvfrom(pair[0], buffer, hundred, MSG_DONTWAIT, NULL, NULL));
}
static void too_small_poll(void)
{
    struct pollfd p[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    returned("poll", poll(p, three, 0));
}
static void too_small_ppoll(void)
{
    struct pollfd p[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    struct timespec none = {0, 0};
    returned("ppoll", ppoll(p, three, &none, NULL));
}

static jmp_buf gone;

static __attribute__((noinline)) void leave_behind(void)
{
    volatile char room[4096] = "";
    if (setjmp(gone))
        say("not reached");
    (void)room[0];
}

/* __longjmp_chk finds that the frame to jump to has returned. */
static void jump_down(void)
{
    leave_behind();
    longjmp(gone, 1);
}

static void jump_up(void)
{
    jmp_buf here;
    int n = setjmp(here);
    if (n < 3)
        longjmp(here, n + 1);
    say("jumped %d times", n);
}

int main(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (pipe(ends) || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
        return 1;
    fits();
    streams();
    jump_up();
    in_child("read into too little", too_small_read);
    in_child("pread into too little", too_small_pread);
    in_child("fgets into too little", too_small_fgets);
    in_child("fread into too little", too_small_fread);
    in_child("printf with %n in memory", format_in_memory);
    in_child("recv into too little", too_small_recv);
    in_child("recvfrom into too little", too_small_recvfrom);
    in_child("poll of too few", too_small_poll);
    in_child("ppoll of too few", too_small_ppoll);
    in_child("jump to a frame that is gone", jump_down);
    return 0;
}
