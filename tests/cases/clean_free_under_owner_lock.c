// expect: none
// about: nodes with locks of their own are freed, and moved by realloc, under the lock of the list, never under their own
#include "case.h"

struct node {
    struct node *next;
    pthread_mutex_t lock;
    pthread_spinlock_t spin;
    int value;
};

struct list {
    pthread_mutex_t lock;
    struct node *head;
    pthread_mutex_t *marks; /* grown by realloc, while none of them is held */
    size_t marks_count;
};

static struct list *list;

static FRAME void add(int value)
{
    struct node *n = calloc(1, sizeof *n);
    require(n != NULL, "memory");
    must(pthread_mutex_init(&n->lock, NULL), "init");
    must(pthread_spin_init(&n->spin, 0), "spin_init");
    pthread_mutex_lock(&list->lock);
    pthread_mutex_lock(&n->lock);
    n->value = value;
    n->next = list->head;
    list->head = n;
    pthread_mutex_unlock(&n->lock);
    list->marks = realloc(list->marks, (list->marks_count + 1) * sizeof *list->marks);
    must(pthread_mutex_init(&list->marks[list->marks_count], NULL), "init");
    pthread_mutex_lock(&list->marks[list->marks_count]);
    pthread_mutex_unlock(&list->marks[list->marks_count]);
    list->marks_count++;
    pthread_mutex_unlock(&list->lock);
}

static FRAME void take(void)
{
    pthread_mutex_lock(&list->lock);
    struct node *n = list->head;
    if (n) {
        pthread_spin_lock(&n->spin);
        list->head = n->next;
        pthread_spin_unlock(&n->spin);
        free(n); /* without destroy, but nobody holds it */
    }
    pthread_mutex_unlock(&list->lock);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 200; i++) {
        add(i);
        take();
    }
    return arg;
}

int main(void)
{
    list = calloc(1, sizeof *list);
    require(list != NULL, "memory");
    must(pthread_mutex_init(&list->lock, NULL), "init");
    pthread_t a = thread_start(worker, NULL), b = thread_start(worker, NULL);
    thread_join(a);
    thread_join(b);
    free(list->marks);
    free(list);
    return 0;
}
