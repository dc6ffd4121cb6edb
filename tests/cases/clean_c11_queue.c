// expect: none
// about: a queue of C11 mutexes, conditions and threads; the recursive lock is always taken before the queue's
#include "case.h"
#include <threads.h>

static mtx_t queue_lock, state_lock;
static cnd_t not_empty;
static once_flag prepared = ONCE_FLAG_INIT;
static int queued, done, states;

static void prepare(void)
{
    require(mtx_init(&queue_lock, mtx_plain) == thrd_success, "mtx_init");
    require(mtx_init(&state_lock, mtx_plain | mtx_recursive) == thrd_success, "mtx_init");
    require(cnd_init(&not_empty) == thrd_success, "cnd_init");
}

static FRAME void state_change(void)
{
    mtx_lock(&state_lock);
    states++;
    mtx_unlock(&state_lock);
}

static FRAME void push(void)
{
    mtx_lock(&state_lock);
    state_change();
    mtx_lock(&queue_lock);
    queued++;
    cnd_signal(&not_empty);
    mtx_unlock(&queue_lock);
    mtx_unlock(&state_lock);
}

static int worker(void *arg)
{
    call_once(&prepared, prepare);
    mtx_lock(&queue_lock);
    while (done < 200) {
        while (!queued && done < 200)
            cnd_wait(&not_empty, &queue_lock);
        if (queued) {
            queued--;
            done++;
        }
    }
    cnd_broadcast(&not_empty);
    mtx_unlock(&queue_lock);
    (void)arg;
    return 0;
}

int main(void)
{
    thrd_t threads[3];
    call_once(&prepared, prepare);
    for (int i = 0; i < 3; i++)
        require(thrd_create(&threads[i], worker, NULL) == thrd_success, "thrd_create");
    for (int i = 0; i < 200; i++)
        push();
    for (int i = 0; i < 3; i++)
        thrd_join(threads[i], NULL);
    return states != 200;
}
