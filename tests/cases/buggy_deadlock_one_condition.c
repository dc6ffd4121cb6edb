// expect: deadlock CRITICAL
// where: deadlock bring
// kill: 2
// about: who fetches a letter signals that there is room, and wakes another one who wants to fetch
#include "one_condition.h"

int main(void)
{
    one_condition(pthread_cond_signal);
    return 0;
}
