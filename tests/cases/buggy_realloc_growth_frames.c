// expect: realloc-growth MEDIUM
// where: realloc-growth frame_add
// allow: alloc-churn
// about: two clients send messages in pieces; the loop makes each message's block larger by one piece at a time
#include "loop_case.h"
#include <poll.h>

#define PIECE 120
#define PIECES 60
#define MESSAGES 24

struct frame {
    char *data;
    size_t size;
};

static unsigned long done;

static FRAME void frame_add(struct frame *f, char word)
{
    f->data = realloc(f->data, f->size + PIECE);
    require(f->data != NULL, "realloc");
    memset(f->data + f->size, word, PIECE);
    f->size += PIECE;
}

static FRAME void frame_end(struct frame *f)
{
    done += f->size;
    free(f->data);
    *f = (struct frame){NULL, 0};
}

static FRAME void *run_loop(void *arg)
{
    int *fds = arg, open = 2;
    struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    struct frame frames[2] = {{NULL, 0}, {NULL, 0}};
    while (open && poll(p, 2, 5000) > 0)
        for (int i = 0; i < 2; i++) {
            char word = p[i].fd >= 0 && p[i].revents ? hear_now(p[i].fd) : '-';
            if (word == 0) {
                p[i].fd = -1;
                open--;
            } else if (word == 'e') {
                frame_end(&frames[i]);
            } else if (word != '-') {
                frame_add(&frames[i], word);
            }
        }
    return NULL;
}

int main(void)
{
    int in[2], out[2];
    for (int i = 0; i < 2; i++)
        pair_make(&in[i], &out[i]);
    pthread_t thread = thread_start(run_loop, in);
    for (int i = 0; i < MESSAGES / 2; i++)
        for (int k = 0; k <= PIECES; k++) {
            say(out[0], k < PIECES ? 'p' : 'e');
            say(out[1], k < PIECES ? 'q' : 'e');
            if (k % 16 == 0)
                nap_ms(1);
        }
    close(out[0]);
    close(out[1]);
    thread_join(thread);
    printf("%lu\n", done);
    return 0;
}
