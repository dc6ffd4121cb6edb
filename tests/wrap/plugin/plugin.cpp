// A plugin in C++ for a host in C, which itself has no libstdc++.
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

static std::mutex mutex;
static thread_local std::unique_ptr<std::string> scratch;

extern "C" int plugin_work(int n)
{
    std::map<int, std::string> texts;
    int caught = 0;
    scratch.reset(new std::string(200, 'x'));
    for (int i = 0; i < n; i++)
        try {
            std::lock_guard<std::mutex> guard(mutex);
            texts[i] = std::string(100, 'a');
            if (i % 3 == 0)
                throw std::runtime_error("every third time");
        } catch (const std::exception &) {
            caught++;
        }
    int *numbers = new int[100]();
    delete[] numbers;
    return caught;
}
