// expect: none
// about: four may upload at a time, and who fails makes room for others as well
#include "uploads.h"

static FRAME int upload(int part)
{
    sem_wait(&places);
    int result = send_part(part);
    sem_post(&places);
    return result;
}

int main(void)
{
    return run_uploads(upload, 4);
}
