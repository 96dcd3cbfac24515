#include "api/overseer.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/misses.h"
#include "base/log.h"
#include "base/wait.h"
#include "domain/awaited.h"
#include "sql_store.gen.h"

#define PAUSE_S 60
#define PAUSES 60 /* between two looks */

struct overseer {
	struct store *store; /* the thread's */
	struct misses *misses;
	pthread_t thread;
	pthread_mutex_t lock; /* of is_ending */
	pthread_cond_t ends;
	bool is_ending;
};

static enum rc scopes_read(struct store *s, json_t **out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_CLI_COUNTIES);

	*out = json_array();
	while (query_row(q))
		json_array_append_new(*out, json_string(query_get_text(q, 0)));
	return query_end(q, err);
}

static enum rc look(struct overseer *o, struct err *err)
{
	struct account server = { .name = "server",
				  .roles = ROLE_SERVER,
				  .scopes = "*" };
	json_t *scopes = NULL, *scope;
	size_t i;
	enum rc rc = store_refresh_kinds(o->store, err);

	if (rc == RC_OK)
		rc = scopes_read(o->store, &scopes, err);
	json_array_foreach(scopes, i, scope)
	{
		struct op op = { .store = o->store,
				 .actor = &server,
				 .now_ms = host_wall_ms(o->store->host),
				 .err = err };
		int raised = 0;

		if (rc == RC_OK)
			rc = awaited_alarm(&op, json_string_value(scope), NULL,
					   &raised);
		if (raised)
			log_info("alarms rule=evidence_missing scope=%s n=%d",
				 json_string_value(scope), raised);
	}
	json_decref(scopes);
	return rc;
}

/* False: it ends. */
static bool pause_minute(struct overseer *o)
{
	struct timespec until;
	bool goes_on;
	int waited = 0;

	until = wait_until(PAUSE_S * 1000);
	pthread_mutex_lock(&o->lock);
	while (!o->is_ending && waited == 0)
		waited = pthread_cond_timedwait(&o->ends, &o->lock, &until);
	goes_on = !o->is_ending;
	pthread_mutex_unlock(&o->lock);
	return goes_on;
}

static void *oversee(void *o_)
{
	struct overseer *o = o_;
	int n = 0;

	do {
		struct err err = { 0 };

		if (n++ % PAUSES == 0 && look(o, &err) != RC_OK)
			log_warn("alarms failed: %s", err.text);
		misses_tell(o->misses, o->store, false);
	} while (pause_minute(o));
	misses_tell(o->misses, o->store, true);
	return NULL;
}

enum rc overseer_start(struct overseer **out, const char *dir,
		       struct misses *misses, const struct host *host,
		       struct err *err)
{
	struct overseer *o = calloc(1, sizeof(*o));
	enum rc rc;

	*out = NULL;
	if (!o)
		return err_set(err, RC_NOMEM, "out of memory");
	o->misses = misses;
	pthread_mutex_init(&o->lock, NULL);
	wait_init(&o->ends);
	rc = store_open(&o->store, dir, host, false, err);
	if (rc == RC_OK && pthread_create(&o->thread, NULL, oversee, o) != 0)
		rc = err_set(err, RC_NOMEM, "cannot start a thread");
	if (rc == RC_OK) {
		*out = o;
		return RC_OK;
	}
	store_close(o->store);
	pthread_cond_destroy(&o->ends);
	pthread_mutex_destroy(&o->lock);
	free(o);
	return rc;
}

void overseer_stop(struct overseer *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->is_ending = true;
	pthread_cond_signal(&o->ends);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	store_close(o->store);
	pthread_cond_destroy(&o->ends);
	pthread_mutex_destroy(&o->lock);
	free(o);
}
