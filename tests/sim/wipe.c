/* sim/wipe.c - how a history may end: a tablet with work that it had not sent
 * is ordered to be wiped. Whatever the network and its own deaths do to it,
 * nothing of that work is lost and nothing of it stays there. */
#include "sim/sim.h"

#include <sys/stat.h>

#include "base/jcs.h"
#include "ledger/enrol.h"
#include "ledger/rescue.h"

#define TRIES_MAX 40

/* What a tablet has that the server was not told of. */
struct unsent {
	json_t *packets; /* oids */
	json_t *edits; /* [kind, id, canonical text or null] */
	bool is_locked;
};

static enum rc edit_note(void *ctx, struct edit *e, struct err *err)
{
	struct unsent *u = ctx;
	struct buf text;
	enum rc rc = RC_OK;

	if (e->bad)
		return RC_OK;
	buf_init(&text, 1u << 20);
	/* Sealed, or signed after all, it has other bytes. */
	if (u->is_locked && !e->captured->kind->is_sealed)
		rc = jcs_write(&text, e->after, err);
	json_array_append_new(u->edits,
			      json_pack("[s, s, s?]", e->captured->kind->name,
					e->id, text.len ? text.data : NULL));
	buf_release(&text);
	return rc;
}

static void unsent_note(struct tablet *t, struct unsent *u)
{
	static const char sql[] = "SELECT oid FROM hufu_packet WHERE state IN "
				  "('local', 'sent') ORDER BY number";
	struct sim *s = t->sim;
	struct query *q;

	u->packets = json_array();
	u->edits = json_array();
	u->is_locked = !replica_is_unlocked(t->r);
	must(s, replica_mend(t->r, &s->err), "mend");
	q = query_begin(t->r->db, sql);
	while (query_row(q))
		json_array_append_new(u->packets,
				      json_string(query_get_text(q, 0)));
	must(s, query_end(q, &s->err), "read packets");
	if (must(s, replica_begin_read(t->r, &s->err), "read"))
		must(s,
		     replica_end(t->r, edits_each(t->r, edit_note, u, &s->err),
				 &s->err),
		     "read edits");
}

static bool is_here(struct sim *s, const char *sql, const char *const args[],
		    int n)
{
	struct query *q = query_begin(s->loop.store->db, sql);
	bool found;

	for (int i = 0; i < n; i++)
		query_text(q, i + 1, args[i]);
	found = query_row(q);
	must(s, query_end(q, &s->err), "look for what was rescued");
	return found;
}

static void unsent_check(struct tablet *t, const struct unsent *u)
{
	static const char packet_sql[] =
		"SELECT 1 FROM packet WHERE lower(hex(oid)) = ?1 UNION ALL "
		"SELECT 1 FROM held WHERE lower(hex(oid)) = ?1";
	static const char edit_sql[] =
		"SELECT 1 FROM packet_record AS r JOIN packet AS p ON p.number "
		"= r.packet WHERE r.kind = ?1 AND r.id = ?2 AND (?3 IS NULL OR "
		"r.body = ?3) AND p.author = ?4 AND (p.terminal = ?5 OR r.code "
		"= 'unsigned')";
	struct sim *s = t->sim;
	json_t *one;
	size_t i;

	json_array_foreach(u->packets, i, one)
	{
		const char *oid = json_string_value(one);

		if (!s->failed && !is_here(s, packet_sql, &oid, 1))
			broke(s, "2 nothing is lost",
			      "packet %s of tablet %d was not rescued", oid,
			      t->number);
	}
	json_array_foreach(u->edits, i, one)
	{
		const char *args[5];

		for (size_t n = 0; n < 3; n++)
			args[n] = json_string_value(json_array_get(one, n));
		args[3] = t->officer;
		args[4] = t->terminal;
		if (!s->failed && !is_here(s, edit_sql, args, 5))
			broke(s, "2 nothing is lost",
			      "the edit of %s '%s' on tablet %d was not "
			      "rescued",
			      args[0], args[1], t->number);
	}
}

/* Until it says that it is wiped and has nothing more to send. */
static void wipe_through(struct tablet *t)
{
	struct sim *s = t->sim;
	struct sync_summary sum;
	struct stat st;
	char left[220];

	snprintf(left, sizeof(left), "%s.rescue", t->path);
	for (int i = 0; i < TRIES_MAX && !s->failed; i++) {
		bool fair = i > TRIES_MAX / 2;
		enum rc rc;

		t->weather =
			fair ? FAIR : (enum weather)rng_below(&s->rng, BESIDE);
		t->weather_in = fair ? 0 : rng_below(&s->rng, 3);
		if (!fair)
			life_expectancy(t, 40);
		rc = tablet_sync(t, &sum);
		forget(s);
		if (t->is_dead && !tablet_reopen(t, false))
			return;
		if (rc == RC_OK)
			broke(s, "a wiped tablet syncs no more", "tablet %d",
			      t->number);
		if (stat(t->path, &st) == 0 && st.st_size == 512 &&
		    stat(left, &st) != 0)
			return;
	}
	broke(s, "a tablet is wiped", "tablet %d is not, after %d tries",
	      t->number, TRIES_MAX);
}

static void rescue_both(struct tablet *t)
{
	struct sim *s = t->sim;
	struct evidence *evidence = NULL;
	struct account first, second;
	struct op op = loop_op(&s->loop, &first, &s->err);
	json_t *out = NULL;

	if (!must(s,
		  evidence_new(&evidence, s->loop.store->dir,
			       &evidence_limits_usual, &s->err),
		  "make room for evidence"))
		return;
	if (must(s, rescue_open(&op, COUNTY, t->enrolment, evidence, &out),
		 "ask to open a rescue")) {
		json_decref(out);
		op = loop_op(&s->loop, &second, &s->err);
		snprintf(second.name, sizeof(second.name), "second");
		must(s, rescue_open(&op, COUNTY, t->enrolment, evidence, &out),
		     "open a rescue");
		say(s, "  opened: %lld packets, %lld edits, %lld rows",
		    (long long)json_int(out, "packets", -1),
		    (long long)json_int(out, "edits", -1),
		    (long long)json_int(out, "unread", -1));
	}
	json_decref(out);
	evidence_free(evidence);
}

void wipe_last(struct sim *s)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	struct tablet *t = any_tablet(s);
	struct unsent u = { 0 };
	int edits = 1 + rng_below(&s->rng, 6);

	s->step++;
	snprintf(s->what, sizeof(s->what), "tablet %d is wiped", t->number);
	say(s, "tablet %d is ordered to be wiped", t->number);
	for (int i = 0; i < edits && !s->failed; i++) {
		int packets, records;

		tablet_edit(t, false);
		if (rng_chance(&s->rng, 30))
			(void)replica_commit(t->r, "late", &packets, &records,
					     &s->err);
		forget(s);
	}
	if (!s->failed && rng_chance(&s->rng, 60))
		tablet_reopen(t, false);
	if (!s->failed)
		unsent_note(t, &u);
	if (!s->failed &&
	    must(s, enrol_wipe(&op, COUNTY, t->enrolment, "lost"), "order")) {
		t->is_revoked = true;
		wipe_through(t);
	}
	if (!s->failed)
		rescue_both(t);
	if (!s->failed)
		unsent_check(t, &u);
	if (!s->failed)
		check_server(s);
	s->wiped += !s->failed;
	json_decref(u.packets);
	json_decref(u.edits);
}
