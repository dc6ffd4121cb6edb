// expect: heap-leak LOW
// where: heap-leak open_session
// options: heap=exact
// about: a session and its channel hold a shared_ptr to each other, so neither is ever freed
#include "case.h"

#include <memory>
#include <string>

struct Channel;

struct Session {
    std::string user;
    std::shared_ptr<Channel> channel;
};

struct Channel {
    char buffer[256];
    std::shared_ptr<Session> owner;
};

static FRAME int open_session(int id)
{
    auto session = std::make_shared<Session>();
    session->user = "user number " + std::to_string(id) + " with a long name";
    session->channel = std::make_shared<Channel>();
    session->channel->owner = session;
    std::snprintf(session->channel->buffer, sizeof session->channel->buffer, "hello %s", session->user.c_str());
    return static_cast<int>(session->user.size());
}

int main()
{
    int sum = 0;
    for (int i = 0; i < 300; i++) {
        sum += open_session(i);
        if (i % 30 == 0)
            nap_ms(10);
    }
    std::printf("%d\n", sum);
    return 0;
}
