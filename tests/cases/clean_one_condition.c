// expect: none
// about: the same, but all are woken, and those who are not meant wait again
#include "one_condition.h"

int main(void)
{
    one_condition(pthread_cond_broadcast);
    return 0;
}
