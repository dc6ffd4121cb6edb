// expect: exit-holding-lock HIGH
// where: exit-holding-lock claim_port
// about: a thread gives up with pthread_exit between taking a spinlock and giving it back
#include "case.h"

static pthread_spinlock_t ports_lock;
static int ports[4], missed;

static FRAME int claim_port(int owner)
{
    pthread_spin_lock(&ports_lock);
    for (int i = 0; i < 4; i++)
        if (!ports[i]) {
            ports[i] = owner;
            pthread_spin_unlock(&ports_lock);
            return i;
        }
    pthread_exit(NULL); /* no port is left */
}

static void *client(void *arg)
{
    for (int i = 1; i < 9; i++)
        claim_port(i);
    return arg;
}

int main(void)
{
    must(pthread_spin_init(&ports_lock, PTHREAD_PROCESS_PRIVATE), "pthread_spin_init");
    thread_join(thread_start(client, NULL));
    missed = pthread_spin_trylock(&ports_lock) != 0;
    return !missed;
}
