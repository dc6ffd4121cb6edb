/* Buffered streams, and asking for names, without a lock and under one. */
#include "transcript.h"

#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>

__attribute__((format(printf, 2, 3))) static int print_list(FILE *stream, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int result = vfprintf(stream, format, list);
    va_end(list);
    return result;
}

static void writing(void)
{
    char *text = NULL;
    size_t size = 0;
    int count = 0;
    FILE *stream = open_memstream(&text, &size);
    say("-- writing");
    returned("fputs", fputs("one ", stream) >= 0);
    returned("fwrite", (long)fwrite("two ", 2, 2, stream));
    returned("fprintf", fprintf(stream, "%s %d%n ", "three", 4, &count));
    say("count %d", count);
    returned("vfprintf", print_list(stream, "%.2f %c", 1.5, 'x'));
    returned("fflush", fflush(stream));
    say("%s", text);
    errno = ENOTTY;
    fclose(stream);
    say("errno %d", errno == ENOTTY);
    free(text);
    returned("printf", printf("%d %s %ld %f\n", 1, "a", 2l, 0.5));
    returned("puts", puts("text") >= 0);
    stream = fopen("/dev/full", "w");
    returned("fputs to a full device", fputs("x", stream) >= 0);
    returned("fflush to a full device", fflush(stream));
    returned("fclose", fclose(stream));
    returned("fflush of all", fflush(NULL));
}

static void reading(void)
{
    char text[] = "first\nsecond\nthird", line[4], *more = NULL;
    size_t size = 0;
    FILE *stream = fmemopen(text, sizeof text - 1, "r");
    say("-- reading");
    say("fgets: %s", fgets(line, sizeof line, stream));
    returned("getline", getline(&more, &size, stream));
    returned("getdelim", getdelim(&more, &size, 'o', stream));
    say("%s", more);
    returned("fread", (long)fread(line, 1, 3, stream));
    returned("getline", getline(&more, &size, stream));
    returned("getline", getline(&more, &size, stream));
    returned("getline at the end", getline(&more, &size, stream));
    say("fgets at the end: %s", fgets(line, sizeof line, stream) ? line : "nothing");
    returned("fread at the end", (long)fread(line, 1, 3, stream));
    say("%d %d", feof(stream) != 0, ferror(stream));
    free(more);
    fclose(stream);
}

static void names(void)
{
    struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char room[4096], host[64];
    struct passwd user, *user_found;
    struct group group, *group_found;
    say("-- names");
    returned("getaddrinfo", getaddrinfo("127.0.0.1", "80", &numeric, &found));
    returned("getnameinfo", getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST));
    say("%s", host);
    freeaddrinfo(found);
    say("getaddrinfo: %s", gai_strerror(getaddrinfo("no number", NULL, &numeric, &found)));
    struct hostent *entry = gethostbyname("127.0.0.1");
    say("gethostbyname: %s", entry ? entry->h_name : "nothing");
    say("getpwuid: %s", getpwuid(0) ? getpwuid(0)->pw_name : "nobody");
    say("getpwnam: %s", getpwnam("no such user here") ? "somebody" : "nobody");
    outcome("getpwuid_r", getpwuid_r(0, &user, room, sizeof room, &user_found));
    outcome("getpwuid_r, no room", getpwuid_r(0, &user, room, 1, &user_found));
    outcome("getgrgid_r", getgrgid_r(0, &group, room, sizeof room, &group_found));
    say("getgrnam: %s", getgrnam("no such group here") ? "some" : "none");
}

int main(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 2; i++) {
        writing();
        reading();
        names();
        if (!i)
            pthread_mutex_lock(&mutex);
    }
    pthread_mutex_unlock(&mutex);
    return 0;
}
