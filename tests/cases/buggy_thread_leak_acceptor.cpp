// expect: thread-leak HIGH
// where: thread-leak Server::accept_one
// about: the accepting main thread keeps std::threads in a list that it releases without joining, round after round
#include "case.h"

#include <list>
#include <memory>
#include <thread>

static int served;

class Server
{
  public:
    FRAME void accept_one()
    {
        auto *handler = new std::thread([] { stage_arrive(&served); });
        handlers_.push_back(handler); // to be joined some day
    }
    void forget()
    {
        handlers_.clear();
    }

  private:
    std::list<std::thread *> handlers_;
};

int main()
{
    Server server;
    for (int i = 1; i <= 12; i++) {
        server.accept_one();
        stage_await(&served, i);
        server.forget();
    }
    nap_ms(200);
    printf("%d\n", served);
    return 0;
}
