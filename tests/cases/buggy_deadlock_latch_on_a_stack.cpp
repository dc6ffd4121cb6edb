// expect: deadlock CRITICAL
// where: deadlock wait_until_all_are_open
// std: c++20
// kill: 2
// about: a stage has one party fewer than its latch counts; the latch lies on the stack of the thread that began it
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

struct stage {
    std::latch open{4};
    std::vector<std::string> shards = std::vector<std::string>(3);
    size_t names = 0;
};

[[gnu::noinline]] static void wait_until_all_are_open(stage &s)
{
    s.open.wait();
    for (auto &shard : s.shards)
        s.names += shard.size();
}

static void open_shard(stage &s, size_t shard)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * shard));
    s.shards[shard] = "shard " + std::to_string(shard);
    s.open.count_down();
}

static void begin()
{
    stage s;
    std::thread coordinator(wait_until_all_are_open, std::ref(s));
    std::vector<std::thread> openers;
    for (size_t shard = 0; shard < s.shards.size(); shard++)
        openers.emplace_back(open_shard, std::ref(s), shard);
    for (auto &opener : openers)
        opener.join();
    coordinator.join();
}

int main()
{
    std::thread(begin).join();
    return 0;
}
