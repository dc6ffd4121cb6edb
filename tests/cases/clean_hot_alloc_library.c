// expect: none
// allow:  hot-alloc LOW
// uses:   libcurl
// about: an epoll loop has a library take each address apart, which allocates its parts for itself
#include "loop_case.h"
#include <curl/curl.h>

static const int messages = 1000;
static int fds[2], heard;

static FRAME void take_apart(const char *address)
{
    CURLU *parts = curl_url();
    require(parts != NULL, "curl_url");
    require(curl_url_set(parts, CURLUPART_URL, address, 0) == CURLUE_OK, "curl_url_set");
    curl_url_cleanup(parts);
}

static FRAME int on_message(int client)
{
    if (!hear(fds[client]))
        return 0;
    take_apart("http://user:word@one.example:8080/a/path?with=query#end");
    take_apart("https://two.example/another/path?and=more&of=it");
    heard++;
    return 1;
}

static void *serve(void *none)
{
    (void)none;
    epoll_serve(fds, 2, 0, on_message);
    return NULL;
}

int main(void)
{
    int out[2];
    pair_make(&fds[0], &out[0]);
    pair_make(&fds[1], &out[1]);
    pthread_t thread = thread_start(serve, NULL);
    for (int i = 0; i < messages; i++) {
        say(out[i % 2], 'm');
        if (i % 4 == 0)
            nap_ms(1);
    }
    close(out[0]);
    close(out[1]);
    thread_join(thread);
    return heard != messages;
}
