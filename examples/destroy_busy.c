// expect: destroy-busy CRITICAL
// where: destroy-busy plugin_unload
/*
 * A plugin is unloaded while a request is still inside it: plugin_unload() destroys the plugin's mutex without waiting
 * for the thread that holds it, and drops the EBUSY that pthread_mutex_destroy returns.
 *
 * Kiwi prints destroy-busy (CRITICAL): who destroyed the mutex, who held it, and where each of them was.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

struct plugin {
    pthread_mutex_t lock;
    long rendered;
    int loaded;
};

static struct plugin plugin;
static atomic_int stage; /* 1: a request is inside the plugin, 2: the plugin was unloaded */

static __attribute__((noinline)) long plugin_render(struct plugin *self)
{
    pthread_mutex_lock(&self->lock);
    atomic_store(&stage, 1);
    while (atomic_load(&stage) != 2) {
        self->rendered++;
        sched_yield();
    }
    long rendered = self->rendered;
    pthread_mutex_unlock(&self->lock);
    return rendered;
}

static __attribute__((noinline)) void plugin_unload(struct plugin *self)
{
    pthread_mutex_destroy(&self->lock);
    self->loaded = 0;
}

static void *request(void *arg)
{
    (void)arg;
    plugin_render(&plugin);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    plugin.loaded = 1;
    if (pthread_mutex_init(&plugin.lock, NULL) || pthread_create(&thread, NULL, request, NULL))
        return 1;
    while (atomic_load(&stage) != 1)
        sched_yield();
    plugin_unload(&plugin);
    atomic_store(&stage, 2);
    pthread_join(thread, NULL);
    printf("plugin %s\n", plugin.loaded ? "loaded" : "gone");
    return 0;
}
