/* http/deep.c - see deep.h. */
#include "http/deep.h"

#include <stdbool.h>
#include <stdlib.h>

#define DEEP_STACK ((size_t)4 << 20)

struct deep_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	void (*fn)(void *); /* NULL: none, or it has run */
	void *arg;
	bool is_ending;
	struct deep_thread *next_idle, *next;
};

static void *deep_main(void *arg)
{
	struct deep_thread *t = arg;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (!t->fn && !t->is_ending)
			pthread_cond_wait(&t->work, &t->lock);
		if (!t->fn)
			break;
		pthread_mutex_unlock(&t->lock);
		t->fn(t->arg);
		pthread_mutex_lock(&t->lock);
		t->fn = NULL;
		pthread_cond_signal(&t->done);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void thread_free(struct deep_thread *t)
{
	pthread_cond_destroy(&t->done);
	pthread_cond_destroy(&t->work);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct deep_thread *thread_new(void)
{
	struct deep_thread *t = calloc(1, sizeof(*t));
	pthread_attr_t attr;
	int failed;

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->done, NULL);
	failed = pthread_attr_init(&attr);
	if (!failed) {
		failed = pthread_attr_setstacksize(&attr, DEEP_STACK);
		if (!failed)
			failed =
				pthread_create(&t->thread, &attr, deep_main, t);
		pthread_attr_destroy(&attr);
	}
	if (!failed)
		return t;
	thread_free(t);
	return NULL;
}

static struct deep_thread *thread_take(struct deep_pool *pool)
{
	struct deep_thread *t;

	pthread_mutex_lock(&pool->lock);
	t = pool->idle;
	if (t)
		pool->idle = t->next_idle;
	pthread_mutex_unlock(&pool->lock);
	if (t)
		return t;
	t = thread_new();
	if (!t)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	t->next = pool->all;
	pool->all = t;
	pthread_mutex_unlock(&pool->lock);
	return t;
}

void deep_init(struct deep_pool *pool)
{
	pthread_mutex_init(&pool->lock, NULL);
	pool->idle = pool->all = NULL;
}

int deep_run(struct deep_pool *pool, void (*fn)(void *), void *arg)
{
	struct deep_thread *t = thread_take(pool);

	if (!t)
		return -1;
	pthread_mutex_lock(&t->lock);
	t->fn = fn;
	t->arg = arg;
	pthread_cond_signal(&t->work);
	while (t->fn)
		pthread_cond_wait(&t->done, &t->lock);
	pthread_mutex_unlock(&t->lock);
	pthread_mutex_lock(&pool->lock);
	t->next_idle = pool->idle;
	pool->idle = t;
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

void deep_end(struct deep_pool *pool)
{
	struct deep_thread *t;

	while ((t = pool->all)) {
		pool->all = t->next;
		pthread_mutex_lock(&t->lock);
		t->is_ending = true;
		pthread_cond_signal(&t->work);
		pthread_mutex_unlock(&t->lock);
		pthread_join(t->thread, NULL);
		thread_free(t);
	}
	pool->idle = NULL;
	pthread_mutex_destroy(&pool->lock);
}
