// What C++ threads with: shared and timed mutexes, condition_variable_any, atomic waits, latches, barriers, semaphores,
// jthreads with stop tokens. Results, exceptions and times.
#include "transcript.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

template <class Function> static void in_other_thread(Function function)
{
    std::thread(function).join();
}

static void shared_mutexes()
{
    std::shared_mutex mutex;
    std::shared_timed_mutex timed;
    {
        std::shared_lock first(mutex);
        in_other_thread([&] {
            say("shared beside shared: %d", mutex.try_lock_shared());
            mutex.unlock_shared();
            say("alone beside shared: %d", mutex.try_lock());
        });
    }
    {
        std::unique_lock alone(timed);
        in_other_thread([&] {
            uint64_t since = now_ns();
            say("shared beside alone: %d", timed.try_lock_shared_for(10ms));
            say("it %s", waited(since, 9));
            say("alone beside alone: %d", timed.try_lock_until(std::chrono::steady_clock::now() + 5ms));
        });
    }
    say("alone: %d", timed.try_lock_for(1s));
    timed.unlock();
    try {
        std::unique_lock<std::shared_mutex> none;
        none.lock();
    } catch (const std::system_error &e) {
        say("no mutex: %s", e.code().message().c_str());
    }
}

static void timed_mutexes()
{
    std::timed_mutex mutex;
    std::recursive_timed_mutex again;
    std::lock_guard hold(mutex);
    std::lock_guard outer(again);
    say("again: %d", again.try_lock_for(1ms));
    again.unlock();
    in_other_thread([&] {
        uint64_t since = now_ns();
        say("for: %d", mutex.try_lock_for(10ms));
        say("it %s", waited(since, 9));
        say("until, by the system's clock: %d", mutex.try_lock_until(std::chrono::system_clock::now() + 5ms));
        say("recursive, another's: %d", again.try_lock_until(std::chrono::steady_clock::now() + 5ms));
    });
}

static void conditions()
{
    std::shared_mutex mutex;
    std::condition_variable_any any;
    bool ready = false;
    std::jthread signaller([&] {
        std::this_thread::sleep_for(5ms);
        std::unique_lock lock(mutex);
        ready = true;
        any.notify_all();
    });
    std::shared_lock lock(mutex);
    any.wait(lock, [&] { return ready; });
    say("woken: %d", ready);
    say("nobody signals: %s", any.wait_for(lock, 5ms) == std::cv_status::timeout ? "timeout" : "woken");
    std::mutex plain;
    std::condition_variable variable;
    std::unique_lock hold(plain);
    auto until = std::chrono::steady_clock::now() + 5ms;
    while (variable.wait_until(hold, until) != std::cv_status::timeout)
        ;
    say("steady clock: it waited %d", std::chrono::steady_clock::now() >= until);
    std::jthread stopped([&](std::stop_token token) {
        std::mutex own;
        std::condition_variable_any until_stop;
        std::unique_lock own_lock(own);
        say("stopped: %d", until_stop.wait(own_lock, token, [] { return false; }));
    });
    stopped.request_stop();
}

static void atomic_waits()
{
    std::atomic<int> turn = 0;
    std::atomic_flag flag;
    long sum = 0;
    std::thread other([&] {
        for (int i = 0; i < 500; i++) {
            turn.wait(0);
            sum += turn;
            turn = 0;
            turn.notify_one();
        }
        flag.wait(false);
        say("flag seen");
    });
    for (int i = 1; i <= 500; i++) {
        turn = i;
        turn.notify_one();
        turn.wait(i);
    }
    std::this_thread::sleep_for(3ms);
    flag.test_and_set();
    flag.notify_all();
    other.join();
    say("sum %ld", sum);
}

static void latches_and_barriers()
{
    std::latch gone(4);
    std::atomic<int> completed = 0, passed = 0;
    auto count = [&]() noexcept { completed++; };
    std::barrier meeting(4, count);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (int round = 0; round < 50; round++) {
                meeting.arrive_and_wait();
                passed++;
            }
            gone.count_down();
        });
    gone.wait();
    say("completed %d, passed %d, latch open %d", completed.load(), passed.load(), gone.try_wait());
}

static void semaphores()
{
    std::counting_semaphore<8> slots(2);
    std::binary_semaphore done(0);
    std::atomic<int> inside = 0, most = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; i++)
        threads.emplace_back([&] {
            slots.acquire();
            int now = ++inside, seen = most;
            while (now > seen && !most.compare_exchange_weak(seen, now))
                ;
            std::this_thread::sleep_for(2ms);
            inside--;
            slots.release();
        });
    threads.clear();
    say("most inside at once: %s", most <= 2 ? "2 or fewer" : "more than 2");
    uint64_t since = now_ns();
    say("try for: %d", done.try_acquire_for(10ms));
    say("it %s", waited(since, 9));
    std::jthread poster([&] {
        std::this_thread::sleep_for(3ms);
        done.release();
    });
    done.acquire();
    say("try: %d", done.try_acquire());
}

static void futures()
{
    std::promise<int> promise;
    std::future<int> later = promise.get_future();
    std::jthread setter([&] {
        std::this_thread::sleep_for(3ms);
        promise.set_value(42);
    });
    say("future: %d", later.get());
    auto thrown = std::async(std::launch::async, []() -> int { throw std::runtime_error("in the task"); });
    try {
        thrown.get();
    } catch (const std::runtime_error &e) {
        say("caught: %s", e.what());
    }
    std::mutex a, b, c;
    std::vector<std::jthread> threads;
    long total = 0;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            for (int k = 0; k < 200; k++) {
                if (i % 2) {
                    std::scoped_lock all(a, b, c);
                    total++;
                } else {
                    std::scoped_lock all(c, a, b);
                    total++;
                }
            }
        });
    threads.clear();
    say("total %ld", total);
}

static int set_up()
{
    std::this_thread::sleep_for(2ms);
    return 7;
}

static int local_static()
{
    static int value = set_up();
    return value;
}

static void local_statics()
{
    std::atomic<int> sum = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 5; i++)
        threads.emplace_back([&] { sum += local_static(); });
    threads.clear();
    say("local static: %d", sum.load());
}

int main()
{
    shared_mutexes();
    timed_mutexes();
    conditions();
    atomic_waits();
    latches_and_barriers();
    semaphores();
    futures();
    local_statics();
    return 0;
}
