// expect: none
// uses: glib-2.0
// about: a new item with a GRecMutex of its own, locked, enters the registry; others find it there, the other way around
#include <glib.h>

#define ITEMS 20

struct item {
    GRecMutex lock;
    int changes;
};

static GMutex registry_lock;
static struct item *newest;
static int entered;

static struct item *item_new(void)
{
    struct item *item = g_new0(struct item, 1);

    g_rec_mutex_init(&item->lock);
    return item;
}

static gpointer enter(gpointer unused)
{
    for (int i = 0; i < ITEMS; i++) {
        struct item *item = item_new();

        g_rec_mutex_lock(&item->lock);
        g_mutex_lock(&registry_lock);
        newest = item;
        g_mutex_unlock(&registry_lock);
        g_rec_mutex_unlock(&item->lock);
        g_atomic_int_inc(&entered);
    }
    return unused;
}

static gpointer change(gpointer unused)
{
    while (g_atomic_int_get(&entered) < ITEMS)
        g_thread_yield();
    g_mutex_lock(&registry_lock);
    g_rec_mutex_lock(&newest->lock);
    newest->changes++;
    g_rec_mutex_unlock(&newest->lock);
    g_mutex_unlock(&registry_lock);
    return unused;
}

int main(void)
{
    GThread *maker = g_thread_new("maker", enter, NULL), *user = g_thread_new("user", change, NULL);

    g_thread_join(maker);
    g_thread_join(user);
    return newest->changes != 1;
}
