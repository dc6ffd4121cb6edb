// expect: none
// allow: lock-order-cycle LOW
// about: a channel is set up in several steps under its own lock, with log lines between, before the table knows it
#include "case.h"
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Channel
{
  public:
    FRAME void rename(const std::string &name)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        name_ = name;
    }
    FRAME void open();
    FRAME size_t visit()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return name_.size();
    }

  private:
    std::mutex mutex_;
    std::string name_;
};

static std::mutex table_lock, log_lock;
static std::vector<Channel *> table;
static int lines;

static FRAME void log_line()
{
    std::lock_guard<std::mutex> guard(log_lock);
    lines++;
}

/* Only here others come to know it, and the maker asks for the table once. */
void Channel::open()
{
    std::lock_guard<std::mutex> guard(mutex_);
    std::lock_guard<std::mutex> table_guard(table_lock);
    table.push_back(this);
}

static void accept_some()
{
    for (int i = 0; i < 40; i++) {
        Channel *channel = new Channel;

        channel->rename("unnamed");
        log_line();
        channel->rename("channel " + std::to_string(i));
        log_line();
        channel->open();
        nap_ms(1);
    }
}

static void sweep_some()
{
    for (int i = 0; i < 40; i++) {
        {
            std::lock_guard<std::mutex> guard(table_lock);
            for (Channel *channel : table)
                channel->visit();
        }
        nap_ms(1);
    }
}

int main()
{
    std::thread acceptor(accept_some), sweeper(sweep_some);

    acceptor.join();
    sweeper.join();
    return lines != 80;
}
