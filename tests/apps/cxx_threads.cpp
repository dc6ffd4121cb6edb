// Threads, futures, shared locks, thread-local objects and exceptions of the C++ standard library; prints what must
// come out whatever the timing. Argument: how many items go through the pipeline.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

template <class Item> class Channel
{
  public:
    explicit Channel(size_t room) : room_(room) {}
    void send(Item item)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return items_.size() < room_; });
        items_.push_back(std::move(item));
        changed_.notify_all();
    }
    void close()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }
    bool receive(Item *item)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return !items_.empty() || closed_; });
        if (items_.empty())
            return false;
        *item = std::move(items_.front());
        items_.pop_front();
        changed_.notify_all();
        return true;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Item> items_;
    size_t room_;
    bool closed_ = false;
};

static std::mutex report_mutex;
static long destroyed;

struct PerThread {
    long count = 0;
    ~PerThread()
    {
        std::lock_guard<std::mutex> lock(report_mutex);
        destroyed += count;
    }
};
static thread_local PerThread per_thread;

static long pipeline(long items)
{
    Channel<std::unique_ptr<long>> raw(64), cooked(64);
    long sum = 0;
    std::thread cook([&] {
        std::unique_ptr<long> item;
        while (raw.receive(&item)) {
            *item = *item * 2 + 1;
            per_thread.count++;
            cooked.send(std::move(item));
        }
        cooked.close();
    });
    std::thread eat([&] {
        std::unique_ptr<long> item;
        while (cooked.receive(&item)) {
            sum += *item;
            per_thread.count++;
        }
    });
    for (long i = 0; i < items; i++)
        raw.send(std::make_unique<long>(i));
    raw.close();
    cook.join();
    eat.join();
    return sum;
}

static long futures()
{
    std::vector<std::future<long>> parts;
    for (long part = 0; part < 16; part++) {
        parts.push_back(std::async(std::launch::async, [part] {
            std::vector<long> numbers(1000);
            std::iota(numbers.begin(), numbers.end(), part * 1000);
            if (part == 7)
                throw std::runtime_error("part 7");
            return std::accumulate(numbers.begin(), numbers.end(), 0L);
        }));
    }
    long sum = 0;
    for (auto &part : parts) {
        try {
            sum += part.get();
        } catch (const std::runtime_error &error) {
            std::printf("caught %s\n", error.what());
        }
    }
    return sum;
}

static size_t readers_and_writers()
{
    std::shared_mutex mutex;
    std::map<std::string, int> table;
    std::vector<std::thread> threads;
    for (int id = 0; id < 4; id++) {
        threads.emplace_back([&, id] {
            for (int i = 0; i < 200; i++) {
                if (i % 4 == 0) {
                    std::unique_lock<std::shared_mutex> lock(mutex);
                    table[std::to_string(id * 1000 + i)] = i;
                } else {
                    std::shared_lock<std::shared_mutex> lock(mutex);
                    per_thread.count += table.count("0") == 2;
                }
            }
        });
    }
    for (auto &thread : threads)
        thread.join();
    return table.size();
}

static int once()
{
    std::once_flag flag;
    int calls = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&] { std::call_once(flag, [&] { calls++; }); });
    for (auto &thread : threads)
        thread.join();
    return calls;
}

static bool timed()
{
    std::timed_mutex mutex;
    std::unique_lock<std::timed_mutex> lock(mutex);
    bool got = true;
    std::thread other([&] { got = mutex.try_lock_for(std::chrono::milliseconds(20)); });
    other.join();
    return got;
}

int main(int argc, char **argv)
{
    long items = argc > 1 ? std::atol(argv[1]) : 1000;
    std::printf("pipeline %ld\n", pipeline(items));
    std::printf("futures %ld\n", futures());
    std::printf("table %zu\n", readers_and_writers());
    std::printf("once %d, timed %d, thread-local %ld\n", once(), timed(), destroyed);
    return 3;
}
