// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner flush
// status: any
// about: a rwlock is unlocked once too often, and then destroyed, which nobody holds it for
#include "case.h"

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static int entries;

static FRAME void flush(void)
{
    pthread_rwlock_wrlock(&table);
    entries = 0;
    pthread_rwlock_unlock(&table);
    pthread_rwlock_unlock(&table);
}

int main(void)
{
    flush();
    pthread_rwlock_destroy(&table);
    return 0;
}
