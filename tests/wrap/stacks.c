/* Two paths to one lock wrapper, so many calls deep as the argument says: an inversion whose stacks must tell them
 * apart. */
#include "transcript.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static volatile int kept;

#define NEVER_INLINE __attribute__((noinline, noclone))

NEVER_INLINE static int take(pthread_mutex_t *m)
{
    int error = pthread_mutex_lock(m);
    kept += error;
    return error;
}

NEVER_INLINE static int let_go(pthread_mutex_t *m)
{
    int error = pthread_mutex_unlock(m);
    kept += error;
    return error;
}

NEVER_INLINE static int deeper(int levels, pthread_mutex_t *a, pthread_mutex_t *b)
{
    int result;
    if (levels > 0) {
        result = deeper(levels - 1, a, b);
    } else {
        result = take(a) + take(b);
        result += let_go(b) + let_go(a);
    }
    kept++;
    return result;
}

NEVER_INLINE static int walk_north(int levels)
{
    int result = deeper(levels, &first, &second);
    kept++;
    return result;
}

NEVER_INLINE static int walk_south(int levels)
{
    int result = deeper(levels, &second, &first);
    kept++;
    return result;
}

static struct turns turns;

static void *in_thread(void *levels)
{
    for (int i = 0; i < 100; i++)
        kept += walk_north((int)(long)levels);
    turn_next(&turns, 1);
    turn_wait(&turns, 2);
    return NULL;
}

int main(int argc, char **argv)
{
    long levels = argc > 1 ? atoi(argv[1]) : 8;
    pthread_t id = start(in_thread, (void *)levels);
    turn_wait(&turns, 1); /* each has its turn, while both are alive */
    for (int i = 0; i < 100; i++)
        kept += walk_south((int)levels);
    turn_next(&turns, 2);
    finish(id);
    say("%d calls", kept > 0);
    return 0;
}
