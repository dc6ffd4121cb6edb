/* Waiting for children, for signals and for messages: results, errors, interruption, nothing to wait for. */
#include "transcript.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>

static volatile int signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static pid_t child_that_ends(int status)
{
    fflush(stdout);
    pid_t pid = fork();
    if (!pid)
        _exit(status);
    return pid;
}

static void children(void)
{
    int status = 0;
    siginfo_t about;
    struct rusage usage;
    say("-- children");
    returned("wait for none", wait(&status));
    returned("waitpid for none", waitpid(-1, &status, WNOHANG));
    pid_t pid = child_that_ends(3);
    say("wait: %s, %d", wait(&status) == pid ? "it" : "another", WEXITSTATUS(status));
    pid = child_that_ends(4);
    say("waitpid: %s, %d", waitpid(pid, &status, 0) == pid ? "it" : "another", WEXITSTATUS(status));
    pid = child_that_ends(5);
    returned("waitid", waitid(P_PID, (id_t)pid, &about, WEXITED));
    say("%d", about.si_status);
    pid = child_that_ends(6);
    say("wait4: %s, %d", wait4(pid, &status, 0, &usage) == pid ? "it" : "another", WEXITSTATUS(status));
    returned("wait3 for none", wait3(&status, 0, &usage));
    returned("waitid, wrong options", waitid(P_ALL, 0, &about, 0));
    returned("system", system("exit 7") >> 8);
    returned("system of nothing", system(NULL) != 0);
    FILE *stream = popen("cat > /dev/null; exit 2", "w");
    fputs("text\n", stream);
    returned("pclose", pclose(stream) >> 8);
}

/* It has begun when this returns: a process that is killed before that may leave an empty trace. */
static pid_t child_that_stays(void)
{
    int ends[2];
    char byte = 0;
    fflush(stdout);
    if (pipe(ends))
        exit(9);
    pid_t pid = fork();
    if (!pid) {
        if (write(ends[1], &byte, 1) != 1)
            _exit(9);
        for (;;)
            pause();
    }
    returned("the child's word", read(ends[0], &byte, 1));
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void child_interrupted(void)
{
    struct poke poke;
    int status;
    pid_t pid = child_that_stays();
    handle(SIGUSR1, count_signal, 0);
    poke_start(&poke, SIGUSR1);
    returned("interrupted waitpid", waitpid(pid, &status, 0));
    poke_end(&poke);
    kill(pid, SIGKILL);
    child_ended("child", pid);
}

/* Of two openings of one file, one has it locked. */
static void file_locks_waited_for(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct poke poke;
    char name[] = "/tmp/kiwi-lock-XXXXXX";
    int first = mkstemp(name), second = open(name, O_RDWR);
    unlink(name);
    say("-- file locks");
    handle(SIGUSR1, count_signal, 0);
    returned("flock", flock(first, LOCK_EX));
    poke_start(&poke, SIGUSR1);
    returned("interrupted flock", flock(second, LOCK_EX));
    poke_end(&poke);
    returned("F_OFD_SETLKW", fcntl(first, F_OFD_SETLKW, &whole));
    poke_start(&poke, SIGUSR1);
    returned("interrupted F_OFD_SETLKW", fcntl(second, F_OFD_SETLKW, &whole));
    poke_end(&poke);
    returned("F_OFD_SETLK", fcntl(second, F_OFD_SETLK, &whole));
    poke_start(&poke, SIGUSR1);
    returned("interrupted F_SETLKW", fcntl(second, F_SETLKW, &whole));
    poke_end(&poke);
    whole.l_pid = 1;
    returned("F_OFD_SETLKW with a process", fcntl(first, F_OFD_SETLKW, &whole));
    close(second);
    close(first);
}

static void signals_waited_for(void)
{
    sigset_t set, old;
    siginfo_t about;
    struct timespec none = {0, 0}, some = {0, 20000000}, bad = {0, -1};
    struct poke poke;
    int got = 0;
    say("-- signals");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    returned("sigtimedwait, nothing pending", sigtimedwait(&set, &about, &none));
    uint64_t since = now_ns();
    returned("sigtimedwait", sigtimedwait(&set, &about, &some));
    say("%s", waited(since, 20));
    returned("sigtimedwait, bad time", sigtimedwait(&set, &about, &bad));
    raise(SIGUSR2);
    outcome("sigwait", sigwait(&set, &got));
    say("%s", got == SIGUSR2 ? "the signal" : "another");
    poke_start(&poke, SIGUSR2);
    say("sigwaitinfo: %s", sigwaitinfo(&set, &about) == SIGUSR2 ? "the signal" : "another");
    poke_end(&poke);
    handle(SIGUSR1, count_signal, 0);
    poke_start(&poke, SIGUSR1);
    returned("interrupted sigwaitinfo", sigwaitinfo(&set, &about));
    poke_end(&poke);
    signals = 0;
    poke_start(&poke, SIGUSR1);
    returned("sigsuspend", sigsuspend(&old));
    say("%d", signals);
    poke_end(&poke);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void posix_messages(void)
{
    char name[64], text[64];
    unsigned priority = 0;
    struct mq_attr sizes = {.mq_maxmsg = 1, .mq_msgsize = 16};
    struct timespec past = {1, 0};
    snprintf(name, sizeof name, "/wrap-wait-%d", (int)getpid());
    say("-- posix messages");
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &sizes);
    if (queue == (mqd_t)-1) {
        say("there are none");
        return;
    }
    mq_unlink(name);
    returned("mq_send", mq_send(queue, "hello", 5, 7));
    returned("mq_timedsend to a full one", mq_timedsend(queue, "again", 5, 7, &past));
    returned("mq_receive, no room", mq_receive(queue, text, 4, &priority));
    returned("mq_receive", mq_receive(queue, text, sizeof text, &priority));
    say("%.5s, priority %u", text, priority);
    returned("mq_timedreceive of an empty one", mq_timedreceive(queue, text, sizeof text, &priority, &past));
    returned("mq_send, too long", mq_send(queue, text, 60, 0));
    returned("mq_send to nothing", mq_send((mqd_t)-1, text, 1, 0));
    mq_close(queue);
}

static void older_messages(void)
{
    struct {
        long kind;
        char text[8];
    } message = {3, "seven"};
    struct sembuf down = {0, -1, IPC_NOWAIT}, up = {0, 1, 0};
    struct timespec some = {0, 20000000};
    say("-- older messages and semaphores");
    int queue = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 1, 0600);
    returned("msgsnd", msgsnd(queue, &message, 8, 0));
    returned("msgrcv", msgrcv(queue, &message, 8, 0, 0));
    returned("msgrcv of nothing", msgrcv(queue, &message, 8, 0, IPC_NOWAIT));
    returned("msgrcv of no queue", msgrcv(-1, &message, 8, 0, 0));
    returned("semop", semop(set, &down, 1));
    returned("semop", semop(set, &up, 1));
    returned("semop", semop(set, &down, 1));
    down.sem_flg = 0;
    returned("semtimedop", semtimedop(set, &down, 1, &some));
    struct poke poke;
    handle(SIGUSR1, count_signal, SA_RESTART);
    poke_start(&poke, SIGUSR1);
    returned("interrupted semop", semop(set, &down, 1));
    poke_end(&poke);
    msgctl(queue, IPC_RMID, NULL);
    semctl(set, 0, IPC_RMID);
}

static void *wait_for_a_signal(void *set)
{
    int got;
    sigwait((const sigset_t *)set, &got);
    return NULL;
}

static void *wait_for_a_child(void *unused)
{
    int status;
    (void)unused;
    waitpid(-1, &status, 0);
    return NULL;
}

static void cancelled(void)
{
    sigset_t set;
    say("-- cancelled");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_t id = start(wait_for_a_signal, &set);
    pthread_cancel(id);
    say("sigwait: %s", finish(id) == PTHREAD_CANCELED ? "cancelled" : "returned");
    pid_t pid = child_that_stays();
    id = start(wait_for_a_child, NULL);
    pthread_cancel(id);
    say("waitpid: %s", finish(id) == PTHREAD_CANCELED ? "cancelled" : "returned");
    kill(pid, SIGKILL);
    child_ended("child", pid);
}

int main(void)
{
    children();
    child_interrupted();
    file_locks_waited_for();
    signals_waited_for();
    posix_messages();
    older_messages();
    cancelled();
    return 0;
}
