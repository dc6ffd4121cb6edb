// expect: heap-leak LOW
// where: heap-leak submit
// options: heap=exact
// about: the consumer frees the queue's nodes but not what they carry; the process exits while it waits for more
#include "case.h"

struct job {
    struct job *next;
    char *payload;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static int done;

static FRAME void submit(int i)
{
    struct job *j = malloc(sizeof *j);
    j->payload = malloc(150 + (size_t)i % 50);
    snprintf(j->payload, 150, "payload %d", i);
    pthread_mutex_lock(&lock);
    j->next = jobs;
    jobs = j;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
}

static void *consumer(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!jobs)
            pthread_cond_wait(&filled, &lock);
        struct job *j = jobs;
        jobs = j->next;
        pthread_mutex_unlock(&lock);
        free(j);
        stage_arrive(&done);
    }
    return unused;
}

int main(void)
{
    pthread_detach(thread_start(consumer, NULL));
    for (int i = 0; i < 500; i++) {
        submit(i);
        if (i % 50 == 0)
            nap_ms(5);
    }
    stage_await(&done, 500);
    puts("all done");
    exit(0);
}
