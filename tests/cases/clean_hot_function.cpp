// expect: none
// options: hot=Rules::match,count_*,main
// about: hot functions that keep their memory and clear it; what others allocate beside them is not theirs
#include "case.h"
#include <string>
#include <vector>

static const int texts = 700, repeats = 20;

class Rules
{
  public:
    FRAME unsigned long match(const std::string &text)
    {
        unsigned long found = 0;

        used_ = 0;
        for (size_t at = 0; at < text.size(); at += 32)
            word().assign(text, at, 32);
        for (size_t i = 0; i < used_; i++)
            found += count_x(words_[i]);
        return found;
    }

  private:
    std::string &word()
    {
        if (used_ == words_.size())
            words_.emplace_back();
        return words_[used_++];
    }
    FRAME static unsigned long count_x(const std::string &word)
    {
        unsigned long sum = 0;

        for (char c : word)
            sum += c == 'x';
        return sum;
    }

    std::vector<std::string> words_;
    size_t used_ = 0;
};

static unsigned long matched;

static FRAME std::string *read_next(int i)
{
    return new std::string(640, static_cast<char>('w' + i % 2));
}

static void *work(void *)
{
    Rules rules;

    for (int i = 0; i < texts; i++) {
        std::string *text = read_next(i);

        for (int k = 0; k < repeats; k++)
            matched += rules.match(*text);
        delete text;
        nap_ms(1);
    }
    return nullptr;
}

int main()
{
    std::vector<std::string> names;

    for (int i = 0; i < 20000; i++)
        names.push_back("a name that is read at the start, number " + std::to_string(i));
    thread_join(thread_start(work, nullptr));
    printf("%lu %zu\n", matched, names.size());
    return 0;
}
