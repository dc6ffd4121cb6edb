// expect: none
// allow: no-timeout chatty-io
// about: a client waits for each answer with poll and a time limit, then reads it from a blocking socket and thinks
#include "loop_case.h"
#include <poll.h>

static int inside, outside;

static void *serve(void *unused)
{
    char word;
    while ((word = hear(inside)) != 0) {
        nap_ms(5);
        say(inside, word);
    }
    return unused;
}

static FRAME void ask(void)
{
    struct pollfd p = {outside, POLLIN, 0};
    say(outside, 'q');
    require(poll(&p, 1, 5000) == 1, "poll");
    require(hear(outside) == 'q', "an answer");
}

int main(void)
{
    pair_make(&inside, &outside);
    pthread_t server = thread_start(serve, NULL);
    for (int i = 0; i < 12; i++) {
        ask();
        nap_ms(55);
    }
    shutdown(outside, SHUT_RDWR);
    thread_join(server);
    return 0;
}
