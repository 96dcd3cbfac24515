/* base/wait.h - conditions that wait by the monotonic clock: who sets the wall
 * clock shortens no wait. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

void wait_init(pthread_cond_t *condition);
/* For pthread_cond_timedwait() with such a condition: so long from now. */
struct timespec wait_until(int64_t ms);

#endif
