// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Broker::publish
// where: lock-order-cycle Broker::drop_client
// about: accessors return the lock together with the table it guards, and two functions use them in different orders
#include "case.h"
#include <map>
#include <mutex>
#include <string>
#include <thread>

template <typename T> class Locked
{
  public:
    Locked(std::mutex &mutex, T &value) : guard_(mutex), value_(&value) {}
    T *operator->()
    {
        return value_;
    }

  private:
    std::unique_lock<std::mutex> guard_;
    T *value_;
};

class Broker
{
    using Topics = std::map<std::string, int>;
    using Clients = std::map<int, std::string>;

  public:
    FRAME int publish(const std::string &topic)
    {
        auto topics = lock_topics();
        int receivers = 0;
        for (auto &client : *clients_of(topic))
            receivers += client.second == topic;
        (*topics.operator->())[topic] += receivers;
        return receivers;
    }
    FRAME void add_client(int id, const std::string &topic)
    {
        auto clients = lock_clients();
        clients->emplace(id, topic);
    }
    FRAME int drop_client(int id)
    {
        auto clients = lock_clients();
        auto found = clients->find(id);
        int left = forget(found->second);
        clients->erase(found);
        return left;
    }

  private:
    Locked<Topics> lock_topics()
    {
        return Locked<Topics>(topics_mutex_, topics_);
    }
    Locked<Clients> lock_clients()
    {
        return Locked<Clients>(clients_mutex_, clients_);
    }
    Clients *clients_of(const std::string &topic)
    {
        auto clients = lock_clients();
        receivers_ = *clients.operator->();
        return topic.empty() ? nullptr : &receivers_;
    }
    int forget(const std::string &topic)
    {
        return lock_topics()->operator[](topic)--;
    }

    std::mutex topics_mutex_, clients_mutex_;
    Topics topics_;
    Clients clients_, receivers_;
};

int main()
{
    int stage = 0;
    Broker broker;
    for (int i = 0; i < 8; i++)
        broker.add_client(i, "news");
    std::thread publisher([&] {
        for (int i = 0; i < 20; i++)
            broker.publish("news");
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
    });
    std::thread reaper([&] {
        stage_await(&stage, 1);
        for (int i = 0; i < 8; i++)
            broker.drop_client(i);
        stage_reach(&stage, 2);
    });
    publisher.join();
    reaper.join();
    return 0;
}
