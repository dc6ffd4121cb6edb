/*
 * Questions about hosts, users and groups in all their forms, with room enough and with too little; what a socket says
 * of itself, an error that it tells once included; and the calls that replace the process, or end it.
 */
#include "transcript.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>

static char room[4096];

static void hosts(void)
{
    struct hostent about, *found;
    struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    int error = 0;
    say("-- hosts");
    found = gethostbyname2("127.0.0.1", AF_INET);
    say("gethostbyname2: %s, %d bytes", found ? found->h_name : "nothing", found ? found->h_length : 0);
    h_errno = 0;
    found = gethostbyname2("no:number", AF_INET);
    say("gethostbyname2 of none: %s, h_errno is set: %d", found ? "something" : "nothing", h_errno != 0);
    outcome("gethostbyname_r", gethostbyname_r("127.0.0.1", &about, room, sizeof room, &found, &error));
    say("%s", found ? found->h_name : "nothing");
    outcome("gethostbyname_r in no room", gethostbyname_r("127.0.0.1", &about, room, 4, &found, &error));
    say("found %d, error %d", found != NULL, error);
    outcome("gethostbyname2_r", gethostbyname2_r("::1", AF_INET6, &about, room, sizeof room, &found, &error));
    say("%s", found ? found->h_name : "nothing");
    outcome("gethostbyname2_r in no room", gethostbyname2_r("::1", AF_INET6, &about, room, 4, &found, &error));
    found = gethostbyaddr(&loopback, sizeof loopback, AF_INET);
    say("gethostbyaddr: %s", found ? found->h_name : "nothing");
    say("gethostbyaddr of no family: %s", gethostbyaddr(&loopback, sizeof loopback, AF_UNIX) ? "something" : "nothing");
    outcome("gethostbyaddr_r",
            gethostbyaddr_r(&loopback, sizeof loopback, AF_INET, &about, room, sizeof room, &found, &error));
    say("%s", found ? found->h_name : "nothing");
    outcome("gethostbyaddr_r in no room",
            gethostbyaddr_r(&loopback, sizeof loopback, AF_INET, &about, room, 4, &found, &error));
}

static void users(void)
{
    struct passwd about, *found = &about;
    say("-- users");
    outcome("getpwnam_r", getpwnam_r("root", &about, room, sizeof room, &found));
    say("%s", found ? found->pw_dir : "nobody");
    outcome("getpwnam_r in no room", getpwnam_r("root", &about, room, 2, &found));
    say("%s", found ? found->pw_dir : "nobody");
    outcome("getpwnam_r of nobody", getpwnam_r("no such user", &about, room, sizeof room, &found));
    say("%s", found ? found->pw_dir : "nobody");
    outcome("getpwuid_r in no room", getpwuid_r(0, &about, room, 2, &found));
    errno = EXDEV;
    found = getpwuid(0);
    outcome(found ? found->pw_name : "nobody", errno);
}

static void groups(void)
{
    struct group about, *found = &about;
    gid_t ids[64];
    int count = 0;
    say("-- groups");
    found = getgrgid(0);
    say("getgrgid: %s", found ? found->gr_name : "none");
    outcome("getgrnam_r", getgrnam_r("root", &about, room, sizeof room, &found));
    say("%s", found ? found->gr_name : "none");
    outcome("getgrnam_r in no room", getgrnam_r("root", &about, room, 2, &found));
    outcome("getgrgid_r in no room", getgrgid_r(0, &about, room, 2, &found));
    int got = getgrouplist("root", 77, ids, &count);
    say("getgrouplist in no room: %d, wants %d", got, count);
    count = 64;
    got = getgrouplist("root", 77, ids, &count);
    say("getgrouplist: %d, %d", got, count);
    pid_t child = fork();
    int status = 0;
    if (!child) {
        returned("setuid", setuid(65534));
        returned("initgroups", initgroups("nobody", 65534));
        _exit(0);
    }
    waitpid(child, &status, 0);
    say("ended %d", status);
}

/* A connection that was refused says so once. */
static void socket_tells(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at, length = sizeof(int);
    int taken = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1;
    say("-- a socket");
    if (bind(taken, (struct sockaddr *)&at, size) || getsockname(taken, (struct sockaddr *)&at, &size))
        return; /* nobody listens there, and nobody else will */
    returned("connect", connect(fd, (struct sockaddr *)&at, size));
    pause_ms(50);
    returned("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
    outcome("SO_ERROR", error);
    returned("again", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
    outcome("SO_ERROR", error);
    length = 2;
    returned("in two bytes", getsockopt(fd, SOL_SOCKET, SO_TYPE, &error, &length));
    say("%d bytes", (int)length);
    returned("nowhere", getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, &length));
    returned("of nothing", getsockopt(-1, SOL_SOCKET, SO_TYPE, &error, &length));
    returned("of a file", getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &error, &length) == -1);
    close(fd);
    close(taken);
}

static char *const shell[] = {"sh", "-c", "echo $0 $WORD; exit 5", NULL};
static char *const nothing[] = {"nothing", NULL};
static char *const words[] = {"WORD=given", NULL};

static void by_execvpe(void)
{
    execvpe("sh", shell, words);
}
static void by_execvpe_of_none(void)
{
    returned("execvpe", execvpe("no-such-program", nothing, words));
    _exit(6);
}
static void by_fexecve(void)
{
    fexecve(open("/bin/sh", O_RDONLY | O_CLOEXEC), shell, words);
}
static void by_fexecve_of_none(void)
{
    returned("fexecve", fexecve(-1, shell, words));
    _exit(7);
}
static void by_execle(void)
{
    execle("/bin/sh", "sh", "-c", "echo $0 $WORD; exit 8", (char *)NULL, words);
}
static void by_exit(void)
{
    _Exit(9);
}

int main(void)
{
    hosts();
    users();
    groups();
    socket_tells();
    say("-- another program");
    in_child("execvpe", by_execvpe);
    in_child("execvpe of none", by_execvpe_of_none);
    in_child("fexecve", by_fexecve);
    in_child("fexecve of none", by_fexecve_of_none);
    in_child("execle", by_execle);
    in_child("_Exit", by_exit);
    return 0;
}
