/* http/deep.h - threads with stacks that a handler has room on. CivetWeb's
 * workers have 100 KiB, compiled in, which a merge of deeply nested records or
 * a clone's repository overflows. The threads are kept: to begin and end one
 * for each request costs more than what a small request does. */
#ifndef HTTP_DEEP_H
#define HTTP_DEEP_H

#include <pthread.h>

struct deep_thread;

struct deep_pool {
	pthread_mutex_t lock; /* of both lists */
	struct deep_thread *idle, *all;
};

void deep_init(struct deep_pool *pool);
/* Run fn(arg) in a thread of the pool and wait for its end. -1, and nothing was
 * run: there is no thread to be had. Any thread, as many as there are. */
int deep_run(struct deep_pool *pool, void (*fn)(void *), void *arg);
/* Ends the threads. Nobody may be in deep_run. */
void deep_end(struct deep_pool *pool);

#endif
