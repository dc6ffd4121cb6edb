// expect: none
/*
 * The plugin of destroy_busy.c, mended: the unloading thread waits for the request before it destroys the mutex.
 *
 * Kiwi prints no finding.
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
static atomic_int stage; /* 1: a request is inside the plugin, 2: the plugin is to go */

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
    atomic_store(&stage, 2);
    pthread_join(thread, NULL);
    plugin_unload(&plugin);
    printf("plugin %s\n", plugin.loaded ? "loaded" : "gone");
    return 0;
}
