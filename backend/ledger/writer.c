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
	pthread_mutex_t lock;
	pthread_cond_t work, finished, left;
	struct ticket *first, **last;
	size_t coming; /* that are on their way */
	size_t waiting, inside; /* and with those being taken in */
	bool is_led; /* somebody takes in what waits */
	bool stopping;
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

/* Whoever finds nobody at work takes in what waits, its own among it, and
 * leaves the rest to the first of the rest. The lock is held. */
static void lead(struct writer *w, const struct ticket *own)
{
	struct ticket *tickets[WRITER_BATCH_MAX];
	struct timespec at;
	size_t n;

	w->is_led = true;
	while (!own->done) {
		/* A lone sync goes at once; where others are on their way, it
		 * waits a moment for them. */
		deadline_in(&at, WRITER_WAIT_MS);
		while (w->coming && w->waiting < WRITER_BATCH_MAX &&
		       !w->stopping &&
		       pthread_cond_timedwait(&w->work, &w->lock, &at) == 0)
			;
		n = tickets_take(w, tickets);
		pthread_mutex_unlock(&w->lock);
		batch_run(w, tickets, n);
		pthread_mutex_lock(&w->lock);
		for (size_t i = 0; i < n; i++)
			tickets[i]->done = true;
		w->is_led = !own->done;
		pthread_cond_broadcast(&w->finished);
	}
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
	pthread_cond_init(&w->left, NULL);
	w->last = &w->first;
	rc = store_open(&w->store, dir, host, false, err);
	if (rc != RC_OK) {
		writer_stop(w);
		return rc;
	}
	*out = w;
	return RC_OK;
}

void writer_expect(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->coming++;
	pthread_mutex_unlock(&w->lock);
}

/* It is here, or will not come. The lock is held. */
static void come(struct writer *w)
{
	w->coming--;
	if (w->is_led)
		pthread_cond_signal(&w->work);
}

void writer_forget(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	come(w);
	pthread_mutex_unlock(&w->lock);
}

enum rc writer_take(struct writer *w, struct sync *s, struct err *err)
{
	struct ticket t = { .sync = s };

	pthread_mutex_lock(&w->lock);
	come(w);
	if (w->stopping || w->waiting >= WRITER_QUEUE_MAX) {
		pthread_mutex_unlock(&w->lock);
		return err_set(err, RC_BUSY,
			       "the server is busy: try again in a moment");
	}
	*w->last = &t;
	w->last = &t.next;
	w->waiting++;
	w->inside++;
	while (w->is_led && !t.done)
		pthread_cond_wait(&w->finished, &w->lock);
	if (!t.done)
		lead(w, &t);
	if (--w->inside == 0)
		pthread_cond_signal(&w->left);
	pthread_mutex_unlock(&w->lock);
	return t.rc == RC_OK ? RC_OK : err_set(err, t.rc, "%s", t.outcome.text);
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->work);
	while (w->inside)
		pthread_cond_wait(&w->left, &w->lock);
	pthread_mutex_unlock(&w->lock);
	store_close(w->store);
	pthread_cond_destroy(&w->left);
	pthread_cond_destroy(&w->finished);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
