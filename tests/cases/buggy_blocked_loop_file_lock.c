// expect: blocked-loop HIGH
// where: blocked-loop on_client
// about: an epoll loop locks a file that another opening of it keeps locked while the file is rotated
#include "loop_case.h"
#include <fcntl.h>
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
    epoll_serve(inside, CLIENTS, 0, on_client);
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
