// expect: none
// about: exceptions leave nested lock_guards at every depth, inside and outside of catch blocks; each lock is given
// back
#include "case.h"
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

static std::mutex parser_mutex, errors_mutex;
static int parsed, failed;

static FRAME int parse(const std::string &text, int depth)
{
    if (depth > 0)
        return parse(text, depth - 1) + 1;
    std::lock_guard<std::mutex> guard(parser_mutex);
    int value = std::stoi(text);
    return parsed += value > 0;
}

static FRAME int parse_all()
{
    int good = 0;
    for (const char *text : {"1", "x", "2", "99999999999999", "3"}) {
        try {
            std::lock_guard<std::mutex> guard(errors_mutex);
            good += parse(text, 3) > 0;
        } catch (const std::logic_error &) {
            std::lock_guard<std::mutex> guard(errors_mutex);
            failed++;
        }
    }
    return good;
}

int main()
{
    auto run = [] {
        for (int i = 0; i < 50; i++)
            parse_all();
    };
    std::thread a(run), b(run);
    a.join();
    b.join();
    return parsed != 300 || failed != 200;
}
