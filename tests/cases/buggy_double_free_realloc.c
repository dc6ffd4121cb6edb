// expect: double-free CRITICAL
// where: double-free history_add
// status: any
// about: a log is closed and then grown once more, by a realloc of what was freed
#include "traffic.h"

static char *log_text, *other;

static FRAME void history_add(size_t room)
{
    char *grown = realloc(log_text, room);
    require(grown != NULL, "memory");
    log_text = grown;
}

static FRAME void history_close(void)
{
    free(log_text);
}

int main(void)
{
    traffic();
    history_add(3000);
    other = malloc(3000);
    history_close();
    history_add(9000);
    free(other);
    puts("done");
    return 0;
}
