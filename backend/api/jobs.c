#include "api/jobs.h"
#include "base/wait.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAITERS_MAX 4 /* of the server's threads */
#define HALT_MS 50

enum place_is { FREE, RESERVED, WAITING, RUNNING };

struct place {
	char id[33];
	enum place_is is;
	unsigned long turn; /* first come, first done */
	void *work;
};

struct jobs {
	struct jobs_do how;
	pthread_t threads[JOBS_AT_ONCE];
	size_t nthreads;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t come, over;
	struct place places[JOBS_MAX];
	unsigned long turns;
	int waiters;
	bool is_stopping;
};

/* The lock is held, as in the next two. */
static struct place *place_of(struct jobs *j, const char *id)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->places[i].is != FREE && !strcmp(j->places[i].id, id))
			return &j->places[i];
	return NULL;
}

static struct place *next_waiting(struct jobs *j)
{
	struct place *first = NULL;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct place *p = &j->places[i];

		if (p->is == WAITING && (!first || p->turn < first->turn))
			first = p;
	}
	return first;
}

static void do_one(struct jobs *j, struct place *p)
{
	void *work = p->work;

	p->is = RUNNING;
	pthread_mutex_unlock(&j->lock);
	j->how.run(j->how.ctx, work);
	pthread_mutex_lock(&j->lock);
	/* Nobody halts it any more. */
	p->is = FREE;
	p->work = NULL;
	pthread_cond_broadcast(&j->over);
	pthread_mutex_unlock(&j->lock);
	j->how.drop(j->how.ctx, work);
	pthread_mutex_lock(&j->lock);
}

static void *work_on(void *j_)
{
	struct jobs *j = j_;
	struct place *p;

	pthread_mutex_lock(&j->lock);
	while (!j->is_stopping) {
		p = next_waiting(j);
		if (p)
			do_one(j, p);
		else
			pthread_cond_wait(&j->come, &j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static void locks_init(struct jobs *j)
{
	pthread_mutex_init(&j->lock, NULL);
	wait_init(&j->come);
	wait_init(&j->over);
}

enum rc jobs_start(struct jobs **out, const struct jobs_do *how,
		   struct err *err)
{
	struct jobs *j = calloc(1, sizeof(*j));

	*out = NULL;
	if (!j)
		return err_set(err, RC_NOMEM, "out of memory");
	j->how = *how;
	locks_init(j);
	while (j->nthreads < JOBS_AT_ONCE &&
	       !pthread_create(&j->threads[j->nthreads], NULL, work_on, j))
		j->nthreads++;
	if (j->nthreads < JOBS_AT_ONCE) {
		jobs_stop(j);
		return err_set(err, RC_NOMEM, "cannot start a thread");
	}
	*out = j;
	return RC_OK;
}

/* The lock is held: what runs is told to end until it does. */
static void halt_all(struct jobs *j)
{
	bool is_running = true;

	while (is_running) {
		struct timespec until = wait_until(HALT_MS);

		is_running = false;
		for (size_t i = 0; i < JOBS_MAX; i++) {
			if (j->places[i].is != RUNNING)
				continue;
			is_running = true;
			j->how.halt(j->how.ctx, j->places[i].work);
		}
		if (is_running)
			pthread_cond_timedwait(&j->over, &j->lock, &until);
	}
}

void jobs_stop(struct jobs *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->is_stopping = true;
	pthread_cond_broadcast(&j->come);
	halt_all(j);
	pthread_mutex_unlock(&j->lock);
	for (size_t i = 0; i < j->nthreads; i++)
		pthread_join(j->threads[i], NULL);
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->places[i].work)
			j->how.drop(j->how.ctx, j->places[i].work);
	pthread_cond_destroy(&j->come);
	pthread_cond_destroy(&j->over);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

enum rc jobs_reserve(struct jobs *j, const char *id, struct err *err)
{
	struct place *p = NULL;

	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < JOBS_MAX && !p; i++)
		if (j->places[i].is == FREE)
			p = &j->places[i];
	if (p) {
		*p = (struct place){ .is = RESERVED, .turn = ++j->turns };
		snprintf(p->id, sizeof(p->id), "%s", id);
	}
	pthread_mutex_unlock(&j->lock);
	return p ? RC_OK
		 : err_set(err, RC_BUSY,
			   "%d jobs wait already: try again in a few minutes",
			   JOBS_MAX);
}

void jobs_go(struct jobs *j, const char *id, void *work)
{
	struct place *p;

	pthread_mutex_lock(&j->lock);
	p = place_of(j, id);
	p->work = work;
	p->is = WAITING;
	pthread_cond_signal(&j->come);
	pthread_mutex_unlock(&j->lock);
}

void jobs_leave(struct jobs *j, const char *id)
{
	struct place *p;

	pthread_mutex_lock(&j->lock);
	p = place_of(j, id);
	if (p)
		p->is = FREE;
	pthread_mutex_unlock(&j->lock);
}

bool jobs_has(struct jobs *j, const char *id)
{
	bool has;

	pthread_mutex_lock(&j->lock);
	has = place_of(j, id) != NULL;
	pthread_mutex_unlock(&j->lock);
	return has;
}

bool jobs_is_stopping(struct jobs *j)
{
	bool is;

	pthread_mutex_lock(&j->lock);
	is = j->is_stopping;
	pthread_mutex_unlock(&j->lock);
	return is;
}

void jobs_wait(struct jobs *j, const char *id, int timeout_ms)
{
	struct timespec until = wait_until(timeout_ms);
	int timed_out = timeout_ms <= 0;

	pthread_mutex_lock(&j->lock);
	if (j->waiters < WAITERS_MAX) {
		j->waiters++;
		while (!timed_out && !j->is_stopping && place_of(j, id))
			timed_out = pthread_cond_timedwait(&j->over, &j->lock,
							   &until);
		j->waiters--;
	}
	pthread_mutex_unlock(&j->lock);
}
