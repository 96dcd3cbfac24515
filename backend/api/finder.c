#include "api/finder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"

#define IDLE_MAX 8
#define PAUSE_MS 60000
#define AGAIN_MS 5000 /* after a failure */
#define LOG_RECORDS 1000 /* a catching-up that is worth a line */

struct finder {
	const struct host *host;
	struct watch *watch;
	struct store *store; /* the thread's, as the next */
	struct search *search;
	pthread_t thread;
	atomic_bool is_ending;
	pthread_mutex_t lock;
	struct search *idle[IDLE_MAX];
	size_t nidle;
};

static bool is_ending(void *f_)
{
	struct finder *f = f_;

	return atomic_load(&f->is_ending);
}

static enum rc catch_up(struct finder *f, struct err *err)
{
	int64_t start = host_monotonic_ms(f->host);
	struct search_work work = { .most = -1, .stop = is_ending, .ctx = f };
	struct search_done done = { 0 };
	struct search_part *parts = NULL;
	char *scopes = NULL;
	enum rc rc = store_refresh_kinds(f->store, err);

	if (rc == RC_OK)
		rc = search_parts(f->store, NULL, NULL, &parts, &work.nparts,
				  &scopes, err);
	work.parts = parts;
	if (rc == RC_OK)
		rc = search_update(f->search, f->store, &work, &done, err);
	if (done.records >= LOG_RECORDS)
		log_info("search-index records=%lld ms=%lld",
			 (long long)done.records,
			 (long long)(host_monotonic_ms(f->host) - start));
	free(parts);
	free(scopes);
	return rc;
}

static void *keep(void *f_)
{
	struct finder *f = f_;
	struct err err = { 0 };

	if (search_check(f->search, f->store, &err) != RC_OK)
		log_warn("search-index failed: %s", err.text);
	while (!is_ending(f)) {
		uint64_t seen = watch_count(f->watch);

		err_clear(&err);
		if (catch_up(f, &err) != RC_OK)
			log_warn("search-index failed: %s", err.text);
		if (err.code)
			watch_wait(f->watch, watch_count(f->watch), AGAIN_MS);
		else
			watch_wait(f->watch, seen, PAUSE_MS);
	}
	return NULL;
}

enum rc finder_start(struct finder **out, const char *dir, struct watch *watch,
		     const struct host *host, struct err *err)
{
	struct finder *f = calloc(1, sizeof(*f));
	enum rc rc;

	*out = NULL;
	if (!f)
		return err_set(err, RC_NOMEM, "out of memory");
	f->watch = watch;
	f->host = host;
	atomic_init(&f->is_ending, false);
	pthread_mutex_init(&f->lock, NULL);
	rc = store_open(&f->store, dir, host, false, err);
	if (rc == RC_OK)
		rc = search_open(&f->search, f->store, err);
	if (rc == RC_OK && pthread_create(&f->thread, NULL, keep, f) != 0)
		rc = err_set(err, RC_NOMEM, "cannot start a thread");
	if (rc == RC_OK) {
		*out = f;
		return RC_OK;
	}
	search_close(f->search);
	store_close(f->store);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return rc;
}

void finder_stop(struct finder *f)
{
	if (!f)
		return;
	atomic_store(&f->is_ending, true);
	watch_end(f->watch);
	pthread_join(f->thread, NULL);
	for (size_t i = 0; i < f->nidle; i++)
		search_close(f->idle[i]);
	search_close(f->search);
	store_close(f->store);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

enum rc finder_take(struct finder *f, struct store *store, struct search **out,
		    struct err *err)
{
	*out = NULL;
	pthread_mutex_lock(&f->lock);
	if (f->nidle)
		*out = f->idle[--f->nidle];
	pthread_mutex_unlock(&f->lock);
	return *out ? RC_OK : search_open(out, store, err);
}

void finder_give(struct finder *f, struct search *s)
{
	pthread_mutex_lock(&f->lock);
	if (s && f->nidle < IDLE_MAX) {
		f->idle[f->nidle++] = s;
		s = NULL;
	}
	pthread_mutex_unlock(&f->lock);
	search_close(s);
}
