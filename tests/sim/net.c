/* sim/net.c - the network between tablets and server, with its weather. */
#include "sim/sim.h"

#include "base/fault.h"
#include "base/jcs.h"

#define ANSWER_MAX (64u << 20)

static const char *const weather_names[WEATHER__MAX] = {
	"fair",   "dropped",      "delayed",       "doubled",
	"cut up", "lost",         "cut down",      "server dies",
	"edited", "edited, lost", "synced beside", "office meanwhile",
};

void parcel_release(struct parcel *p)
{
	free(p->path);
	free(p->body);
	memset(p, 0, sizeof(*p));
}

static void parcel_fill(struct parcel *p, const struct tablet *t,
			const struct exchange_request *q)
{
	memset(p, 0, sizeof(*p));
	p->tablet = t->number;
	p->path = strdup(q->path);
	p->body = malloc(q->body_bytes + 1);
	p->body_bytes = q->body_bytes;
	memcpy(p->body, q->body, q->body_bytes);
	for (size_t i = 0; i < q->nheaders; i++) {
		if (!strcmp(q->headers[i].name, "Hufu-Terminal"))
			snprintf(p->terminal, sizeof(p->terminal), "%s",
				 q->headers[i].value);
		if (!strcmp(q->headers[i].name, "Hufu-Signature"))
			snprintf(p->signature, sizeof(p->signature), "%s",
				 q->headers[i].value);
	}
}

/* Room for one more: the one that makes room is chosen by chance. */
static void parcel_add(struct sim *s, struct parcel *list, int *n,
		       const struct tablet *t, const struct exchange_request *q)
{
	int at = *n;

	if (at == KEPT_MAX) {
		at = rng_below(&s->rng, KEPT_MAX);
		parcel_release(&list[at]);
	} else {
		++*n;
	}
	parcel_fill(&list[at], t, q);
}

/* What the server answered is noted, and the request kept. */
static void answered(struct tablet *t, const struct exchange_request *q,
		     const struct exchange_reply *reply)
{
	struct sim *s = t->sim;

	if (!strcmp(q->path, "/v1/sync") &&
	    (reply->status == 200 || reply->status == 403) &&
	    answer_note(s, &reply->body))
		parcel_add(s, s->kept, &s->nkept, t, q);
}

static enum rc deliver(struct tablet *t, const struct exchange_request *q,
		       struct exchange_reply *reply, struct err *err)
{
	struct exchange x = loop_exchange(&t->sim->loop);
	enum rc rc = x.perform(x.ctx, q, reply, err);

	if (rc == RC_OK)
		answered(t, q, reply);
	return rc;
}

static enum rc unreachable(struct err *err, const char *why)
{
	return err_set(err, RC_IO, "cannot reach the server: %s", why);
}

/* The server dies at any of its store's calls. What its file says afterwards is
 * the state before the request or the one after it. */
static enum rc deliver_and_die(struct tablet *t,
			       const struct exchange_request *q,
			       struct exchange_reply *reply, struct err *err)
{
	struct sim *s = t->sim;
	struct head before[SCOPES], after[SCOPES];
	long nth = 1 + rng_below(&s->rng, 1 << (2 + rng_below(&s->rng, 9)));
	bool for_good = rng_chance(&s->rng, 65);
	enum fault kind = !for_good && rng_chance(&s->rng, 40) ? FAULT_ALLOC
							       : FAULT_STORE;
	struct exchange x = loop_exchange(&s->loop);
	struct err why = { 0 };
	long calls;
	enum rc rc;

	if (!heads_get(s, before))
		return unreachable(err, "it is broken");
	fault_arm(kind, nth, for_good);
	rc = x.perform(x.ctx, q, reply, &why);
	calls = fault_clear(kind);
	s->is_starved = kind == FAULT_ALLOC && calls >= nth;
	if (rc == RC_OK)
		answered(t, q, reply);
	s->is_starved = false;
	say(s, "  server %s at call %ld of %ld: %s %d",
	    for_good ? "dies" : "stumbles", nth, calls, rc_name(rc),
	    reply->status);
	s->crashes++;
	if (for_good)
		server_reopen(s);
	else
		check_server_quick(s);
	if (s->failed || !heads_get(s, after))
		return unreachable(err, "it is broken");
	for (int i = 0; i < SCOPES; i++)
		if (after[i].number - before[i].number > 1)
			broke(s, "6 a failure leaves before or after",
			      "scope %s moved by %lld commits in one request",
			      scopes[i],
			      (long long)(after[i].number - before[i].number));
	/* A tablet that is told "no" takes it for an answer. */
	if (!for_good && rc == RC_OK && reply->status >= 400 &&
	    reply->status < 500 && !t->is_revoked)
		broke(s, "a failing store is no refusal", "status %d: %.*s",
		      reply->status, (int)reply->body.len, reply->body.data);
	if (rc == RC_OK && reply->status == 200 &&
	    (!for_good || rng_chance(&s->rng, 50)))
		return RC_OK;
	reply->body.len = 0;
	return unreachable(err, "it died");
}

static enum rc deliver_twice(struct tablet *t, const struct exchange_request *q,
			     struct exchange_reply *reply, struct err *err)
{
	struct exchange_reply first = { 0 };
	enum rc rc;

	buf_init(&first.body, ANSWER_MAX);
	rc = deliver(t, q, &first, err);
	if (rc == RC_OK)
		rc = deliver(t, q, reply, err);
	/* Either answer may be the one that is heard. */
	if (rc == RC_OK && rng_chance(&t->sim->rng, 50)) {
		reply->status = first.status;
		buf_reset(&reply->body);
		buf_put(&reply->body, first.body.data, first.body.len);
	}
	buf_release(&first.body);
	return rc;
}

static enum rc deliver_cut(struct tablet *t, const struct exchange_request *q,
			   struct exchange_reply *reply, struct err *err)
{
	struct exchange_request part = *q;

	part.body_bytes = (size_t)rng_below(&t->sim->rng, (int)q->body_bytes);
	if (deliver(t, &part, reply, err) == RC_OK && reply->status < 300)
		broke(t->sim, "a cut request is refused",
		      "%zu of %zu bytes were answered with %d", part.body_bytes,
		      q->body_bytes, reply->status);
	reply->body.len = 0;
	err_clear(err);
	return unreachable(err, "the request was cut");
}

/* What the second program's requests go through. */
static enum rc beside_perform(void *ctx, const struct exchange_request *q,
			      struct exchange_reply *reply, struct err *err)
{
	struct tablet *t = ctx;

	tablet_note(t);
	return deliver(t, q, reply, err);
}

static void sync_beside(struct tablet *t)
{
	struct sim *s = t->sim;
	const struct exchange x = { .perform = beside_perform, .ctx = t };
	struct sync_summary sum;
	struct replica *other;

	if (must(s, replica_open(&other, t->path, &t->device.host, &s->err),
		 "open a tablet twice") &&
	    must(s, replica_unlock(other, PIN, &s->err), "unlock it")) {
		enum rc rc = replica_sync(other, &x, &sum, &s->err);

		if (rc == RC_DENIED && t->is_revoked)
			forget(s);
		else
			must(s, rc, "sync beside a sync");
	}
	replica_close(other);
}

static enum rc through(struct tablet *t, const struct exchange_request *q,
		       enum weather w, struct exchange_reply *reply,
		       struct err *err)
{
	struct sim *s = t->sim;
	enum rc rc;

	switch (w) {
	case DROPPED: return unreachable(err, "dropped");
	case DELAYED:
		parcel_add(s, s->delayed, &s->ndelayed, t, q);
		return unreachable(err, "delayed");
	case CUT_UP: return deliver_cut(t, q, reply, err);
	case SERVER_DIES: return deliver_and_die(t, q, reply, err);
	case DOUBLED: rc = deliver_twice(t, q, reply, err); break;
	default: rc = deliver(t, q, reply, err); break;
	}
	if (rc == RC_OK && (w == EDITED || w == EDITED_LOST))
		tablet_edit(t, true);
	if (rc == RC_OK && w == BESIDE)
		sync_beside(t);
	if (rc == RC_OK && w == OFFICE)
		office_edit(s);
	if (rc == RC_OK && (w == LOST || w == EDITED_LOST)) {
		reply->body.len = 0;
		return unreachable(err, "the answer is lost");
	}
	if (rc == RC_OK && w == CUT_DOWN && !reply->sink && reply->body.len) {
		reply->body.len =
			(size_t)rng_below(&s->rng, (int)reply->body.len);
		return unreachable(err, "the answer is cut");
	}
	return rc;
}

/* A sink that breaks off. */
struct cut {
	enum rc (*sink)(void *ctx, const void *p, size_t n, struct err *err);
	void *ctx;
	size_t left;
};

static enum rc cut_sink(void *ctx, const void *p, size_t n, struct err *err)
{
	struct cut *c = ctx;
	size_t part = n < c->left ? n : c->left;
	enum rc rc = part ? c->sink(c->ctx, p, part, err) : RC_OK;

	c->left -= part;
	return rc == RC_OK && part < n ? unreachable(err, "cut") : rc;
}

/* Enrolment and snapshots: the answer may be lost, or cut. */
static enum rc download(struct tablet *t, const struct exchange_request *q,
			enum weather w, struct exchange_reply *reply,
			struct err *err)
{
	struct cut cut = { .sink = reply->sink, .ctx = reply->sink_ctx };
	enum rc rc;

	if (w == FAIR)
		return deliver(t, q, reply, err);
	if (!reply->sink) {
		rc = deliver(t, q, reply, err);
		reply->body.len = 0;
		return rc == RC_OK ? unreachable(err, "lost") : rc;
	}
	cut.left = w == CUT_DOWN ? (size_t)rng_below(&t->sim->rng, 20000) : 0;
	reply->sink = cut_sink;
	reply->sink_ctx = &cut;
	rc = deliver(t, q, reply, err);
	reply->sink = cut.sink;
	reply->sink_ctx = cut.ctx;
	return rc;
}

enum rc net_perform(void *ctx, const struct exchange_request *q,
		    struct exchange_reply *reply, struct err *err)
{
	struct tablet *t = ctx;
	bool is_sync = !strcmp(q->path, "/v1/sync");
	enum weather w = FAIR;
	enum rc rc;

	/* Store calls of the server are not the tablet's. */
	life_end(t);
	if (t->is_dead)
		return unreachable(err, "the tablet is dead");
	tablet_note(t);
	if (t->weather != FAIR && t->weather_in-- <= 0) {
		w = t->weather;
		t->weather = FAIR;
	}
	say(t->sim, "  %s of tablet %d, %zu bytes: %s",
	    is_sync ? "request" : q->path, t->number, q->body_bytes,
	    weather_names[w]);
	rc = is_sync || w == DROPPED || w == SERVER_DIES
		     ? through(t, q, w, reply, err)
		     : download(t, q, w, reply, err);
	life_begin(t);
	return rc;
}

void life_begin(struct tablet *t)
{
	if (t->dies_in > 0)
		fault_arm(t->fails, t->dies_in, !t->only_stumbles);
}

void life_end(struct tablet *t)
{
	if (t->dies_in <= 0)
		return;
	t->dies_in -= fault_clear(t->fails);
	if (t->dies_in > 0)
		return;
	t->dies_in = 0;
	t->is_dead = !t->only_stumbles;
	t->has_stumbled = t->only_stumbles;
}

enum rc tablet_sync(struct tablet *t, struct sync_summary *sum)
{
	struct sim *s = t->sim;
	enum rc rc;

	s->syncs++;
	life_begin(t);
	rc = replica_sync(t->r, &t->exchange, sum, &s->err);
	/* A repair would hide what it repairs. */
	if (sum->was_damaged || sum->restored)
		broke(s, "1 the halves match", "tablet %d found itself %s",
		      t->number, sum->was_damaged ? "damaged" : "ahead");
	life_end(t);
	t->dies_in = 0;
	t->weather = FAIR;
	say(s, "  sync of tablet %d: %s%s%s, sent %d, received %d%s", t->number,
	    rc_name(rc), rc == RC_OK ? "" : ": ",
	    rc == RC_OK ? "" : s->err.text, sum->packets_sent,
	    sum->records_received, sum->fork ? ", fork" : "");
	s->forks += sum->fork;
	if (!t->is_dead)
		tablet_note(t);
	return rc;
}

static enum rc parcel_send(struct sim *s, const struct parcel *p,
			   struct exchange_reply *reply)
{
	struct exchange x = loop_exchange(&s->loop);
	const struct exchange_request q = {
		.method = "POST",
		.path = p->path,
		.headers = { { "Hufu-Terminal", p->terminal },
			     { "Hufu-Signature", p->signature } },
		.nheaders = 2,
		.body = p->body,
		.body_bytes = p->body_bytes,
	};

	buf_init(&reply->body, ANSWER_MAX);
	return x.perform(x.ctx, &q, reply, &s->err);
}

void net_deliver_late(struct sim *s)
{
	int at = rng_below(&s->rng, s->ndelayed);
	struct parcel p = s->delayed[at];
	struct exchange_reply reply = { 0 };

	s->delayed[at] = s->delayed[--s->ndelayed];
	say(s, "a delayed request of tablet %d arrives", p.tablet);
	if (must(s, parcel_send(s, &p, &reply), "take a delayed request") &&
	    (reply.status == 200 || reply.status == 403))
		answer_note(s, &reply.body);
	buf_release(&reply.body);
	parcel_release(&p);
}

void net_replay(struct sim *s, int which)
{
	struct exchange_reply reply = { 0 };
	struct head before[SCOPES], after[SCOPES];

	s->replays++;
	if (!heads_get(s, before) ||
	    !must(s, parcel_send(s, &s->kept[which], &reply),
		  "take a request again"))
		return;
	if (reply.status == 200 || reply.status == 403)
		answer_note(s, &reply.body);
	else
		broke(s, "3 sending twice equals sending once",
		      "a request of tablet %d, taken before, is answered with "
		      "%d",
		      s->kept[which].tablet, reply.status);
	buf_release(&reply.body);
	if (!heads_get(s, after))
		return;
	for (int i = 0; i < SCOPES; i++)
		if (!oid_equal(&before[i].commit, &after[i].commit))
			broke(s, "3 sending twice equals sending once",
			      "scope %s moved when a request of tablet %d came "
			      "again",
			      scopes[i], s->kept[which].tablet);
}
