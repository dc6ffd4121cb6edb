// expect: blocked-loop HIGH
// where: blocked-loop on_client
// about: an epoll loop locks a file that another opening of it keeps locked while the file is rotated
#include "loop_case.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>

#define CLIENTS 3

static char name[] = "/tmp/kiwi-case-XXXXXX";
static int journal;
static int inside[CLIENTS], outside[CLIENTS];
static int rotating, done;

static void *rotate(void *unused)
{
    int again = open(name, O_RDWR);
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        require(flock(again, LOCK_EX) == 0, "lock");
        __atomic_store_n(&rotating, 1, __ATOMIC_SEQ_CST);
        nap_ms(90);
        __atomic_store_n(&rotating, 0, __ATOMIC_SEQ_CST);
        flock(again, LOCK_UN);
        nap_ms(30);
    }
    close(again);
    return unused;
}

static FRAME int on_client(int i)
{
    char word = hear_now(inside[i]);
    if (word == 'x') {
        require(flock(journal, LOCK_EX) == 0, "lock");
        flock(journal, LOCK_UN);
    }
    return word != 0;
}

static void *run_loop(void *unused)
{
    int set = epoll_create1(0), open = CLIENTS;
    for (int i = 0; i < CLIENTS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = (unsigned)i}};
        require(epoll_ctl(set, EPOLL_CTL_ADD, inside[i], &event) == 0, "epoll_ctl");
    }
    while (open > 0) {
        struct epoll_event events[4];
        int n = epoll_wait(set, events, 4, -1);
        for (int k = 0; k < n; k++)
            if (!on_client((int)events[k].data.u32)) {
                epoll_ctl(set, EPOLL_CTL_DEL, inside[events[k].data.u32], NULL);
                open--;
            }
    }
    close(set);
    return unused;
}

int main(void)
{
    journal = mkstemp(name);
    for (int i = 0; i < CLIENTS; i++)
        pair_make(&inside[i], &outside[i]);
    pthread_t loop = thread_start(run_loop, NULL);
    for (int i = 0; i < 9; i++)
        say(outside[i % CLIENTS], 'q'), nap_ms(3);
    pthread_t rotator = thread_start(rotate, NULL);
    for (int i = 0; i < 6; i++) {
        stage_await(&rotating, 1);
        nap_ms(3);
        say(outside[i % CLIENTS], 'x');
        say(outside[(i + 1) % CLIENTS], 'q');
        nap_ms(110);
    }
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    thread_join(rotator);
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(loop);
    unlink(name);
    return close(journal);
}
