/* ledger/writer.c - group commit. */
#include "ledger/writer.h"

#include <pthread.h>

#include "base/log.h"

struct ticket {
	struct sync *sync;
	struct err outcome;
	enum rc rc;
	bool done;
	struct ticket *next;
};

struct writer {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	struct ticket *first, **last;
	size_t waiting;
	bool running, stopping;
};

/* Up to WRITER_BATCH_MAX tickets; the lock is held. */
static size_t tickets_take(struct writer *w, struct ticket **out)
{
	size_t n = 0;

	while (w->first && n < WRITER_BATCH_MAX) {
		out[n++] = w->first;
		w->first = w->first->next;
	}
	if (!w->first)
		w->last = &w->first;
	w->waiting -= n;
	return n;
}

static void deadline_in(struct timespec *at, long ms)
{
	clock_gettime(CLOCK_REALTIME, at);
	at->tv_nsec += ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

static void batch_run(struct writer *w, struct ticket **tickets, size_t n)
{
	struct sync *syncs[WRITER_BATCH_MAX];
	struct err outcomes[WRITER_BATCH_MAX];
	struct err err = { 0 };
	enum rc rc;

	memset(outcomes, 0, sizeof(outcomes));
	for (size_t i = 0; i < n; i++)
		syncs[i] = tickets[i]->sync;
	rc = sync_take_all(w->store, syncs, n, host_wall_ms(w->store->host),
			   outcomes, &err);
	if (rc != RC_OK)
		log_warn("writer failed=\"%s\"", err.text);
	for (size_t i = 0; i < n; i++) {
		tickets[i]->outcome = rc == RC_OK ? outcomes[i] : err;
		tickets[i]->rc = tickets[i]->outcome.code;
	}
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct ticket *tickets[WRITER_BATCH_MAX];
	struct timespec at;
	size_t n;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->first && !w->stopping)
			pthread_cond_wait(&w->work, &w->lock);
		if (!w->first)
			break;
		/* A lone sync waits a moment only when others are on their
		 * way; what is already queued goes at once. */
		if (w->waiting > 1 && w->waiting < WRITER_BATCH_MAX) {
			deadline_in(&at, WRITER_WAIT_MS);
			while (w->waiting < WRITER_BATCH_MAX && !w->stopping &&
			       pthread_cond_timedwait(&w->work, &w->lock,
						      &at) == 0)
				;
		}
		n = tickets_take(w, tickets);
		pthread_mutex_unlock(&w->lock);
		batch_run(w, tickets, n);
		pthread_mutex_lock(&w->lock);
		for (size_t i = 0; i < n; i++)
			tickets[i]->done = true;
		pthread_cond_broadcast(&w->finished);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum rc writer_start(struct writer **out, const char *dir,
		     const struct host *host, struct err *err)
{
	struct writer *w = calloc(1, sizeof(*w));
	enum rc rc;

	*out = NULL;
	if (!w)
		return err_set(err, RC_NOMEM, "out of memory");
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->finished, NULL);
	w->last = &w->first;
	rc = store_open(&w->store, dir, host, false, err);
	if (rc == RC_OK &&
	    pthread_create(&w->thread, NULL, writer_main, w) != 0)
		rc = err_set(err, RC_NOMEM, "cannot start the writer's thread");
	w->running = rc == RC_OK;
	if (rc != RC_OK) {
		writer_stop(w);
		return rc;
	}
	*out = w;
	return RC_OK;
}

enum rc writer_take(struct writer *w, struct sync *s, struct err *err)
{
	struct ticket t = { .sync = s };

	pthread_mutex_lock(&w->lock);
	if (w->stopping || w->waiting >= WRITER_QUEUE_MAX) {
		pthread_mutex_unlock(&w->lock);
		return err_set(err, RC_BUSY,
			       "the server is busy: try again in a moment");
	}
	*w->last = &t;
	w->last = &t.next;
	w->waiting++;
	pthread_cond_signal(&w->work);
	while (!t.done)
		pthread_cond_wait(&w->finished, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return t.rc == RC_OK ? RC_OK : err_set(err, t.rc, "%s", t.outcome.text);
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	if (w->running) {
		pthread_mutex_lock(&w->lock);
		w->stopping = true;
		pthread_cond_broadcast(&w->work);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	store_close(w->store);
	pthread_cond_destroy(&w->finished);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
