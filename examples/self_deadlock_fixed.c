// expect: none
/*
 * The settings store of self_deadlock.c, mended: the listener is called after the unlock.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdio.h>

enum setting { SETTING_WORKERS, SETTING_QUEUE, SETTING_COUNT };

struct settings {
    pthread_mutex_t lock;
    int value[SETTING_COUNT];
    void (*listener)(struct settings *self, enum setting which);
};

static __attribute__((noinline)) int setting_get(struct settings *self, enum setting which)
{
    pthread_mutex_lock(&self->lock);
    int value = self->value[which];
    pthread_mutex_unlock(&self->lock);
    return value;
}

static __attribute__((noinline)) int setting_set(struct settings *self, enum setting which, int value)
{
    pthread_mutex_lock(&self->lock);
    int old = self->value[which];
    self->value[which] = value;
    void (*listener)(struct settings *, enum setting) = self->listener;
    pthread_mutex_unlock(&self->lock);
    if (listener)
        listener(self, which);
    return old;
}

static void resize_queue(struct settings *self, enum setting which)
{
    if (which == SETTING_WORKERS)
        printf("queue for %d requests\n", setting_get(self, SETTING_QUEUE) * 4);
}

static void *control(void *arg)
{
    setting_set(arg, SETTING_WORKERS, 8);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct settings settings = {.value = {4, 128}, .listener = resize_queue};
    if (pthread_mutex_init(&settings.lock, NULL) || pthread_create(&thread, NULL, control, &settings))
        return 1;
    pthread_join(thread, NULL);
    pthread_mutex_destroy(&settings.lock);
    return 0;
}
