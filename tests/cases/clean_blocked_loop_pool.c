// expect: none
// about: an epoll loop hands slow work to a thread, which tells it by an eventfd when the work is done
#include "loop_case.h"
#include <stdint.h>
#include <sys/eventfd.h>

#define CLIENTS 3
#define DONE CLIENTS

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static int queued, stop, inside[CLIENTS + 1], outside[CLIENTS];

static void *work(void *unused)
{
    const uint64_t one = 1;
    must(pthread_mutex_lock(&queue_lock), "lock");
    while (!stop || queued) {
        if (!queued) {
            must(pthread_cond_wait(&queue_filled, &queue_lock), "wait");
            continue;
        }
        queued--;
        must(pthread_mutex_unlock(&queue_lock), "unlock");
        nap_ms(70);
        require(write(inside[DONE], &one, sizeof one) == sizeof one, "write");
        must(pthread_mutex_lock(&queue_lock), "lock");
    }
    must(pthread_mutex_unlock(&queue_lock), "unlock");
    return unused;
}

static void hand_over(void)
{
    must(pthread_mutex_lock(&queue_lock), "lock");
    queued++;
    must(pthread_cond_signal(&queue_filled), "signal");
    must(pthread_mutex_unlock(&queue_lock), "unlock");
}

static int on_event(int i)
{
    uint64_t count;
    char word;
    if (i == DONE)
        return read(inside[DONE], &count, sizeof count) == sizeof count;
    word = hear_now(inside[i]);
    if (word == 'x')
        hand_over();
    return word != 0;
}

static void *run_loop(void *unused)
{
    epoll_serve(inside, CLIENTS, 1, on_event);
    return unused;
}

int main(void)
{
    inside[DONE] = eventfd(0, 0); /* blocking, but only read when it is ready */
    for (int i = 0; i < CLIENTS; i++)
        pair_make(&inside[i], &outside[i]);
    pthread_t worker = thread_start(work, NULL), loop = thread_start(run_loop, NULL);
    for (int i = 0; i < 30; i++) {
        say(outside[i % CLIENTS], i % 7 == 0 ? 'x' : 'q');
        nap_ms(10);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(loop);
    must(pthread_mutex_lock(&queue_lock), "lock");
    stop = 1;
    must(pthread_cond_signal(&queue_filled), "signal");
    must(pthread_mutex_unlock(&queue_lock), "unlock");
    thread_join(worker);
    return 0;
}
