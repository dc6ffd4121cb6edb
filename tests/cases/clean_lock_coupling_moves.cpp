// expect: none
// about: a sorted list locked node by node, its guards moved along, while nodes come and go
#include "case.h"
#include <memory>
#include <mutex>
#include <thread>

struct Node {
    explicit Node(int k) : key(k) {}
    int key;
    std::mutex mutex;
    std::unique_ptr<Node> next;
};

class Cursor
{
  public:
    explicit Cursor(Node &head) : at_(&head), guard_(head.mutex) {}
    bool advance_below(int key)
    {
        Node *next = at_->next.get();
        if (!next)
            return false;
        std::unique_lock<std::mutex> guard(next->mutex);
        if (next->key >= key)
            return false;
        guard_ = std::move(guard);
        at_ = next;
        return true;
    }
    Node &at()
    {
        return *at_;
    }

  private:
    Node *at_;
    std::unique_lock<std::mutex> guard_;
};

class List
{
  public:
    FRAME void insert(int key)
    {
        Cursor c = find(key);
        auto node = std::make_unique<Node>(key);
        node->next = std::move(c.at().next);
        c.at().next = std::move(node);
    }
    FRAME bool remove(int key)
    {
        std::unique_ptr<Node> gone;
        Cursor c = find(key);
        Node *next = c.at().next.get();
        if (!next)
            return false;
        {
            std::lock_guard<std::mutex> last(next->mutex);
            if (next->key != key)
                return false;
            gone = std::move(c.at().next);
            c.at().next = std::move(gone->next);
        }
        return true;
    }

  private:
    Cursor find(int key)
    {
        Cursor c(head_);
        while (c.advance_below(key)) {
        }
        return c;
    }
    Node head_{-1};
};

int main()
{
    List list;
    auto work = [&](int from) {
        for (int i = 0; i < 400; i++) {
            list.insert((from + i * 17) % 97);
            if (i % 3)
                list.remove((from + i * 5) % 97);
        }
    };
    std::thread a(work, 1), b(work, 2), c(work, 3);
    a.join();
    b.join();
    c.join();
    return 0;
}
