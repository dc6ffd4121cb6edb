// expect: hot-alloc HIGH|MEDIUM
// where: hot-alloc Router::on_message
// allow: alloc-churn
// about: an epoll loop that routes messages splits each of them into fresh strings in a fresh map
#include "loop_case.h"
#include <map>
#include <string>
#include <sys/epoll.h>

static const int messages = 500, fields = 24;

class Router
{
  public:
    Router(int one, int other) : set_(epoll_create1(0))
    {
        for (int fd : {one, other}) {
            epoll_event e = {};
            e.events = EPOLLIN;
            e.data.fd = fd;
            require(epoll_ctl(set_, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
        }
    }
    ~Router()
    {
        close(set_);
    }

    FRAME void run()
    {
        epoll_event e;
        for (int left = messages; left && epoll_wait(set_, &e, 1, 5000) == 1; left--)
            on_message(hear(e.data.fd));
    }

    unsigned long routed = 0;

  private:
    FRAME void on_message(char word)
    {
        std::map<std::string, std::string> parts;
        for (int i = 0; i < fields; i++)
            parts["x-routing-header-number-" + std::to_string(i)] = std::string(40, word);
        for (auto &part : parts)
            routed += part.second.size();
    }

    int set_;
};

static void *route(void *router)
{
    static_cast<Router *>(router)->run();
    return nullptr;
}

int main()
{
    int in[2], out[2];
    pair_make(&in[0], &out[0]);
    pair_make(&in[1], &out[1]);
    Router router(in[0], in[1]);
    pthread_t thread = thread_start(route, &router);
    for (int i = 0; i < messages; i++) {
        say(out[i % 2], 'm');
        if (i % 4 == 0)
            nap_ms(1);
    }
    thread_join(thread);
    printf("%lu\n", router.routed);
    return 0;
}
