// expect: none
// about: the first reader takes the room and the last one gives it back, never two at a time; turnstiles of a barrier; tries
// in the other order; and one that another thread gives back in the end
#include "case.h"

#include <semaphore.h>

static sem_t mutex, room, in, out, left, right, turn;
static int readers, arrived, stage;

static FRAME void enter(void)
{
    sem_wait(&mutex);
    if (++readers == 1)
        sem_wait(&room);
    sem_post(&mutex);
}

static FRAME void leave(void)
{
    sem_wait(&mutex);
    if (--readers == 0)
        sem_post(&room);
    sem_post(&mutex);
}

/* Of two threads: `in` begins closed, `out` open, and whoever comes last turns both. */
static FRAME void meet(void)
{
    sem_wait(&mutex);
    if (++arrived == 2) {
        sem_wait(&out);
        sem_post(&in);
    }
    sem_post(&mutex);
    sem_wait(&in);
    sem_post(&in);
    sem_wait(&mutex);
    if (--arrived == 0) {
        sem_wait(&in);
        sem_post(&out);
    }
    sem_post(&mutex);
    sem_wait(&out);
    sem_post(&out);
}

static FRAME void forth(void)
{
    sem_wait(&left);
    sem_wait(&right);
    sem_post(&right);
    sem_post(&left);
}

static FRAME void back(void)
{
    sem_wait(&right);
    if (sem_trywait(&left) == 0)
        sem_post(&left);
    sem_post(&right);
}

static FRAME void give_turn(pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    sem_wait(&turn);
    pthread_mutex_unlock(lock);
}

static FRAME void take_turn(pthread_mutex_t *lock)
{
    sem_post(&turn); /* of the other thread */
    sem_wait(&turn);
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    sem_post(&turn);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *one(void *arg)
{
    for (int i = 0; i < 20; i++) {
        enter();
        leave();
        forth();
    }
    give_turn(&lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    for (int i = 0; i < 50; i++)
        meet();
    return arg;
}

static void *other(void *arg)
{
    stage_await(&stage, 1);
    for (int i = 0; i < 20; i++) {
        enter();
        leave();
        back();
    }
    take_turn(&lock);
    stage_reach(&stage, 2);
    for (int i = 0; i < 50; i++)
        meet();
    return arg;
}

int main(void)
{
    sem_t *open[] = {&mutex, &room, &out, &left, &right, &turn};
    for (unsigned i = 0; i < sizeof open / sizeof *open; i++)
        require(sem_init(open[i], 0, 1) == 0, "sem_init");
    require(sem_init(&in, 0, 0) == 0, "sem_init");
    pthread_t a = thread_start(one, NULL), b = thread_start(other, NULL);
    thread_join(a);
    thread_join(b);
    return 0;
}
