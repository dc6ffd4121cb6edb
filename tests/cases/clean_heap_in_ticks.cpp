// expect: none
// about: event loops that allocate for new clients, fill a pool first, use buffers again, or do a few in longer ticks
#include "loop_case.h"
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

static const int messages = 400;

/* A handler of each kind; all see the same messages. */
class Handler
{
  public:
    virtual ~Handler() = default;
    virtual void on_message(int fd, int number, char word) = 0;
};

class Sessions : public Handler /* one message in eight is a new client: that takes many blocks */
{
  public:
    FRAME void on_message(int, int number, char word) override
    {
        if (number % 8 == 0) {
            sessions_.emplace_back();
            for (int i = 0; i < 40; i++)
                sessions_.back().push_back(std::string(50, word));
            if (sessions_.size() > 16)
                sessions_.erase(sessions_.begin());
        }
        count_ += sessions_.size();
    }

  private:
    std::vector<std::vector<std::string>> sessions_;
    size_t count_ = 0;
};

class Pool : public Handler /* the first message fills it */
{
  public:
    FRAME void on_message(int, int number, char word) override
    {
        for (int i = 0; number == 0 && i < 5000; i++)
            free_.push_back(std::make_unique<std::string>(60, word));
        for (int i = 0; i < 60; i++)
            used_.push_back(std::move(free_.back())), free_.pop_back();
        while (!used_.empty())
            free_.push_back(std::move(used_.back())), used_.pop_back();
    }

  private:
    std::vector<std::unique_ptr<std::string>> free_, used_;
};

class Reuse : public Handler /* the same strings for each message */
{
  public:
    FRAME void on_message(int, int, char word) override
    {
        fields_.resize(60);
        for (auto &field : fields_) {
            field.clear();
            for (int i = 0; i < 50; i++)
                field.push_back(word);
        }
    }

  private:
    std::vector<std::string> fields_;
};

class Few : public Handler /* some blocks in a tick that has more to do */
{
  public:
    FRAME void on_message(int, int, char word) override
    {
        for (int i = 0; i < 10; i++) {
            auto text = std::make_unique<std::string>(50, word);
            for (int k = 0; k < 20000; k++)
                sum_ = sum_ * 31 + static_cast<unsigned char>((*text)[k % 50]);
        }
    }

  private:
    volatile unsigned long sum_ = 0;
};

struct Loop {
    int fds[2];
    Handler *handler;
};

static FRAME void *run_loop(void *arg)
{
    auto *loop = static_cast<Loop *>(arg);
    pollfd fds[2] = {{loop->fds[0], POLLIN, 0}, {loop->fds[1], POLLIN, 0}};
    for (int seen = 0; seen < messages && poll(fds, 2, 5000) > 0;)
        for (auto &p : fds)
            if (p.revents)
                loop->handler->on_message(p.fd, seen++, hear(p.fd));
    return nullptr;
}

int main()
{
    Sessions sessions;
    Pool pool;
    Reuse reuse;
    Few few;
    Handler *handlers[] = {&sessions, &pool, &reuse, &few};
    Loop loops[4];
    int out[4][2];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        loops[i].handler = handlers[i];
        pair_make(&loops[i].fds[0], &out[i][0]);
        pair_make(&loops[i].fds[1], &out[i][1]);
        threads[i] = thread_start(run_loop, &loops[i]);
    }
    for (int i = 0; i < messages; i++) {
        for (auto &o : out)
            say(o[i % 2], 'm');
        if (i % 8 == 0)
            nap_ms(2);
    }
    for (pthread_t t : threads)
        thread_join(t);
    return 0;
}
