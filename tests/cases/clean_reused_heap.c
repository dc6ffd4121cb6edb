// expect: none
// about: parent and child objects are freed without destroy; the next pair gets the same two blocks in exchanged roles
#include "case.h"

struct object {
    pthread_mutex_t lock;
    int value;
    char room[160];
};

static int turn;

static struct object *object_new(void)
{
    struct object *object = malloc(sizeof *object);
    require(object != NULL, "memory");
    *object = (struct object){.lock = PTHREAD_MUTEX_INITIALIZER};
    return object;
}

static FRAME int parent_update(struct object *parent, struct object *child)
{
    pthread_mutex_lock(&parent->lock);
    pthread_mutex_lock(&child->lock);
    int n = child->value = ++parent->value;
    pthread_mutex_unlock(&child->lock);
    pthread_mutex_unlock(&parent->lock);
    return n;
}

static void *family(void *arg)
{
    int id = *(int *)arg;
    for (int i = 0; i < 40; i++) {
        stage_await(&turn, 2 * i + id); /* in turns, so that the two threads share the blocks one after the other */
        struct object *a = object_new(), *b = object_new();
        int lower_is_parent = (a < b) == (id == 0);
        struct object *parent = lower_is_parent ? a : b, *child = lower_is_parent ? b : a;
        parent_update(parent, child);
        free(child);
        free(parent);
        stage_arrive(&turn);
    }
    stage_await(&turn, 80);
    return NULL;
}

int main(void)
{
    int id[2] = {0, 1};
    pthread_t a = thread_start(family, &id[0]), b = thread_start(family, &id[1]);
    thread_join(a);
    thread_join(b);
    return turn != 80;
}
