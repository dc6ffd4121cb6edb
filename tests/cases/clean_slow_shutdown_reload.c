// expect: none
// options: shutdown-budget=200ms
// about: SIGTERM only makes the service read its settings anew; it works on, and ends for another reason
#include "case.h"

#include <signal.h>

static volatile sig_atomic_t reload;
static int settings;

static void on_term(int number)
{
    (void)number;
    reload = 1;
}

static FRAME int work(int item)
{
    nap_ms(20);
    return item + settings;
}

int main(void)
{
    int sum = 0;
    signal(SIGTERM, on_term);
    for (int i = 0; i < 40; i++) {
        if (i == 4)
            raise(SIGTERM);
        if (reload) {
            reload = 0;
            settings++;
        }
        sum += work(i);
    }
    require(sum > 0, "work");
    return 0;
}
