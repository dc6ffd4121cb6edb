// expect: none
// about: one thread takes two locks in both orders; the others only ever take one at a time
#include "case.h"

static pthread_mutex_t head_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t tail_lock = PTHREAD_MUTEX_INITIALIZER;
static int head, tail;

static FRAME int rotate_forward(void)
{
    pthread_mutex_lock(&head_lock);
    pthread_mutex_lock(&tail_lock);
    int n = tail = head;
    pthread_mutex_unlock(&tail_lock);
    pthread_mutex_unlock(&head_lock);
    return n;
}

static FRAME int rotate_back(void)
{
    pthread_mutex_lock(&tail_lock);
    pthread_mutex_lock(&head_lock);
    int n = head = tail;
    pthread_mutex_unlock(&head_lock);
    pthread_mutex_unlock(&tail_lock);
    return n;
}

static void *rotator(void *arg)
{
    for (int i = 0; i < 100; i++)
        *(int *)arg += i % 2 ? rotate_forward() : rotate_back();
    return NULL;
}

static void *pusher(void *arg)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&head_lock);
        head++;
        pthread_mutex_unlock(&head_lock);
        pthread_mutex_lock(&tail_lock);
        tail++;
        pthread_mutex_unlock(&tail_lock);
    }
    return arg;
}

int main(void)
{
    int n = 0;
    pthread_t a = thread_start(rotator, &n), b = thread_start(pusher, NULL), c = thread_start(pusher, NULL);
    thread_join(a);
    thread_join(b);
    thread_join(c);
    return head < 0;
}
