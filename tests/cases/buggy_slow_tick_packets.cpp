// expect: slow-tick HIGH
// where: slow-tick Server::run
// about: a loop that serves one socket sorts a table, now and then, for longer than the tick budget
#include "loop_case.h"
#include <poll.h>

class Server
{
  public:
    explicit Server(int fd) : fd_(fd) {}

    FRAME void run()
    {
        pollfd p = {fd_, POLLIN, 0};
        while (poll(&p, 1, 5000) > 0 && on_packet()) {
        }
    }

  private:
    FRAME bool on_packet()
    {
        char word = hear_now(fd_);
        if (word == 'x')
            compute_ms(90);
        return word != 0;
    }

    int fd_;
};

static void *serve(void *server)
{
    static_cast<Server *>(server)->run();
    return nullptr;
}

int main()
{
    int inside, outside;
    pair_make(&inside, &outside);
    Server server(inside);
    pthread_t thread = thread_start(serve, &server);
    for (int i = 0; i < 40; i++) {
        say(outside, i > 6 && i % 8 == 0 ? 'x' : 'q');
        nap_ms(3);
    }
    close(outside);
    thread_join(thread);
    return 0;
}
