// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Document::edit
// where: lock-order-cycle View::close
// about: the document tells its views under its lock, a view that closes leaves the document under its own
#include "case.h"
#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace editor
{

class View;

class Document
{
  public:
    FRAME int edit(int line);
    void attach(View *view)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        views_.push_back(view);
    }
    void detach(View *view)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        views_.erase(std::remove(views_.begin(), views_.end(), view), views_.end());
    }

  private:
    std::mutex mutex_;
    std::vector<View *> views_;
    int edits_ = 0;
};

class View
{
  public:
    explicit View(Document &document) : document_(document)
    {
        document_.attach(this);
    }
    void changed(int line)
    {
        std::unique_lock<std::mutex> guard(mutex_);
        line_ = line;
    }
    FRAME int close()
    {
        std::unique_lock<std::mutex> guard(mutex_);
        document_.detach(this);
        open_ = false;
        return line_;
    }

  private:
    std::mutex mutex_;
    Document &document_;
    int line_ = 0;
    bool open_ = true;
};

int Document::edit(int line)
{
    std::lock_guard<std::mutex> guard(mutex_);
    for (View *view : views_)
        view->changed(line);
    return ++edits_;
}

} // namespace editor

int main()
{
    int stage = 0;
    editor::Document document;
    editor::View left(document), right(document);
    std::thread typist([&] {
        for (int i = 0; i < 10; i++)
            document.edit(i);
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
    });
    std::thread user([&] {
        stage_await(&stage, 1);
        left.close();
        stage_reach(&stage, 2);
    });
    typist.join();
    user.join();
    return 0;
}
