#include "api/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/wait.h"
#include "sql_store.gen.h"
#include "store/store.h"

#define LOOK_MS 200

struct watch {
	struct store *store; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t count; /* under lock, as what follows */
	bool is_over; /* nobody waits any more */
	bool is_ending;
};

/* False when it is to end. */
static bool look_pause(struct watch *w, bool is_news)
{
	struct timespec until = wait_until(LOOK_MS);
	bool goes_on;

	pthread_mutex_lock(&w->lock);
	if (is_news) {
		w->count++;
		pthread_cond_broadcast(&w->changed);
	}
	while (!w->is_ending &&
	       pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
		;
	goes_on = !w->is_ending;
	pthread_mutex_unlock(&w->lock);
	return goes_on;
}

static void *look(void *w_)
{
	struct watch *w = w_;
	int64_t last = 0, now;
	bool is_news;

	do {
		struct err err = { 0 };

		is_news = db_int(w->store->db, SQL_LOG_STIRRED, 0, &now,
				 &err) == RC_OK &&
			  now != last;
		if (is_news)
			last = now;
		if (err.code)
			log_warn("watch failed: %s", err.text);
	} while (look_pause(w, is_news));
	return NULL;
}

enum rc watch_start(struct watch **out, const char *dir,
		    const struct host *host, struct err *err)
{
	struct watch *w = calloc(1, sizeof(*w));
	enum rc rc;

	*out = NULL;
	if (!w)
		return err_set(err, RC_NOMEM, "out of memory");
	pthread_mutex_init(&w->lock, NULL);
	wait_init(&w->changed);
	rc = store_open(&w->store, dir, host, false, err);
	if (rc == RC_OK && pthread_create(&w->thread, NULL, look, w) != 0)
		rc = err_set(err, RC_NOMEM, "cannot start a thread");
	if (rc == RC_OK) {
		*out = w;
		return RC_OK;
	}
	store_close(w->store);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return rc;
}

void watch_stop(struct watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_ending = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	store_close(w->store);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

uint64_t watch_count(struct watch *w)
{
	uint64_t count;

	pthread_mutex_lock(&w->lock);
	count = w->count;
	pthread_mutex_unlock(&w->lock);
	return count;
}

void watch_wait(struct watch *w, uint64_t seen, int64_t ms)
{
	struct timespec until = wait_until(ms);

	pthread_mutex_lock(&w->lock);
	while (w->count == seen && !w->is_over &&
	       pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
		;
	pthread_mutex_unlock(&w->lock);
}

void watch_end(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->is_over = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}
