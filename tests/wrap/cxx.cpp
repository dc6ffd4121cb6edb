// C++: every form of new and delete, exceptions through wrappers, thread_local destructors, locks by RAII.
#include "transcript.h"

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace
{
std::mutex mutex;
volatile size_t too_much = SIZE_MAX / 2;
int handler_calls;

struct alignas(128) wide {
    char bytes[256];
};

void give_up_the_third_time()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

template <typename F> void attempt(const char *what, F f)
{
    try {
        f();
        say("%s: fine", what);
    } catch (const std::bad_alloc &) {
        say("%s: bad_alloc", what);
    }
}

void forms()
{
    attempt("new", [] { ::operator delete(::operator new(10)); });
    attempt("new[]", [] { ::operator delete[](::operator new[](10)); });
    attempt("sized delete", [] { ::operator delete(::operator new(10), 10); });
    attempt("sized delete[]", [] { ::operator delete[](::operator new[](10), 10); });
    attempt("new too much", [] { ::operator delete(::operator new(too_much)); });
    attempt("new[] too much", [] { ::operator delete[](::operator new[](too_much)); });
    say("nothrow too much: %d", ::operator new(too_much, std::nothrow) == nullptr);
    say("nothrow[] too much: %d", ::operator new[](too_much, std::nothrow) == nullptr);
    say("nothrow aligned too much: %d", ::operator new(too_much, std::align_val_t(64), std::nothrow) == nullptr);
    attempt("aligned too much",
            [] { ::operator delete(::operator new(too_much, std::align_val_t(64)), std::align_val_t(64)); });
    ::operator delete(::operator new(10, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](10, std::nothrow), std::nothrow);
    auto *w = new wide;
    auto *ws = new wide[3];
    say("aligned: %d %d", reinterpret_cast<uintptr_t>(w) % 128 == 0, reinterpret_cast<uintptr_t>(ws) % 128 == 0);
    delete w;
    delete[] ws;
    ::operator delete(::operator new(100, std::align_val_t(64), std::nothrow), std::align_val_t(64), std::nothrow);
    ::operator delete[](::operator new[](100, std::align_val_t(64), std::nothrow), std::align_val_t(64), std::nothrow);
    ::operator delete(::operator new(100, std::align_val_t(64)), 100, std::align_val_t(64));
    ::operator delete[](::operator new[](100, std::align_val_t(64)), 100, std::align_val_t(64));
    std::set_new_handler(give_up_the_third_time);
    attempt("new too much, with a handler", [] { ::operator delete(::operator new(too_much)); });
    say("the handler ran %d times", handler_calls);
    delete static_cast<int *>(nullptr);
    attempt("a vector that is too long", [] {
        try {
            std::vector<char> v(too_much + 1);
        } catch (const std::length_error &) {
            say("length_error");
        }
    });
}

__attribute__((noinline)) void throw_holding(int depth)
{
    std::lock_guard<std::mutex> guard(mutex);
    if (depth == 0)
        throw std::string("thrown with the lock held");
    mutex.unlock();
    try {
        throw_holding(depth - 1);
    } catch (...) {
        mutex.lock();
        throw;
    }
}

void exceptions()
{
    for (int i = 0; i < 3; i++)
        try {
            throw_holding(i);
        } catch (const std::string &text) {
            say("%s; the mutex is %s", text.c_str(), mutex.try_lock() ? "free" : "held");
            mutex.unlock();
        }
    std::future<int> f = std::async(std::launch::async, []() -> int { throw 7; });
    try {
        f.get();
    } catch (int n) {
        say("through a future: %d", n);
    }
    std::exception_ptr kept;
    std::thread([&kept] {
        try {
            throw std::runtime_error("in a thread");
        } catch (...) {
            kept = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(kept);
    } catch (const std::exception &e) {
        say("rethrown: %s", e.what());
    }
}

struct goodbye {
    std::unique_ptr<std::string> text;
    explicit goodbye(const char *t) : text(new std::string(t)) {}
    ~goodbye()
    {
        std::lock_guard<std::mutex> guard(mutex);
        std::unique_ptr<std::string> longer(new std::string(*text + ", and its destructor locked and allocated"));
        say("%s", longer->c_str());
    }
};
thread_local goodbye on_exit_of_thread("a thread ended");
goodbye on_exit_of_process("the process ended");

// Cancellation is an exception of its own kind, which must pass through catch (...) by rethrowing.
void *cancel_me(void *)
{
    goodbye local("the stack of a cancelled thread was unwound");
    try {
        pause_ms(60000);
    } catch (...) {
        say("catch (...) sees the cancellation");
        throw;
    }
    return nullptr;
}

void threads()
{
    std::thread([] { on_exit_of_thread.text->append(" by itself"); }).join();
    pthread_t id = start(cancel_me, nullptr);
    pause_ms(20);
    pthread_cancel(id);
    say("cancelled: %d", finish(id) == PTHREAD_CANCELED);
    id = start(
            [](void *) -> void * {
                goodbye local("the stack of an exiting thread was unwound");
                on_exit_of_thread.text->append(" by pthread_exit");
                pthread_exit(nullptr);
            },
            nullptr);
    finish(id);
}

void uncaught_in_a_thread()
{
    std::thread([] { throw 5; }).join();
}
void uncaught()
{
    throw std::runtime_error("nobody catches this");
}
void *throw_in_plain_thread(void *)
{
    throw std::runtime_error("nor this, in a plain thread");
}
void uncaught_in_plain_thread()
{
    finish(start(throw_in_plain_thread, nullptr));
}
void lock_and_throw(int n)
{
    std::lock_guard<std::mutex> guard(mutex);
    if (n)
        throw n;
}
void uncaught_under_lock() noexcept
{
    lock_and_throw(6);
}

void conditions()
{
    std::condition_variable c;
    bool ready = false, answered = false;
    std::thread other([&] {
        std::unique_lock<std::mutex> lock(mutex);
        c.wait(lock, [&] { return ready; });
        answered = true;
        c.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    say("wait_for: %d", c.wait_for(lock, std::chrono::milliseconds(5), [&] { return answered; }));
    ready = true;
    c.notify_all();
    say("wait_until: %d",
        c.wait_until(lock, std::chrono::system_clock::now() + std::chrono::seconds(20), [&] { return answered; }));
    lock.unlock();
    other.join();
    std::timed_mutex timed;
    timed.lock();
    std::thread([&] { say("try_lock_for: %d", timed.try_lock_for(std::chrono::milliseconds(5))); }).join();
    timed.unlock();
    std::recursive_mutex again;
    again.lock();
    say("recursive try_lock: %d", again.try_lock());
    again.unlock();
    again.unlock();
    std::once_flag once;
    for (int i = 0; i < 2; i++)
        try {
            std::call_once(once, [i] {
                std::lock_guard<std::mutex> guard(mutex);
                say("once, attempt %d", i);
                if (i == 0)
                    throw 1;
            });
        } catch (int) {
            say("once threw");
        }
}
} // namespace

int main()
{
    forms();
    exceptions();
    threads();
    conditions();
    in_child("uncaught", uncaught);
    in_child("uncaught in a thread", uncaught_in_a_thread);
    in_child("uncaught in a plain thread", uncaught_in_plain_thread);
    in_child("uncaught under a lock", uncaught_under_lock);
    return 0;
}
