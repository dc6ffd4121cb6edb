// expect: mismatched-free CRITICAL
// where: mismatched-free destroy
// options: heap=exact
// status: any
// about: rows with destructors, made by new[], are deleted as if there were one: the block begins with their count, in front of the address
#include "case.h"

#include <string>

struct Row {
    std::string text;
};

static FRAME void destroy(Row *rows)
{
    delete rows;
}

int main()
{
    auto *rows = new Row[4];
    rows[0].text = "a text that is too long to lie in the string itself";
    destroy(rows);
    puts("done");
    return 0;
}
