// expect: none
// about: many threads come by while local statics are made, slowly, with locks, and by constructors that throw at
// first; the same locks are held while others are asked for
#include "case.h"
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::mutex log_mutex, table_mutex;
static int attempts, lines, made;

static FRAME void note()
{
    std::lock_guard<std::mutex> hold(log_mutex);
    lines++;
}

struct Slow {
    int value = 3;
    FRAME Slow()
    {
        nap_ms(150);
        note();
        std::lock_guard<std::mutex> hold(table_mutex);
        made++;
    }
};

struct Third {
    FRAME Third()
    {
        note();
        if (++attempts < 3)
            throw std::runtime_error("not yet");
    }
};

static FRAME int slow()
{
    static Slow instance;
    return instance.value;
}

static FRAME void third()
{
    static Third instance;
}

static FRAME const std::string &name()
{
    static const std::string text = "name of the service, longer than what a string keeps in place";
    return text;
}

static FRAME int use()
{
    int n = slow();
    for (bool done = false; !done;)
        try {
            third();
            done = true;
        } catch (const std::runtime_error &) {
            nap_ms(1);
        }
    std::lock_guard<std::mutex> hold(table_mutex);
    note();
    return n + slow() + (int)name().size();
}

int main()
{
    std::vector<std::thread> threads;
    std::vector<int> results(6);
    for (int &result : results)
        threads.emplace_back([&result] {
            for (int i = 0; i < 50; i++)
                result += use();
        });
    for (std::thread &thread : threads)
        thread.join();
    return made != 1 || attempts != 3 || results[5] != results[0];
}
