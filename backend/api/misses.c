/* api/misses.c - failed proofs in the audit log, a few for many. */
#include "api/misses.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/audit.h"

#define MINUTE_MS 60000
#define NETWORK_SIZE 64

struct place {
	char network[NETWORK_SIZE]; /* "": free */
	char operation[40]; /* of the last */
	int64_t minute, since_ms; /* of the first that no entry tells of */
	int64_t untold;
};

struct misses {
	const struct host *host;
	pthread_mutex_t lock;
	struct place places[MISSES_PLACES];
	struct place others; /* who found no place, or no entry */
	int64_t minute;
	int told; /* entries in this minute */
};

enum rc misses_new(struct misses **out, const struct host *host,
		   struct err *err)
{
	struct misses *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return err_set(err, RC_NOMEM, "out of memory");
	m->host = host;
	snprintf(m->others.network, NETWORK_SIZE, "many addresses");
	pthread_mutex_init(&m->lock, NULL);
	return RC_OK;
}

void misses_free(struct misses *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void entry_put(struct store *s, const struct audit_entry *e)
{
	struct err err = { 0 };

	if (audit_put(s, e, &err) != RC_OK)
		log_warn("audit failed: %s", err.text);
}

/* Of an account that there is: a name that is none may be a password. */
static bool is_account(struct store *s, const char *name)
{
	struct err ignored = { 0 };
	struct account a;

	return name && account_look(s, name, &a, &ignored) == RC_OK;
}

static void miss_put(struct store *s, const struct miss *miss, int64_t now_ms)
{
	bool is_known = is_account(s, miss->account);
	char detail[400];
	const struct audit_entry e = {
		.by = { .who = "nobody",
			.via = VIA_API,
			.request_id = miss->request_id,
			.now_ms = now_ms },
		.operation = miss->operation,
		.kind = miss->account ? "account" : NULL,
		.id = is_known ? miss->account : NULL,
		.outcome = AUDIT_REFUSED,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail), "from %s: %s%s",
		 miss->remote ? miss->remote : "-", miss->why,
		 miss->account && !is_known ? ", for a name that is no account"
					    : "");
	entry_put(s, &e);
}

static void count_put(struct store *s, const struct place *p, int64_t now_ms)
{
	char detail[200];
	const struct audit_entry e = {
		.by = { .who = "nobody", .via = VIA_API, .now_ms = now_ms },
		.operation = p->operation,
		.outcome = AUDIT_REFUSED,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail),
		 "from %s: %lld more that proved nobody, in %lld s", p->network,
		 (long long)p->untold,
		 (long long)((now_ms - p->since_ms + 999) / 1000));
	entry_put(s, &e);
}

/* The address's place, else one of an address that has nothing to be told of,
 * else none. Under the lock, as all below. */
static struct place *place_of(struct misses *m, const char *network)
{
	struct place *idle = NULL;

	for (size_t i = 0; i < MISSES_PLACES; i++) {
		struct place *p = &m->places[i];

		if (!strncmp(p->network, network, NETWORK_SIZE - 1))
			return p;
		if (!p->untold && (!idle || p->minute < idle->minute))
			idle = p;
	}
	if (!idle || (idle->network[0] && idle->minute == m->minute))
		return NULL;
	*idle = (struct place){ .minute = -1 };
	snprintf(idle->network, NETWORK_SIZE, "%s", network);
	return idle;
}

static void place_count(struct place *p, const struct miss *miss,
			int64_t now_ms)
{
	if (!p->untold++)
		p->since_ms = now_ms;
	snprintf(p->operation, sizeof(p->operation), "%s", miss->operation);
}

/* Is it to have an entry of its own? */
static bool is_first(struct misses *m, const struct miss *miss, int64_t now_ms)
{
	const char *network = miss->network ? miss->network : "-";
	struct place *p = place_of(m, network);

	if (!p) {
		place_count(&m->others, miss, now_ms);
		return false;
	}
	if (p->minute == m->minute || m->told >= MISSES_MOST) {
		place_count(p, miss, now_ms);
		return false;
	}
	p->minute = m->minute;
	m->told++;
	return true;
}

/* The next count that is due; false when there is none, or no room for its
 * entry: then all that is left becomes one number. */
static bool due_take(struct misses *m, bool all, struct place *out)
{
	struct place *due = NULL;

	for (size_t i = 0; i <= MISSES_PLACES && !due; i++) {
		struct place *p =
			i < MISSES_PLACES ? &m->places[i] : &m->others;

		if (p->untold && (all || p->minute < m->minute))
			due = p;
	}
	if (!due || (!all && m->told >= MISSES_MOST))
		return false;
	m->told++;
	*out = *due;
	due->untold = 0;
	/* What follows in this minute is counted, too. */
	due->minute = m->minute;
	return true;
}

static void minute_begin(struct misses *m, int64_t now_ms)
{
	int64_t minute = now_ms / MINUTE_MS;

	if (minute == m->minute)
		return;
	m->minute = minute;
	m->told = 0;
}

void misses_tell(struct misses *m, struct store *s, bool all)
{
	int64_t now_ms = host_wall_ms(m->host);
	struct place due;
	bool is_due;

	do {
		pthread_mutex_lock(&m->lock);
		minute_begin(m, now_ms);
		is_due = due_take(m, all, &due);
		pthread_mutex_unlock(&m->lock);
		if (is_due)
			count_put(s, &due, now_ms);
	} while (is_due);
}

void misses_note(struct misses *m, struct store *s, const struct miss *miss)
{
	int64_t now_ms = host_wall_ms(m->host);
	bool first;

	misses_tell(m, s, false);
	pthread_mutex_lock(&m->lock);
	minute_begin(m, now_ms);
	first = is_first(m, miss, now_ms);
	pthread_mutex_unlock(&m->lock);
	if (first)
		miss_put(s, miss, now_ms);
}
