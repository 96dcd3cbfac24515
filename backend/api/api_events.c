/* api/api_events.c - GET /v1/events: changes as they happen, as server-sent
 * events (HTML Living Standard, 9.2).
 *
 *   retry: 3000
 *   id: 330106:17,catalog:1525      where the stream begins
 *
 *   id: 330106:18,catalog:1525      where it is with this change
 *   event: change
 *   data: {"scope":"330106","position":18,...}
 *
 *   :                               every 15 s, so that both ends know
 *
 * The id holds the position of every scope, so that whoever comes back with it
 * as Last-Event-ID goes on behind it. A stream holds its thread, and nothing of
 * the store while it waits or writes: it is told that there is something to
 * read (api/watch.h), takes a connection, reads a piece into memory and gives
 * the connection back. With each piece, and once a minute, who listens proves
 * again what he may. */
#include "api/feed.h"
#include "api/handlers.h"
#include "api/kinds_asked.h"
#include "api/service_impl.h"
#include "api/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "base/log.h"
#include "store/session.h"
#include "store/token.h"

#define SCOPES_MAX 16
#define EPOCH "epoch:"
#define ID_BYTES_MAX 600
#define WAIT_MS 250
#define BEAT_MS 15000
#define CHECK_MS 60000
#define PIECE_ITEMS 100
#define PIECE_RECORDS 20 /* where they come with their records */
#define PIECE_BYTES_MAX (32u << 20)

struct place {
	char scope[8];
	int64_t position;
};

struct listener {
	struct service *service;
	struct place places[SCOPES_MAX];
	size_t nplaces;
	json_t *kinds; /* owned, or NULL */
	bool with_record;
	enum call_by by;
	char credential[TOKEN_SIZE]; /* of a token or a session */
	char account[33];
	int64_t password_version;
	char epoch[17]; /* of the positions */
	uint64_t seen; /* watch_count before the last reading */
	bool is_read; /* to the end, as of `seen` */
	struct buf out;
	int64_t sent;
	const char *end; /* why it ended */
};

static void listener_free(void *ctx)
{
	struct listener *l = ctx;

	json_decref(l->kinds);
	wipe(l->credential, sizeof(l->credential));
	buf_release(&l->out);
	free(l);
}

/* -- where it begins -- */

static struct place *place_of(struct listener *l, const char *scope, size_t n)
{
	for (size_t i = 0; i < l->nplaces; i++)
		if (strlen(l->places[i].scope) == n &&
		    !strncmp(l->places[i].scope, scope, n))
			return &l->places[i];
	return NULL;
}

/* "epoch:4fc24c19d43fdf53,330106:17,catalog:3", or a number where there is one
 * scope. A scope that the text does not name begins now. */
static enum rc since_read(struct call *c, struct listener *l, const char *text,
			  const char *name)
{
	if (!strncmp(text, EPOCH, strlen(EPOCH))) {
		size_t n = strcspn(text += strlen(EPOCH), ",");

		if (feed_epoch_check(c, text, n) != RC_OK)
			return c->err.code;
		text += n + (text[n] == ',');
	}
	while (*text) {
		size_t n = strcspn(text, ":,");
		struct place *p = l->nplaces == 1 && text[n] != ':'
					  ? &l->places[0]
					  : place_of(l, text, n);
		const char *digits = text[n] == ':' ? text + n + 1 : text;
		size_t len = strspn(digits, "0123456789");
		int64_t position;

		if (!p || !len || len > 15 ||
		    (digits[len] && digits[len] != ','))
			return call_wrong(c, name,
					  "is no id of an event of these "
					  "scopes, nor a position");
		position = strtoll(digits, NULL, 10);
		if (position > p->position)
			return feed_begin_anew(c);
		p->position = position;
		text = digits + len + (digits[len] == ',');
	}
	return RC_OK;
}

static enum rc scope_check(struct call *c, const char *scope)
{
	if (!strcmp(scope, "catalog") || account_may(&c->actor, ~0u, scope))
		return RC_OK;
	return call_refuse(c, RC_DENIED, 403, "denied",
			   "account '%s' has no rights in scope %s",
			   c->actor.name, scope);
}

static enum rc places_make(struct call *c, struct listener *l)
{
	const json_t *scopes = json_object_get(c->args, "scope"), *one;
	const char *last = json_text(c->args, "Last-Event-ID");
	const char *since = json_text(c->args, "since");
	enum rc rc = RC_OK;
	size_t i;

	snprintf(l->epoch, sizeof(l->epoch), "%s", c->store->epoch);
	json_array_foreach(scopes, i, one)
	{
		const char *scope = json_string_value(one);
		struct place *p = &l->places[l->nplaces];

		if (rc != RC_OK || place_of(l, scope, strlen(scope)) ||
		    l->nplaces == SCOPES_MAX)
			continue;
		rc = scope_check(c, scope);
		snprintf(p->scope, sizeof(p->scope), "%s", scope);
		if (rc == RC_OK)
			rc = feed_head(c, scope, &p->position);
		l->nplaces++;
	}
	if (rc == RC_OK && (last || since))
		rc = since_read(c, l, last ? last : since,
				last ? "Last-Event-ID" : "since");
	return rc;
}

/* -- what is sent -- */

static void id_put(struct listener *l)
{
	buf_printf(&l->out, "id: " EPOCH "%s", l->epoch);
	for (size_t i = 0; i < l->nplaces; i++)
		buf_printf(&l->out, ",%s:%" PRId64, l->places[i].scope,
			   l->places[i].position);
	buf_byte(&l->out, '\n');
}

static enum rc item_put(struct listener *l, struct place *p, const json_t *item,
			struct err *err)
{
	p->position = json_int(item, "position", p->position);
	id_put(l);
	buf_puts(&l->out, "event: change\ndata: ");
	if (json_write(&l->out, item, err) != RC_OK)
		return err->code;
	buf_puts(&l->out, "\n\n");
	l->sent++;
	return RC_OK;
}

/* -- who listens -- */

/* RC_DENIED when he does not any more. A stream is no use of a session: one
 * that nobody uses otherwise ends. */
static enum rc listener_prove(const struct listener *l, struct call *c)
{
	int64_t now_ms = host_wall_ms(c->store->host);
	enum rc rc;

	if (l->by == BY_TOKEN)
		return token_find(c->store, l->credential, now_ms, &c->actor,
				  NULL, &c->err);
	if (l->by == BY_SESSION)
		return session_look(c->store, l->credential, now_ms, &c->actor,
				    &c->err);
	rc = account_get(c->store, l->account, &c->actor, &c->err);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && c->actor.password_version != l->password_version))
		return RC_DENIED;
	return rc;
}

/* Every scope is still his; kinds are looked at one by one. */
static enum rc listener_check(const struct listener *l, struct call *c)
{
	enum rc rc = listener_prove(l, c);

	if (rc == RC_OK && !(c->actor.roles & c->operation->roles))
		rc = RC_DENIED;
	for (size_t i = 0; i < l->nplaces && rc == RC_OK; i++)
		rc = scope_check(c, l->places[i].scope);
	return rc;
}

/* -- a piece -- */

/* The next changes of all scopes into l->out; *more tells whether to come again
 * at once. */
static enum rc piece_read(struct listener *l, struct call *c, bool *more)
{
	size_t most = l->with_record ? PIECE_RECORDS : PIECE_ITEMS, left = most;
	enum rc rc = RC_OK;

	*more = false;
	for (size_t i = 0; i < l->nplaces && rc == RC_OK && left > 0; i++) {
		struct place *p = &l->places[i];
		int64_t at = p->position;
		json_t *items = json_array(), *item;
		size_t n;

		rc = feed_read(
			c,
			&(struct feed_wish){ .scope = p->scope,
					     .kinds = l->kinds,
					     .with_record = l->with_record,
					     .most = left },
			&at, items);
		json_array_foreach(items, n, item) if (rc == RC_OK) rc =
			item_put(l, p, item, &c->err);
		left -= n;
		*more |= at != p->position || n > 0;
		p->position = rc == RC_OK ? at : p->position;
		json_decref(items);
	}
	return rc == RC_OK ? buf_status(&l->out, &c->err) : rc;
}

/* With a connection of the pool, for as long as this takes. */
static enum rc piece_take(struct listener *l, bool only_check, bool *more)
{
	struct call c = { .service = l->service, .by = l->by };
	struct contract_held *held = NULL;
	enum rc rc = reader_take(l->service, &c.store, &c.err);

	*more = false;
	if (rc == RC_OK)
		rc = contract_take(l->service, c.store, &held, &c.err);
	if (rc == RC_OK) {
		c.contract = held->contract;
		c.operation = contract_operation(c.contract, "streamChanges");
		c.op = (struct op){ .store = c.store,
				    .actor = &c.actor,
				    .now_ms = host_wall_ms(c.store->host),
				    .err = &c.err };
		rc = listener_check(l, &c);
	}
	if (rc == RC_OK && !only_check)
		rc = piece_read(l, &c, more);
	if (rc != RC_OK && rc != RC_DENIED && rc != RC_BUSY)
		log_warn("events failed account=%s: %s", l->account,
			 c.err.text);
	call_release(&c);
	contract_give(l->service, held);
	reader_give(l->service, c.store);
	return rc;
}

/* Everything that there is now. */
static enum rc all_send(struct listener *l, struct stream *stream)
{
	uint64_t seen = watch_count(l->service->watch);
	bool more = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && more) {
		buf_reset(&l->out);
		rc = piece_take(l, false, &more);
		if (rc == RC_OK && l->out.len)
			rc = stream_write(stream, l->out.data, l->out.len);
	}
	if (rc == RC_OK)
		l->seen = seen;
	l->is_read = rc == RC_OK;
	return rc;
}

static enum rc hello_send(struct listener *l, struct stream *stream)
{
	buf_reset(&l->out);
	buf_puts(&l->out, "retry: 3000\n");
	id_put(l);
	buf_byte(&l->out, '\n');
	return stream_write(stream, l->out.data, l->out.len);
}

static enum rc listen_on(struct listener *l, struct stream *stream)
{
	const struct host *host = l->service->host;
	int64_t checked = host_monotonic_ms(host), beaten = checked, now;
	enum rc rc = hello_send(l, stream);
	bool more;

	while (rc == RC_OK || rc == RC_BUSY) {
		rc = RC_OK;
		now = host_monotonic_ms(host);
		if (!l->is_read || watch_count(l->service->watch) != l->seen) {
			rc = all_send(l, stream);
			checked = now;
		} else if (now - checked >= CHECK_MS) {
			rc = piece_take(l, true, &more);
			checked = now;
		}
		if (rc == RC_OK && now - beaten >= BEAT_MS) {
			rc = stream_write(stream, ":\n\n", 3);
			beaten = now;
		}
		if (rc == RC_OK || rc == RC_BUSY)
			if (!stream_wait(stream, WAIT_MS))
				return RC_OK;
	}
	return rc;
}

static enum rc listen(void *ctx, struct stream *stream)
{
	struct listener *l = ctx;
	int64_t start = host_monotonic_ms(l->service->host);
	enum rc rc;

	log_info("events begin account=%s scopes=%zu", l->account, l->nplaces);
	rc = listen_on(l, stream);
	log_info("events end account=%s sent=%" PRId64 " ms=%" PRId64 " why=%s",
		 l->account, l->sent,
		 host_monotonic_ms(l->service->host) - start,
		 rc == RC_OK       ? "closed"
		 : rc == RC_DENIED ? "rights"
		 : rc == RC_IO     ? "cut"
				   : rc_name(rc));
	/* Whose rights are over is told so by 401 or 403 when he comes back. */
	return rc == RC_DENIED ? RC_OK : rc;
}

enum rc change_stream(struct call *c)
{
	const json_t *kinds = json_object_get(c->args, "kinds");
	struct listener *l;
	enum rc rc = kinds_asked_check(c, kinds, NULL, NULL);

	if (rc != RC_OK)
		return rc;
	if (!c->reply || !c->service || !c->service->watch)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "events are for HTTP: take changes");
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(&c->err, RC_NOMEM, "out of memory");
	buf_init(&l->out, PIECE_BYTES_MAX);
	l->service = c->service;
	l->kinds = kinds ? json_deep_copy(kinds) : NULL;
	l->with_record = json_text(c->args, "include") != NULL;
	l->by = c->by;
	l->password_version = c->actor.password_version;
	snprintf(l->account, sizeof(l->account), "%s", c->actor.name);
	snprintf(l->credential, sizeof(l->credential), "%s",
		 c->credential ? c->credential : "");
	rc = places_make(c, l);
	if (rc != RC_OK) {
		listener_free(l);
		return rc;
	}
	c->reply->content_type = "text/event-stream";
	c->reply->stream = listen;
	c->reply->stream_ctx = l;
	c->reply->stream_free = listener_free;
	return RC_OK;
}
