// expect: none
// about: lock coupling along a sorted list; removed nodes are freed and come back at other places of the list
#include "case.h"

struct node {
    pthread_mutex_t lock;
    struct node *next;
    int key;
};

static struct node list = {.lock = PTHREAD_MUTEX_INITIALIZER, .key = -1};

/* Returns the last node with a smaller key, locked. */
static FRAME struct node *seek(int key)
{
    struct node *at = &list;
    pthread_mutex_lock(&at->lock);
    while (at->next && at->next->key < key) {
        struct node *next = at->next;
        pthread_mutex_lock(&next->lock);
        pthread_mutex_unlock(&at->lock);
        at = next;
    }
    return at;
}

static FRAME int list_add(int key)
{
    struct node *at = seek(key);
    int added = !at->next || at->next->key != key;
    if (added) {
        struct node *node = calloc(1, sizeof *node);
        require(node != NULL, "memory");
        must(pthread_mutex_init(&node->lock, NULL), "init");
        node->key = key;
        node->next = at->next;
        at->next = node;
    }
    pthread_mutex_unlock(&at->lock);
    return added;
}

static FRAME int list_remove(int key)
{
    struct node *at = seek(key), *node = at->next;
    int found = node && node->key == key;
    if (found) {
        pthread_mutex_lock(&node->lock);
        at->next = node->next;
        pthread_mutex_unlock(&node->lock);
        pthread_mutex_destroy(&node->lock);
        free(node);
    }
    pthread_mutex_unlock(&at->lock);
    return found;
}

static void *editor(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    for (int i = 0; i < 3000; i++) {
        int key = rand_r(&seed) % 12;
        if (rand_r(&seed) % 2)
            list_add(key);
        else
            list_remove(key);
    }
    return NULL;
}

int main(void)
{
    unsigned seed[2] = {1, 2};
    pthread_t a = thread_start(editor, &seed[0]), b = thread_start(editor, &seed[1]);
    thread_join(a);
    thread_join(b);
    for (int key = 0; key < 12; key++)
        list_remove(key);
    return list.next != NULL;
}
