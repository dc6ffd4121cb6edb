// expect: lock-across-block HIGH|MEDIUM
// uses:   sqlite3
// where:  lock-across-block refresh
// about: a library sleeps in a call that is made with the cache's lock held: the place to mend is that of the call
#include "case.h"
#include <sqlite3.h>

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static int cached, seen;

static FRAME void refresh(int turn)
{
    pthread_mutex_lock(&cache_lock);
    sqlite3_sleep(30);
    cached = turn;
    pthread_mutex_unlock(&cache_lock);
}

static FRAME void look(void)
{
    pthread_mutex_lock(&cache_lock);
    seen += cached > 0;
    pthread_mutex_unlock(&cache_lock);
}

static void *refresh_often(void *none)
{
    for (int turn = 1; turn <= 10; turn++) {
        refresh(turn);
        nap_ms(5);
    }
    return none;
}

int main(void)
{
    require(sqlite3_initialize() == SQLITE_OK, "sqlite3_initialize");
    pthread_t thread = thread_start(refresh_often, NULL);
    for (int i = 0; i < 100; i++) {
        look();
        nap_ms(3);
    }
    thread_join(thread);
    return cached != 10 || seen > 100;
}
