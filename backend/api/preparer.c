#include "api/preparer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/wait.h"
#include "wire/message.h"

#define WANTS_MAX 64
#define WAIT_S 8 /* of one request */
#define WAITERS_MAX 4 /* threads that do nothing else meanwhile */
#define AGAIN_S 30 /* between looks at what there is */

/* One scope's snapshot of one format. */
struct want {
	char scope[8];
	int format;
	bool is_asked; /* to be made, or being made */
	uint64_t made; /* how often it was tried */
	struct err err; /* of the last try */
};

struct preparer {
	const struct host *host;
	struct store *store; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t asked, made;
	bool is_ending;
	int waiters;
	struct want wants[WANTS_MAX];
	size_t nwants;
};

static struct want *want_of(struct preparer *p, const char *scope, int format)
{
	struct want *w;

	for (size_t i = 0; i < p->nwants; i++)
		if (p->wants[i].format == format &&
		    !strcmp(p->wants[i].scope, scope))
			return &p->wants[i];
	if (p->nwants == WANTS_MAX || strlen(scope) >= sizeof(w->scope))
		return NULL;
	w = &p->wants[p->nwants++];
	memset(w, 0, sizeof(*w));
	snprintf(w->scope, sizeof(w->scope), "%s", scope);
	w->format = format;
	return w;
}

/* The lock is held, but not while it works. */
static void make_one(struct preparer *p, struct want *w)
{
	int64_t start = host_monotonic_ms(p->host);
	struct snapshot_file file = { 0 };
	struct err err = { 0 };
	enum rc rc;

	pthread_mutex_unlock(&p->lock);
	rc = snapshot_find(p->store, w->scope, w->format, NULL, &file, &err);
	if (rc == RC_OK && !file.path) {
		rc = snapshot_make(p->store, w->scope, w->format, &err);
		if (rc == RC_OK)
			log_info("snapshot scope=%s format=%d ms=%lld",
				 w->scope, w->format,
				 (long long)(host_monotonic_ms(p->host) -
					     start));
		else
			log_warn("snapshot scope=%s failed: %s", w->scope,
				 err.text);
	}
	free(file.path);
	pthread_mutex_lock(&p->lock);
	w->is_asked = false;
	w->made++;
	w->err = err;
	pthread_cond_broadcast(&p->made);
}

static enum rc there_is(void *p_, const char *scope, int format,
			struct err *err)
{
	struct want *w = want_of(p_, scope, format);

	(void)err;
	if (w)
		w->is_asked = true;
	return RC_OK;
}

/* What is there is made again where it is not fresh any more. */
static void look(struct preparer *p)
{
	struct err ignored = { 0 };

	snapshot_each(p->store, there_is, p, &ignored);
}

static struct want *next_asked(struct preparer *p)
{
	for (size_t i = 0; i < p->nwants; i++)
		if (p->wants[i].is_asked)
			return &p->wants[i];
	return NULL;
}

static void *prepare(void *p_)
{
	struct preparer *p = p_;

	snapshot_tidy(p->store);
	pthread_mutex_lock(&p->lock);
	look(p);
	while (!p->is_ending) {
		struct want *w = next_asked(p);
		struct timespec until = wait_until(AGAIN_S * 1000);

		if (w)
			make_one(p, w);
		else if (pthread_cond_timedwait(&p->asked, &p->lock, &until) ==
			 ETIMEDOUT)
			look(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void conditions_init(struct preparer *p)
{
	pthread_mutex_init(&p->lock, NULL);
	wait_init(&p->asked);
	wait_init(&p->made);
}

static void preparer_free(struct preparer *p)
{
	store_close(p->store);
	pthread_cond_destroy(&p->asked);
	pthread_cond_destroy(&p->made);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

enum rc preparer_start(struct preparer **out, const char *dir,
		       const struct host *host, struct err *err)
{
	struct preparer *p = calloc(1, sizeof(*p));
	enum rc rc;

	*out = NULL;
	if (!p)
		return err_set(err, RC_NOMEM, "out of memory");
	p->host = host;
	conditions_init(p);
	rc = store_open(&p->store, dir, host, false, err);
	if (rc == RC_OK && pthread_create(&p->thread, NULL, prepare, p) != 0)
		rc = err_set(err, RC_NOMEM, "cannot start a thread");
	if (rc == RC_OK)
		*out = p;
	else
		preparer_free(p);
	return rc;
}

void preparer_stop(struct preparer *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_ending = true;
	pthread_cond_broadcast(&p->asked);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	preparer_free(p);
}

static enum rc busy(const char *scope, struct err *err)
{
	return err_set(err, RC_BUSY,
		       "the snapshot of scope '%s' is being prepared: try "
		       "again in a few seconds",
		       scope);
}

/* The lock is held. */
static enum rc wait_for(struct preparer *p, struct want *w, struct err *err)
{
	struct timespec until = wait_until(WAIT_S * 1000);
	uint64_t seen = w->made;
	int timed_out = 0;

	p->waiters++;
	while (w->made == seen && !timed_out)
		timed_out = pthread_cond_timedwait(&p->made, &p->lock, &until);
	p->waiters--;
	if (w->made == seen)
		return busy(w->scope, err);
	return w->err.code ? err_set(err, w->err.code, "%s", w->err.text)
			   : RC_OK;
}

enum rc preparer_want(struct preparer *p, const char *scope, int format,
		      struct err *err)
{
	struct want *w;
	enum rc rc;

	pthread_mutex_lock(&p->lock);
	w = want_of(p, scope, format);
	if (w) {
		w->is_asked = true;
		pthread_cond_signal(&p->asked);
	}
	rc = w && p->waiters < WAITERS_MAX ? wait_for(p, w, err)
					   : busy(scope, err);
	pthread_mutex_unlock(&p->lock);
	return rc;
}
