// expect: lock-across-block HIGH
// where: lock-across-block Uploader::flush
// allow: lock-contention long-hold
// about: an uploader backs off with sleep_for while it holds its buffer's mutex, add() stands still meanwhile
#include "case.h"
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Uploader
{
  public:
    FRAME size_t add(std::string line)
    {
        std::scoped_lock guard(mutex_);
        lines_.push_back(std::move(line));
        return lines_.size();
    }
    FRAME size_t flush()
    {
        std::scoped_lock guard(mutex_, state_mutex_);
        for (int attempt = 0; attempt < 2; attempt++)
            std::this_thread::sleep_for(std::chrono::milliseconds(30 << attempt));
        size_t n = lines_.size();
        lines_.clear();
        return n;
    }

  private:
    std::mutex mutex_, state_mutex_;
    std::vector<std::string> lines_;
};

int main()
{
    Uploader uploader;
    size_t uploaded = 0;
    std::thread flusher([&] {
        for (int i = 0; i < 4; i++) {
            uploaded += uploader.flush();
            nap_ms(5);
        }
    });
    std::thread source([&] {
        for (int i = 0; i < 5; i++) {
            uploader.add("line");
            nap_ms(10);
        }
    });
    source.join();
    flusher.join();
    uploaded += uploader.flush();
    return uploaded != 5;
}
