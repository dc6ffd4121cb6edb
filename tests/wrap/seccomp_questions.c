/* What programs ask about seccomp before they use it, and what of it is refused: see how_it_ends.sh. */
#include "transcript.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t after_questions = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    unsigned action = SECCOMP_RET_ERRNO;

    returned("is errno there", (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
    returned("no filter", (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
    returned("strict, with flags", (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
    returned("prctl without a filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL));
    returned("no such mode", prctl(PR_SET_SECCOMP, 77, NULL));
    say("mode %d", prctl(PR_GET_SECCOMP));
    pthread_mutex_lock(&after_questions);
    pthread_mutex_unlock(&after_questions);
    return 0;
}
