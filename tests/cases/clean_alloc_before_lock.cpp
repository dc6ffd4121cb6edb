// expect: none
// about: one thread builds the routes anew and swaps them in under the lock, and lets the old ones go after it
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

static std::mutex table;
static std::vector<std::string> routes;
static std::atomic<bool> done;

[[gnu::noinline]] static void rebuild(int generation)
{
    std::vector<std::string> fresh;
    for (int i = 0; i < 3000; i++)
        fresh.push_back("a route to a backend that has a long name " + std::to_string(generation + i));
    std::lock_guard<std::mutex> held(table);
    routes.swap(fresh);
}

[[gnu::noinline]] static size_t look_up(size_t i)
{
    std::lock_guard<std::mutex> held(table);
    return routes.empty() ? 0 : routes[i % routes.size()].size();
}

static void serve(size_t first)
{
    size_t bytes = 0;
    for (size_t i = first; !done; i++) {
        bytes += look_up(i);
        if (i % 64 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    if (bytes == 1)
        std::puts("odd");
}

int main()
{
    std::vector<std::thread> servers;
    for (size_t i = 0; i < 3; i++)
        servers.emplace_back(serve, i);
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    for (int generation = 0; std::chrono::steady_clock::now() < end; generation++) {
        rebuild(generation);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    done = true;
    for (auto &server : servers)
        server.join();
    std::printf("%zu routes\n", routes.size());
    return 0;
}
