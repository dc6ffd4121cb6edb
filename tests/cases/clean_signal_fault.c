// expect: none
// about: a handler of SIGSEGV probes memory and jumps out; another one reports a real fault, with lock and heap, and exits
#include "case.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf unreadable;
static int faults;

static void on_probe(int signal, siginfo_t *info, void *context)
{
    (void)context;
    char *note = malloc(64);
    if (note)
        snprintf(note, 64, "%d at %p", signal, info->si_addr);
    pthread_mutex_lock(&lock);
    faults++;
    pthread_mutex_unlock(&lock);
    free(note);
    siglongjmp(unreadable, 1);
}

static void on_crash(int signal)
{
    char *text = malloc(64);
    pthread_mutex_lock(&lock);
    int n = snprintf(text, 64, "caught %d after %d\n", signal, faults);
    if (write(1, text, (size_t)n) != n)
        _exit(9);
    _exit(0);
}

static FRAME int readable(const volatile char *at)
{
    if (sigsetjmp(unreadable, 1))
        return 0;
    return *at || 1;
}

int main(void)
{
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = on_probe, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 3; i++)
        require(!readable(page), "page can not be read");
    signal(SIGSEGV, on_crash);
    page[0] = 1;
    return 0;
}
