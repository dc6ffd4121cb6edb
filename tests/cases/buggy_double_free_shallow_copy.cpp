// expect: double-free CRITICAL
// where: double-free msg_drop
// options: heap=exact
// status: any
// about: a message is copied with its pointer, and both copies are dropped
#include "case.h"

struct Msg {
    char *body;
    int priority;
};

static FRAME void msg_drop(Msg *m)
{
    free(m->body);
    m->priority = -1;
}

int main()
{
    for (int i = 0; i < 5; i++) {
        Msg sent = {strdup("the text of a message"), i};
        Msg logged = sent;
        msg_drop(&sent);
        msg_drop(&logged);
    }
    puts("done");
    return 0;
}
