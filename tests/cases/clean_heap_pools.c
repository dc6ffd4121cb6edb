// expect: none
// options: heap=exact
// about: elements of a pool are written to after they went back to it, a lock is destroyed and freed by its last user, and freed addresses come back as blocks of another size
#include "case.h"

#define MESSAGES 64

struct message {
    struct message *next;
    char text[56];
};

struct pool {
    pthread_mutex_t lock;
    struct message *block, *unused;
};

static FRAME struct pool *pool_new(void)
{
    struct pool *p = calloc(1, sizeof *p);
    require(p && (p->block = calloc(MESSAGES, sizeof *p->block)), "memory");
    must(pthread_mutex_init(&p->lock, NULL), "pthread_mutex_init");
    for (int i = 0; i < MESSAGES; i++) {
        p->block[i].next = p->unused;
        p->unused = &p->block[i];
    }
    return p;
}

static FRAME void use(struct pool *p, int times)
{
    for (int i = 0; i < times; i++) {
        pthread_mutex_lock(&p->lock);
        struct message *m = p->unused;
        p->unused = m->next;
        pthread_mutex_unlock(&p->lock);
        snprintf(m->text, sizeof m->text, "message %d", i);
        pthread_mutex_lock(&p->lock);
        memset(m->text, 0xdd, sizeof m->text);
        m->next = p->unused;
        p->unused = m;
        pthread_mutex_unlock(&p->lock);
    }
}

static FRAME void pool_free(struct pool *p)
{
    must(pthread_mutex_destroy(&p->lock), "pthread_mutex_destroy");
    free(p->block);
    free(p);
}

static void *worker(void *pool)
{
    use(pool, 2000);
    return NULL;
}

int main(void)
{
    char *blocks[100] = {NULL};
    for (int round = 0; round < 20; round++) {
        struct pool *p = pool_new();
        pthread_t t;
        must(pthread_create(&t, NULL, worker, p), "pthread_create");
        use(p, 2000);
        must(pthread_join(t, NULL), "pthread_join");
        pool_free(p);
        for (int i = 0; i < 100; i++) {
            free(blocks[i]);
            blocks[i] = malloc((size_t)(round * 131 + i * 17) % 3000 + 1);
            require(blocks[i] != NULL, "memory");
            blocks[i][0] = 1;
        }
    }
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    puts("done");
    return 0;
}
