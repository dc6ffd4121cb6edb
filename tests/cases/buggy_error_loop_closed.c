// expect: error-loop
// where: error-loop pump
// about: one thread closes the socket, the other does not look at the error and reads on and on
#include "case.h"

#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 40000

static int ends[2];

static FRAME long pump(void)
{
    char text[64];
    long got = 0;
    for (int i = 0; i < ROUNDS; i++) {
        got += read(ends[0], text, sizeof text) > 0;
        if (i > ROUNDS / 2 && i % 200 == 0)
            nap_ms(2);
    }
    return got;
}

static void *reader(void *arg)
{
    require(pump() == 1, "one message");
    return arg;
}

int main(void)
{
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    require(write(ends[1], "x", 1) == 1, "write");
    pthread_t thread = thread_start(reader, NULL);
    nap_ms(100);
    require(shutdown(ends[0], SHUT_RDWR) == 0, "shutdown");
    require(close(ends[0]) == 0, "close");
    thread_join(thread);
    return 0;
}
