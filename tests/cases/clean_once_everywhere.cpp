// expect: none
// about: every call sets up first; one function of a once control takes a lock, throws the first time, and takes
// another
#include "case.h"
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::once_flag ready, tables;
static std::mutex log_mutex, table_mutex;
static int attempts, lines;

static FRAME void note()
{
    std::lock_guard<std::mutex> hold(log_mutex);
    lines++;
}

static FRAME void set_up()
{
    note();
    if (++attempts == 1)
        throw std::runtime_error("not yet");
    std::call_once(tables, [] {
        std::lock_guard<std::mutex> hold(table_mutex);
        note();
    });
}

static FRAME void use()
{
    for (;;)
        try {
            std::call_once(ready, set_up);
            break;
        } catch (const std::runtime_error &) {
            nap_ms(1);
        }
    std::lock_guard<std::mutex> hold(table_mutex);
    std::call_once(ready, set_up);
    note();
}

static FRAME void log_with_set_up()
{
    std::lock_guard<std::mutex> hold(log_mutex);
    std::call_once(ready, set_up);
    lines++;
}

int main()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([] {
            for (int k = 0; k < 20; k++) {
                use();
                log_with_set_up();
            }
        });
    for (auto &t : threads)
        t.join();
    return attempts != 2;
}
