// expect: none
// about: a list is walked hand over hand; its nodes lie in one pool in no order
#include "case.h"

#define NODES 24

static struct node {
    pthread_mutex_t lock;
    struct node *next;
    int visits;
} pool[NODES], *head;

static FRAME void walk(void)
{
    struct node *at = head;
    pthread_mutex_lock(&at->lock);
    while (at->next) {
        struct node *next = at->next;
        pthread_mutex_lock(&next->lock);
        at->visits++;
        pthread_mutex_unlock(&at->lock);
        at = next;
    }
    pthread_mutex_unlock(&at->lock);
}

static void *walker(void *arg)
{
    for (int i = 0; i < 50; i++)
        walk();
    return arg;
}

int main(void)
{
    for (int i = 0; i < NODES; i++) {
        must(pthread_mutex_init(&pool[i].lock, NULL), "pthread_mutex_init");
        pool[i * 7 % NODES].next = i + 1 < NODES ? &pool[(i + 1) * 7 % NODES] : NULL;
    }
    head = &pool[0];
    pthread_t a = thread_start(walker, NULL), b = thread_start(walker, NULL);
    thread_join(a);
    thread_join(b);
    return 0;
}
