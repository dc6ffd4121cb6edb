// expect: none
// about: sessions and connections change places in a std::pmr pool; the session is always locked first
#include "case.h"
#include <memory_resource>
#include <mutex>
#include <thread>
#include <vector>

static std::pmr::synchronized_pool_resource pool;

struct Connection {
    std::mutex mutex;
    long bytes = 0;
    char name[32] = "";
};

struct Session {
    std::mutex mutex;
    Connection *connection = nullptr;
    char user[32] = "";
};

template <typename T> static T *make()
{
    return new (pool.allocate(sizeof(T), alignof(T))) T;
}

template <typename T> static void drop(T *t)
{
    t->~T();
    pool.deallocate(t, sizeof(T), alignof(T));
}

static FRAME void serve(Session *s, int bytes)
{
    std::lock_guard<std::mutex> session(s->mutex);
    std::lock_guard<std::mutex> connection(s->connection->mutex);
    s->connection->bytes += bytes;
    s->user[0] = (char)('a' + bytes % 20);
}

static void work(int seed)
{
    unsigned random = (unsigned)seed;
    for (int i = 0; i < 300; i++) {
        random = random * 1103515245u + 12345u;
        Session *s;
        Connection *c;
        if (random & 0x10000) {
            s = make<Session>();
            c = make<Connection>();
        } else {
            c = make<Connection>();
            s = make<Session>();
        }
        s->connection = c;
        for (int k = 0; k < 5; k++)
            serve(s, k);
        if (random & 0x20000) {
            drop(c);
            drop(s);
        } else {
            drop(s);
            drop(c);
        }
    }
}

int main()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back(work, i + 1);
    for (auto &t : threads)
        t.join();
    return 0;
}
