/* Keys for thread-specific data: their numbers, how many there are, and what becomes of their values. */
#include "transcript.h"

#include <limits.h>

static pthread_key_t keys[PTHREAD_KEYS_MAX];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int destroyed;

static void destroy(void *value)
{
    pthread_mutex_lock(&m);
    destroyed += value == &destroyed;
    pthread_mutex_unlock(&m);
}

static void *use_all(void *made)
{
    int n = *(int *)made, wrong = 0;
    for (int i = 0; i < n; i++)
        wrong += pthread_getspecific(keys[i]) != NULL;
    for (int i = 0; i < n; i++)
        wrong += pthread_setspecific(keys[i], &destroyed) != 0;
    for (int i = 0; i < n; i++)
        wrong += pthread_getspecific(keys[i]) != &destroyed;
    say("wrong: %d", wrong);
    return NULL;
}

int main(void)
{
    int made = 0, error;
    finish(start(use_all, &made)); /* begins while Kiwi still has its key */
    while ((error = pthread_key_create(&keys[made < PTHREAD_KEYS_MAX ? made : 0], destroy)) == 0)
        made++;
    say("%d keys, the first is %u, then %s", made, keys[0], error_name(error));
    for (int i = 0; i < 3; i++)
        finish(start(use_all, &made));
    say("%d destroyed", destroyed);
    returned("delete", pthread_key_delete(keys[made - 1]));
    returned("create", pthread_key_create(&keys[0], NULL));
    returned("create another", pthread_key_create(&keys[0], NULL));
    for (int i = 0; i < 300; i++) /* more threads than slots: each must give its own back */
        if (pthread_join(start((void *(*)(void *))(void *)pthread_self, NULL), NULL))
            say("join failed");
    return 0;
}
