/*
 * Threads that the C library makes by itself, past pthread_create: for timers, asynchronous input and output, message
 * queues and name lookups. What they run is the service's own code, which locks, allocates, waits, forks and ends. And
 * what the library loads while it works: converters, locales, name services.
 */
#include "transcript.h"

#include <aio.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <mqueue.h>
#include <netdb.h>
#include <pwd.h>
#include <semaphore.h>
#include <wchar.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, own = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static pthread_t main_thread;

/* What has come for one request. Not on a stack: a last call may come late. */
static struct seen {
    int calls, keys_gone;
    bool elsewhere;
} seen[8], *now = seen;

static void key_gone(void *value)
{
    pthread_mutex_lock(&m);
    ((struct seen *)value)->keys_gone++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&m);
}

static void called(union sigval value)
{
    struct seen *s = value.sival_ptr;
    pthread_setspecific(key, s);
    free(malloc(64));
    pthread_mutex_lock(&m);
    usleep(1000);
    s->elsewhere = !pthread_equal(pthread_self(), main_thread);
    s->calls++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&m);
}

static void wait_for_calls(const char *what, int wanted)
{
    pthread_mutex_lock(&m);
    while (now->calls < wanted || now->keys_gone < wanted)
        pthread_cond_wait(&changed, &m);
    say("%s: called %s", what, now->elsewhere ? "by another thread" : "here");
    pthread_mutex_unlock(&m);
    now++;
}

static struct sigevent notice(void (*function)(union sigval))
{
    struct sigevent e;
    memset(&e, 0, sizeof e);
    e.sigev_notify = SIGEV_THREAD;
    e.sigev_notify_function = function;
    e.sigev_value.sival_ptr = now;
    return e;
}

static void timers(void)
{
    say("-- timers");
    struct sigevent e = notice(called);
    timer_t timer;
    returned("create", timer_create(CLOCK_MONOTONIC, &e, &timer));
    struct itimerspec every = {{0, 2000000}, {0, 1000000}};
    returned("set", timer_settime(timer, 0, &every, NULL));
    wait_for_calls("five", 5);
    returned("delete", timer_delete(timer));
}

/* The function may end its thread in its own way, or leave a child. */
static void call_and_exit(union sigval value)
{
    called(value);
    pthread_exit(NULL);
}

static void call_and_fork(union sigval value)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(pthread_mutex_lock(&own) ? 1 : 7);
    child_ended("a child of the library's thread", pid);
    called(value);
}

/* The first thing that Kiwi could see of this thread is what the library allocates inside of it, holding a lock. */
static void look_and_call(union sigval value)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t size = 0;
    outcome("attributes of the library's thread", pthread_getattr_np(pthread_self(), &attr));
    outcome("its stack", pthread_attr_getstack(&attr, &low, &size));
    say("we are on it: %d", (char *)&attr > (char *)low && (char *)&attr < (char *)low + size);
    pthread_attr_destroy(&attr);
    called(value);
}

static void one_shot(const char *what, void (*function)(union sigval))
{
    struct sigevent e = notice(function);
    timer_t timer;
    returned(what, timer_create(CLOCK_REALTIME, &e, &timer));
    struct itimerspec once = {{0, 0}, {0, 1000000}};
    if (timer_settime(timer, 0, &once, NULL))
        say("not set");
    wait_for_calls(what, 1);
    returned("delete", timer_delete(timer));
}

static void asynchronous(void)
{
    say("-- aio");
    char in[4096], out[4096];
    memset(in, 'x', sizeof in);
    FILE *f = tmpfile();
    struct aiocb one = {
            .aio_fildes = fileno(f), .aio_buf = in, .aio_nbytes = sizeof in, .aio_sigevent = notice(called)};
    returned("write", aio_write(&one));
    wait_for_calls("write", 1);
    outcome("how it went", aio_error(&one));
    returned("result", aio_return(&one));
    struct aiocb two = {.aio_fildes = fileno(f), .aio_buf = out, .aio_nbytes = sizeof out};
    two.aio_sigevent.sigev_notify = SIGEV_NONE;
    returned("read", aio_read(&two));
    const struct aiocb *list[] = {&two};
    while (aio_error(&two) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    returned("result", aio_return(&two));
    say("the same: %d", memcmp(in, out, sizeof in) == 0);
    struct aiocb bad = {.aio_fildes = 1000, .aio_buf = out, .aio_nbytes = 1};
    bad.aio_sigevent.sigev_notify = SIGEV_NONE;
    struct aiocb *all[] = {&bad};
    returned("a list with a wrong one", lio_listio(LIO_WAIT, all, 1, NULL));
    outcome("how it went", aio_error(&bad));
    struct sigevent *volatile nowhere = (struct sigevent *)16;
    struct aiocb **volatile nothing = (struct aiocb **)32;
    returned("a list that is waited for tells nobody", lio_listio(LIO_WAIT, all, 1, nowhere));
    returned("no such mode", lio_listio(77, nothing, 1, nowhere));
    returned("no such operation", aio_fsync(77, (struct aiocb *)nothing));
    struct sigevent told = notice(called);
    two.aio_lio_opcode = LIO_READ;
    struct aiocb *some[] = {NULL, &two};
    returned("a list in the background", lio_listio(LIO_NOWAIT, some, 2, &told));
    wait_for_calls("list", 1);
    outcome("how it went", aio_error(&two));
    returned("result", aio_return(&two));
    fclose(f);
}

static void queues(void)
{
    say("-- message queues");
    char name[32];
    snprintf(name, sizeof name, "/kiwi-test-%d", getpid());
    struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t q = mq_open(name, O_CREAT | O_RDWR | O_EXCL, 0600, &a);
    if (q == (mqd_t)-1) {
        say("none here");
        return;
    }
    mq_unlink(name);
    struct sigevent e = notice(called);
    returned("notify", mq_notify(q, &e));
    returned("send", mq_send(q, "hello", 6, 0));
    wait_for_calls("notified", 1);
    returned("close", mq_close(q));
}

static void names(void)
{
    say("-- names");
    struct gaicb one = {.ar_name = "127.0.0.1"}, two = {.ar_name = "::1"};
    struct gaicb *both[] = {&one, &two};
    struct sigevent e = notice(called);
    say("lookup: %d", getaddrinfo_a(GAI_NOWAIT, both, 2, &e));
    wait_for_calls("lookups", 1);
    say("found %d %d", gai_error(&one), gai_error(&two));
    freeaddrinfo(one.ar_result);
    freeaddrinfo(two.ar_result);
    struct passwd *root = getpwuid(0);
    say("user 0 is %s", root ? root->pw_name : "nobody");
    say("no such user: %d", getpwnam("nobody-of-that-name") == NULL);
    struct servent *service = getservbyname("no-such-service", "tcp");
    say("no such service: %d", service == NULL);
}

/* Converters are libraries that the C library loads and lets go. */
static void conversions(void)
{
    say("-- conversions");
    for (int i = 0; i < 20; i++) {
        iconv_t c = iconv_open("UTF-8", i % 2 ? "SHIFT_JIS" : "ISO-8859-15");
        if (c == (iconv_t)-1) {
            say("%s", error_name(errno));
            return;
        }
        char in[] = "plain text", out[64], *from = in, *to = out;
        size_t left = strlen(in), room = sizeof out;
        if (iconv(c, &from, &left, &to, &room) || left)
            say("not converted");
        iconv_close(c);
    }
    say("no such one: %d", iconv_open("no-such-set", "UTF-8") == (iconv_t)-1);
    say("locale %s", setlocale(LC_ALL, "C.UTF-8"));
    say("charset %s", nl_langinfo(CODESET));
    locale_t l = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
    locale_t before = uselocale(l);
    wchar_t wide[8];
    say("wide: %zu", mbstowcs(wide, "gr\xc3\xbc\xc3\x9f", 8));
    uselocale(before);
    freelocale(l);
    say("locale %s", setlocale(LC_ALL, "C"));
}

int main(void)
{
    main_thread = pthread_self();
    outcome("key", pthread_key_create(&key, key_gone));
    timers();
    one_shot("a timer whose function exits", call_and_exit);
    one_shot("a timer whose function forks", call_and_fork);
    one_shot("a timer whose function asks for its stack", look_and_call);
    asynchronous();
    queues();
    names();
    conversions();
    return 0;
}
