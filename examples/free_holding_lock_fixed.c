// expect: none
/*
 * The session of free_holding_lock.c, mended: the last user lets go of the lock, and then frees the session.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct session {
    char history[4000];
    pthread_mutex_t lock;
    int users;
    char draft[4000];
};

static __attribute__((noinline)) int session_leave(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    int left = --session->users;
    pthread_mutex_unlock(&session->lock);
    if (left == 0) {
        pthread_mutex_destroy(&session->lock);
        free(session);
    }
    return left;
}

static void *user(void *arg)
{
    session_leave(arg);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    struct session *session = calloc(1, sizeof *session);
    if (!session || pthread_mutex_init(&session->lock, NULL))
        return 1;
    session->users = 3;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, user, session))
            return 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("all have left\n");
    return 0;
}
