// expect: self-deadlock CRITICAL
// allow: deadlock
// where: self-deadlock settings
// kill: 2
// about: what makes a local static needs that static: the constructor logs, and the log asks for the settings
#include "case.h"
#include <string>
#include <thread>

struct Settings;
static Settings &settings();
static FRAME void log_line(const char *text);

struct Settings {
    std::string place = "/var/log/service";
    FRAME Settings()
    {
        log_line("settings are read");
    }
};

static FRAME Settings &settings()
{
    static Settings instance;
    return instance;
}

static FRAME void log_line(const char *text)
{
    printf("%s: %s\n", settings().place.c_str(), text);
}

int main()
{
    std::thread idle([] { /* as long as there is one thread, libstdc++ throws */
                          for (;;)
                              nap_ms(20);
    });
    log_line("up");
    idle.join();
    return 0;
}
