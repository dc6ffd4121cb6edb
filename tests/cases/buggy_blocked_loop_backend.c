// expect: blocked-loop HIGH
// where: blocked-loop ask_backend
// allow: no-timeout chatty-io
// about: the handler of a poll loop over four clients asks a backend and reads its answer with a blocking read
#include "loop_case.h"
#include <poll.h>

#define CLIENTS 4

static int inside[CLIENTS], outside[CLIENTS], to_backend, backend;

static void *serve_backend(void *unused)
{
    char word;
    while ((word = hear(backend)) != 0) {
        nap_ms(60);
        say(backend, word);
    }
    return unused;
}

static FRAME char ask_backend(char word)
{
    say(to_backend, word);
    return read(to_backend, &word, 1) == 1 ? word : 0;
}

static FRAME int on_client(int i)
{
    char word = hear_now(inside[i]);
    if (word == 'x')
        require(ask_backend(word) == 'x', "an answer");
    return word != 0;
}

static void *run_loop(void *unused)
{
    struct pollfd fds[CLIENTS];
    int open = CLIENTS;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = (struct pollfd){inside[i], POLLIN, 0};
    while (open > 0) {
        require(poll(fds, CLIENTS, -1) > 0, "poll");
        for (int i = 0; i < CLIENTS; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !on_client(i)) {
                fds[i].fd = -1;
                open--;
            }
    }
    return unused;
}

int main(void)
{
    for (int i = 0; i < CLIENTS; i++)
        pair_make(&inside[i], &outside[i]);
    pair_make(&to_backend, &backend);
    pthread_t other = thread_start(serve_backend, NULL), loop = thread_start(run_loop, NULL);
    for (int i = 0; i < 24; i++) {
        say(outside[i % CLIENTS], i > 8 && i % 3 == 0 ? 'x' : 'q');
        nap_ms(15);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(loop);
    close(to_backend);
    thread_join(other);
    return 0;
}
