/* pthread_create, join and friends: attributes, errors, ends of every sort, thread-local destructors that take
 * locks. */
#include "transcript.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *give_back(void *value)
{
    return value;
}

static void *exit_with(void *value)
{
    pthread_exit(value);
}

static void *sleep_ms(void *ms)
{
    pause_ms((long)ms);
    return ms;
}

static struct turns turns;

/* Alive until it is told to end. */
static void *stay(void *value)
{
    turn_wait(&turns, 1);
    pause_ms(50);
    return value;
}

static pthread_t start_staying(const pthread_attr_t *attr)
{
    pthread_t id = 0;
    turns.step = 0;
    int error = pthread_create(&id, attr, stay, (void *)60);
    if (error)
        say("pthread_create failed: %s", error_name(error));
    return id;
}

static void joins(void)
{
    void *value;
    struct timespec until;
    say("-- joins");
    say("value %ld", (long)finish(start(give_back, (void *)41)));
    say("value %ld", (long)finish(start(exit_with, (void *)42)));
    pthread_t id = start_staying(NULL);
    outcome("tryjoin", pthread_tryjoin_np(id, &value));
    uint64_t since = now_ns();
    until = in_ms(CLOCK_REALTIME, 10);
    int error = pthread_timedjoin_np(id, &value, &until);
    say("timedjoin: %s, %s", error_name(error), waited(since, 9));
    until = in_ms(CLOCK_MONOTONIC, 5);
    outcome("clockjoin", pthread_clockjoin_np(id, &value, CLOCK_MONOTONIC, &until));
    outcome("clockjoin, bad clock", pthread_clockjoin_np(id, &value, 77, &until));
    since = now_ns();
    until = in_ms(CLOCK_MONOTONIC, 60000);
    turn_next(&turns, 1);
    outcome("clockjoin", pthread_clockjoin_np(id, &value, CLOCK_MONOTONIC, &until));
    say("value %ld, %s", (long)value, waited(since, 50));
    id = start(sleep_ms, (void *)5);
    outcome("timedjoin for ever", pthread_timedjoin_np(id, NULL, NULL));
    id = start(sleep_ms, (void *)5);
    until = (struct timespec){0, -1};
    outcome("timedjoin, bad time", pthread_timedjoin_np(id, NULL, &until)); /* waits all the same */
    id = start(give_back, NULL);
    while ((error = pthread_tryjoin_np(id, NULL)) == EBUSY)
        usleep(200);
    outcome("tryjoin", error);
}

static void join_errors(void)
{
    pthread_attr_t attr;
    pthread_t id;
    say("-- join errors");
    outcome("join of oneself", pthread_join(pthread_self(), NULL));
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    id = start_staying(&attr);
    outcome("join of a detached thread", pthread_join(id, NULL));
    outcome("tryjoin of a detached thread", pthread_tryjoin_np(id, NULL));
    outcome("detach again", pthread_detach(id));
    pthread_attr_destroy(&attr);
    turn_next(&turns, 1);
    pause_ms(60);
    id = start_staying(NULL);
    outcome("detach", pthread_detach(id));
    outcome("join", pthread_join(id, NULL));
    turn_next(&turns, 1);
    pause_ms(60);
}

static void *name_yourself(void *unused)
{
    char name[16];
    (void)unused;
    outcome("setname", pthread_setname_np(pthread_self(), "fifteen letters"));
    pthread_getname_np(pthread_self(), name, sizeof name);
    say("name %s", name);
    return NULL;
}

static void names(void)
{
    char name[16];
    say("-- names");
    outcome("setname too long", pthread_setname_np(pthread_self(), "sixteen letters!"));
    outcome("setname", pthread_setname_np(pthread_self(), "boss"));
    outcome("getname", pthread_getname_np(pthread_self(), name, sizeof name));
    outcome("getname, no room", pthread_getname_np(pthread_self(), name, 3));
    say("name %s", name);
    finish(start(name_yourself, NULL));
    pthread_t id = start_staying(NULL);
    outcome("setname of another", pthread_setname_np(id, "worker"));
    pthread_getname_np(id, name, sizeof name);
    say("name %s", name);
    turn_next(&turns, 1);
    finish(id);
}

static void *use_stack(void *bytes)
{
    volatile char *at = __builtin_alloca((size_t)bytes);
    for (size_t i = 0; i < (size_t)bytes; i += 512)
        at[i] = 1;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void attributes(void)
{
    pthread_attr_t attr;
    pthread_t id;
    size_t size = 64 << 10;
    say("-- attributes");
    pthread_attr_init(&attr);
    outcome("smallest stack", pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN));
    outcome("create", pthread_create(&id, &attr, use_stack, (void *)4000));
    finish(id);
    outcome("below the smallest", pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN - 1));
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    outcome("own stack", pthread_attr_setstack(&attr, stack, size));
    outcome("create", pthread_create(&id, &attr, use_stack, (void *)30000));
    finish(id);
    munmap(stack, size);
    pthread_attr_destroy(&attr);
    pthread_attr_init(&attr);
    outcome("guard of 64 KiB", pthread_attr_setguardsize(&attr, 64 << 10));
    outcome("create", pthread_create(&id, &attr, use_stack, (void *)100000));
    finish(id);
    outcome("huge stack", pthread_attr_setstacksize(&attr, (size_t)1 << 47));
    outcome("create", pthread_create(&id, &attr, use_stack, (void *)1000));
    pthread_attr_destroy(&attr);
}

static void without_room(void)
{
    struct rlimit all, few;
    getrlimit(RLIMIT_AS, &all);
    few = all;
    few.rlim_cur = 1;
    setrlimit(RLIMIT_AS, &few);
    pthread_t id;
    int error = pthread_create(&id, NULL, give_back, NULL);
    setrlimit(RLIMIT_AS, &all);
    outcome("create without memory", error);
    outcome("create with memory", pthread_create(&id, NULL, give_back, NULL));
    finish(id);
}

static pthread_key_t key;

static void key_gone(void *rounds)
{
    char *block = malloc(100);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    free(block);
    if ((long)rounds > 1)
        pthread_setspecific(key, (void *)((long)rounds - 1));
    say("key destructor, %ld to go", (long)rounds - 1);
}

static void *with_key(void *unused)
{
    outcome("setspecific", pthread_setspecific(key, (void *)4));
    return unused;
}

static void keys(void)
{
    say("-- keys");
    outcome("key_create", pthread_key_create(&key, key_gone));
    finish(start(with_key, NULL));
    outcome("key_delete", pthread_key_delete(key));
}

static void cleanup(void *text)
{
    pthread_mutex_lock(&mutex);
    say("cleanup %s", (const char *)text);
    pthread_mutex_unlock(&mutex);
}

static void *exit_inside(void *unused)
{
    (void)unused;
    pthread_cleanup_push(cleanup, "outer");
    pthread_cleanup_push(cleanup, "inner");
    pthread_exit((void *)5);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

/* A thread for each of many short tasks: nothing may be left behind that limits how many there can be. */
static void many(void)
{
    long wrong = 0;
    for (long i = 0; i < 3000; i += 20) {
        pthread_t ids[20];
        for (long j = 0; j < 20; j++)
            ids[j] = start(j % 2 ? exit_with : give_back, (void *)(i + j));
        for (long j = 0; j < 20; j++) {
            void *value;
            wrong += pthread_join(ids[j], &value) || value != (void *)(i + j);
        }
    }
    say("3000 threads, %ld wrong", wrong);
}

static void *outlive_main(void *main_thread)
{
    void *value;
    outcome("join of main", pthread_join(*(pthread_t *)main_thread, &value));
    say("main ended with %ld", (long)value);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    exit(9);
}

int main(void)
{
    static pthread_t self;
    joins();
    join_errors();
    names();
    attributes();
    without_room();
    keys();
    say("value %ld", (long)finish(start(exit_inside, NULL)));
    many();
    self = pthread_self();
    start(outlive_main, &self);
    pthread_exit((void *)8);
}
