/* ledger/sync.c - a terminal's sync: prepared, and taken in. */
#include "ledger/sync_impl.h"

#include "base/jcs.h"
#include "base/json_memory.h"
#include "sql_store.gen.h"

#define SYNC_ARENA_MAX (32u << 20)

enum rc terminal_find(struct store *s, const char *terminal, char enrolment[33],
		      struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ENROLMENT_OF_TERMINAL);
	bool found;
	enum rc rc;

	query_text(q, 1, terminal ? terminal : "");
	found = query_row(q);
	if (found)
		snprintf(enrolment, 33, "%s", query_get_text(q, 0));
	rc = query_end(q, err);
	if (rc == RC_OK && !found)
		rc = err_set(err, RC_DENIED,
			     "this terminal is not enrolled here: enrol it "
			     "with a new code");
	return rc;
}

/* A terminal whose head was never here, or was lost with a restored server's
 * data, first compares halves: what it signed since is judged when it names a
 * head of this main line. */
static enum rc is_ahead(struct store *reader, const struct wire_scope *ws,
			bool *ahead, struct err *err)
{
	struct head head;
	enum rc rc = RC_OK;

	if (ws->has_head)
		rc = ledger_head_at(reader, ws->scope, &ws->head, &head, err);
	*ahead = rc == RC_NOT_FOUND;
	return *ahead ? RC_OK : rc;
}

static enum rc intake_all(struct sync *s, struct store *reader, struct err *err)
{
	struct wire_request *r = &s->request;
	enum rc rc = RC_OK;

	s->intakes = calloc(r->nscopes, sizeof(*s->intakes));
	s->places = calloc(r->nscopes, sizeof(*s->places));
	if (!s->intakes || !s->places)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < r->nscopes && rc == RC_OK; i++) {
		const struct wire_scope *ws = &r->scopes[i];
		bool ahead = false;

		s->intakes[i] = calloc(ws->npackets + 1, sizeof(struct intake));
		if (!s->intakes[i])
			return err_set(err, RC_NOMEM, "out of memory");
		rc = is_ahead(reader, ws, &ahead, err);
		for (size_t n = 0; n < ws->npackets && rc == RC_OK; n++) {
			struct intake *in = &s->intakes[i][n];

			rc = intake_packet(reader, &s->who, ws, s->intakes[i],
					   n, &s->mem, err);
			if (ahead && in->state != INTAKE_KNOWN)
				in->state = INTAKE_LATER;
		}
	}
	return rc;
}

static bool is_signed(const struct sync_input *in, const struct enrolled *who)
{
	if (in->digest)
		return request_head_is_signed(in->signature, who->terminal_key,
					      "POST", in->path, in->digest);
	return request_is_signed(in->signature, who->terminal_key, "POST",
				 in->path, in->body, in->body_bytes);
}

/* Whose request it is, by its terminal's signature. */
static enum rc signer_load(struct store *s, const struct sync_input *in,
			   struct enrolled *who, struct err *err)
{
	char enrolment[33];
	enum rc rc = terminal_find(s, in->terminal, enrolment, err);

	if (rc == RC_OK)
		rc = enrolled_load(s, enrolment, who, err);
	if (rc == RC_OK && !in->is_proved && !is_signed(in, who))
		rc = err_set(err, RC_DENIED,
			     "the request is not signed by this terminal");
	return rc;
}

enum rc terminal_signed(struct store *s, const struct sync_input *in,
			struct err *err)
{
	struct enrolled who = { 0 };
	enum rc rc = db_begin(s->db, false, err);

	if (rc == RC_OK)
		rc = signer_load(s, in, &who, err);
	db_rollback(s->db);
	enrolled_release(&who);
	return rc;
}

/* From one read transaction. */
static enum rc sync_read(struct sync *s, struct store *reader,
			 const struct sync_input *in, struct err *err)
{
	enum rc rc = signer_load(reader, in, &s->who, err);

	if (rc == RC_OK)
		rc = wire_request_read(&s->request, in->body, in->body_bytes,
				       &s->mem, err);
	if (rc == RC_OK && strcmp(s->request.enrolment, s->who.id) != 0)
		rc = err_set(err, RC_DENIED,
			     "enrolment '%s' is not this terminal's",
			     s->request.enrolment);
	if (rc == RC_OK)
		rc = store_refresh_kinds(reader, err);
	return rc == RC_OK ? intake_all(s, reader, err) : rc;
}

enum rc sync_prepare(struct sync **out, struct store *reader,
		     const struct sync_input *in, struct err *err)
{
	struct sync *s = calloc(1, sizeof(*s));
	enum rc rc;

	*out = NULL;
	if (!s)
		return err_set(err, RC_NOMEM, "out of memory");
	json_memory_begin();
	arena_init(&s->mem, SYNC_ARENA_MAX);
	rc = db_begin(reader->db, false, err);
	if (rc == RC_OK)
		rc = sync_read(s, reader, in, err);
	db_rollback(reader->db);
	rc = json_memory_end(rc, err);
	if (rc != RC_OK) {
		sync_free(s);
		return rc;
	}
	*out = s;
	return RC_OK;
}

bool sync_has_news(const struct sync *s)
{
	for (size_t i = 0; i < s->request.nscopes; i++) {
		for (size_t n = 0; n < s->request.scopes[i].npackets; n++)
			if (s->intakes[i][n].state == INTAKE_READY ||
			    s->intakes[i][n].state == INTAKE_UNVERIFIABLE)
				return true;
		if (json_array_size(s->request.scopes[i].wanted))
			return true;
	}
	return false;
}

/* Keep a packet outside the journal: a person or a later version may read it.
 */
static enum rc packet_hold(struct batch *b, const char *enrolment,
			   const struct intake *in, const char *scope,
			   const char *state, const char *why)
{
	struct query *q;
	struct buf rows;
	enum rc rc;

	buf_init(&rows, JSON_BYTES_MAX);
	rc = json_write(&rows, in->wire->rows, b->err);
	if (rc == RC_OK) {
		q = query_begin(b->store->db, SQL_HELD_PUT);
		query_blob(q, 1, in->take.oid.b, OID_BYTES);
		query_text(q, 2, scope);
		query_text(q, 3, enrolment);
		query_text(q, 4, state);
		query_text(q, 5, why);
		query_textn(q, 6, in->take.bytes, in->take.nbytes);
		query_textn(q, 7, rows.data, rows.len);
		query_int(q, 8, b->now_ms);
		rc = query_end(q, b->err);
	}
	buf_release(&rows);
	return rc;
}

enum place { PLACE_NEXT, PLACE_KNOWN, PLACE_LATER, PLACE_FORK, PLACE_FOREIGN };

/* Where in its journal does a packet stand, as of this transaction? */
static enum rc packet_place(struct batch *b, const char *enrolment,
			    const struct take *t, enum place *out)
{
	const struct packet_commit *c = &t->commit;
	struct query *q = query_begin(b->store->db, SQL_PACKET_BY_OID);
	size_t n;
	bool known;

	query_blob(q, 1, t->oid.b, OID_BYTES);
	known = query_row(q);
	if (query_end(q, b->err) != RC_OK)
		return b->err->code;
	if (known) {
		*out = PLACE_KNOWN;
		return RC_OK;
	}
	q = query_begin(b->store->db, SQL_JOURNAL_GET);
	query_text(q, 1, c->scope);
	query_text(q, 2, c->journal);
	if (!query_row(q)) {
		*out = c->sequence == 1 && !c->has_parent ? PLACE_NEXT
							  : PLACE_LATER;
	} else if (strcmp(query_get_text(q, 0), enrolment) != 0) {
		*out = PLACE_FOREIGN;
	} else {
		int64_t sequence = query_get_int(q, 2);
		bool on_tip = c->has_parent && !memcmp(query_get_blob(q, 1, &n),
						       c->parent.b, OID_BYTES);

		*out = c->sequence > sequence + 1              ? PLACE_LATER
		       : c->sequence == sequence + 1 && on_tip ? PLACE_NEXT
							       : PLACE_FORK;
	}
	return query_end(q, b->err);
}

enum rc intake_take(struct batch *b, const char *enrolment, struct intake *in,
		    const char *scope)
{
	enum place place = PLACE_LATER;
	enum rc rc;

	if (in->state == INTAKE_UNVERIFIABLE)
		return packet_hold(b, enrolment, in, scope, "unverifiable",
				   in->text);
	if (in->state != INTAKE_READY)
		return RC_OK;
	rc = packet_place(b, enrolment, &in->take, &place);
	if (rc != RC_OK)
		return rc;
	switch (place) {
	case PLACE_NEXT: rc = batch_take(b, &in->take); break;
	case PLACE_KNOWN: in->state = INTAKE_KNOWN; break;
	case PLACE_FORK:
		rc = packet_hold(b, enrolment, in, scope, "fork",
				 "the journal went another way before");
		break;
	case PLACE_FOREIGN:
		rc = packet_hold(b, enrolment, in, scope, "unverifiable",
				 "the journal is another enrolment's");
		break;
	case PLACE_LATER: break; /* its receipt says "waiting" */
	}
	return rc;
}

/* A sealed kind that this author may read and write and that has a record
 * beside this one on the main line: then the author may need its key. */
static enum rc may_want(struct batch *b, const struct sync *s,
			const char *scope, const char *subject, bool *may)
{
	enum rc rc = RC_OK;

	*may = false;
	for (size_t i = 0; i < registry_count(b->store->kinds); i++) {
		const struct kind *k = registry_at(b->store->kinds, i);
		char *text = NULL;
		size_t len;

		if (!k->is_sealed || !k->companion || k->is_catalog ||
		    !(k->readers & k->writers & s->who.role))
			continue;
		rc = store_record(b->store, scope, k->companion, subject, &text,
				  &len, NULL, b->err);
		free(text);
		*may = rc == RC_OK;
		if (rc != RC_NOT_FOUND)
			return rc;
	}
	return RC_OK;
}

/* Keys for the first personal data of a subject. A key that was destroyed is
 * never made again: the terminal is sent none, and keeps its edit. */
static enum rc keys_mint(struct sync *s, struct batch *b,
			 const struct wire_scope *ws)
{
	unsigned char key[SEAL_KEY_BYTES];
	struct err why = { 0 };
	char key_id[21];
	const json_t *id;
	size_t i;

	if (strcmp(s->who.state, "active") != 0 ||
	    !enrolled_covers(&s->who, ws->scope))
		return RC_OK;
	json_array_foreach(ws->wanted, i, id)
	{
		const char *subject = json_string_value(id);
		bool may;
		enum rc rc = may_want(b, s, ws->scope, subject, &may);

		if (rc == RC_OK && may) {
			rc = store_key_mint(b->store, ws->scope, subject,
					    key_id, key, &why);
			wipe(key, sizeof(key));
			if (rc != RC_OK && rc != RC_DENIED)
				err_set(b->err, rc, "%s", why.text);
			err_clear(&why);
		}
		if (rc != RC_OK && rc != RC_DENIED)
			return rc;
	}
	return RC_OK;
}

enum rc sync_take(struct sync *s, struct batch *b)
{
	struct query *q;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->request.nscopes && rc == RC_OK; i++) {
		const struct wire_scope *ws = &s->request.scopes[i];

		for (size_t n = 0; n < ws->npackets && rc == RC_OK; n++)
			rc = intake_take(b, s->who.id, &s->intakes[i][n],
					 ws->scope);
		if (rc == RC_OK)
			rc = keys_mint(s, b, ws);
	}
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_CONTACT_PUT);
	query_text(q, 1, s->who.terminal);
	query_int(q, 2, b->now_ms);
	return query_end(q, b->err);
}

enum rc sync_take_all(struct store *writer, struct sync *const *all, size_t n,
		      int64_t now_ms, struct err *outcomes, struct err *err)
{
	struct batch b;
	enum rc rc = batch_begin(&b, writer, now_ms, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		err_clear(&outcomes[i]);
		rc = batch_mark(&b);
		if (rc != RC_OK)
			break;
		b.err = &outcomes[i];
		json_memory_begin();
		rc = sync_take(all[i], &b);
		rc = json_memory_end(rc, b.err);
		json_memory_begin(); /* that was this sync's */
		b.err = err;
		rc = rc == RC_OK ? batch_keep(&b) : batch_undo(&b);
	}
	if (rc == RC_OK)
		return batch_end(&b);
	batch_abort(&b);
	return rc;
}

bool sync_page_turn(struct sync *s)
{
	bool any = false;

	s->is_further = true;
	for (size_t i = 0; i < s->request.nscopes; i++) {
		struct wire_scope *ws = &s->request.scopes[i];
		struct page_place *p = &s->places[i];

		any |= p->is_asked = p->has_more;
		p->has_more = false;
		if (!p->is_asked)
			continue;
		ws->has_target = true;
		ws->target = p->head;
		ws->after_kind = p->kind;
		ws->after_id = p->id;
	}
	return any;
}

const unsigned char *sync_terminal_key(const struct sync *s)
{
	return s->who.terminal_key;
}

const unsigned char *sync_digest(const struct sync *s)
{
	return s->request.digest;
}

void sync_figures(const struct sync *s, const char **terminal, size_t *packets,
		  size_t *rows_down)
{
	*terminal = s->who.terminal;
	*packets = 0;
	for (size_t i = 0; i < s->request.nscopes; i++)
		*packets += s->request.scopes[i].npackets;
	*rows_down = s->rows_down;
}

void sync_free(struct sync *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->intakes && i < s->request.nscopes; i++)
		if (s->intakes[i]) {
			intake_release(s->intakes[i],
				       s->request.scopes[i].npackets);
			free(s->intakes[i]);
		}
	free(s->intakes);
	free(s->places);
	wire_request_release(&s->request);
	enrolled_release(&s->who);
	arena_release(&s->mem);
	free(s);
}

/* Is the request signed by this terminal, now, and may it still? */
static enum rc word_check(const struct enrolled *who,
			  const struct terminal_word *w, int64_t now_ms,
			  struct err *err)
{
	long long sent = w->time_text ? strtoll(w->time_text, NULL, 10) : 0;

	if (!w->time_text ||
	    !request_is_signed(w->signature, who->terminal_key, w->method,
			       w->path, w->time_text, strlen(w->time_text)))
		return err_set(err, RC_DENIED,
			       "the request is not signed by this terminal");
	if (strcmp(who->state, "active") != 0)
		return err_set(err, RC_DENIED, "this terminal was revoked");
	if (sent < now_ms - WIRE_CLOCK_MAX_MS ||
	    sent > now_ms + WIRE_CLOCK_MAX_MS)
		return err_set(err, RC_DENIED,
			       "this terminal's clock is more than 10 minutes "
			       "off: set it and try again");
	return RC_OK;
}

/* *who has to be released after RC_OK. */
static enum rc word_judge(struct store *s, const struct terminal_word *w,
			  int64_t now_ms, struct enrolled *who, struct err *err)
{
	char enrolment[33];
	enum rc rc = terminal_find(s, w->terminal, enrolment, err);

	if (rc == RC_OK)
		rc = enrolled_load(s, enrolment, who, err);
	if (rc != RC_OK)
		return rc;
	rc = word_check(who, w, now_ms, err);
	if (rc != RC_OK)
		enrolled_release(who);
	return rc;
}

enum rc terminal_proves(struct store *s, const char *terminal,
			const char *time_text, const char *signature,
			const char *method, const char *path, const char *scope,
			int64_t now_ms, json_t **scopes, struct err *err)
{
	const struct terminal_word w = { .terminal = terminal,
					 .time_text = time_text,
					 .signature = signature,
					 .method = method,
					 .path = path };
	struct enrolled who;
	enum rc rc = word_judge(s, &w, now_ms, &who, err);

	if (rc != RC_OK)
		return rc;
	if (scope && !enrolled_covers(&who, scope))
		rc = err_set(err, RC_DENIED,
			     "this terminal has no part in scope %s", scope);
	if (rc == RC_OK && scopes) {
		*scopes = json_pack("[s]", "catalog");
		json_array_extend(*scopes,
				  json_object_get(who.record, "scopes"));
	}
	enrolled_release(&who);
	return rc;
}

enum rc terminal_signs(struct store *s, const struct sync_input *in,
		       struct err *err)
{
	struct enrolled who = { 0 };
	enum rc rc = signer_load(s, in, &who, err);

	if (rc == RC_OK && strcmp(who.state, "active") != 0)
		rc = err_set(err, RC_DENIED, "this terminal was revoked");
	enrolled_release(&who);
	return rc;
}

enum rc terminal_account(struct store *s, const struct terminal_word *w,
			 int64_t now_ms, struct account *out, struct err *err)
{
	const json_t *scopes, *scope;
	struct enrolled who;
	size_t i, n = 0;
	enum rc rc = word_judge(s, w, now_ms, &who, err);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK)
		return rc;
	snprintf(out->name, sizeof(out->name), "%s", who.officer);
	snprintf(out->with, sizeof(out->with), "terminal:%.20s", w->terminal);
	out->roles = who.role & ROLE_INSPECTOR ? who.role : 0;
	scopes = json_object_get(who.record, "scopes");
	json_array_foreach(scopes, i, scope)
	{
		const char *one = json_string_value(scope);

		if (one && name_is_scope(one) && strcmp(one, "catalog") != 0 &&
		    n + 8 < sizeof(out->scopes))
			n += (size_t)snprintf(out->scopes + n,
					      sizeof(out->scopes) - n, "%s%s",
					      n ? "," : "", one);
	}
	enrolled_release(&who);
	return RC_OK;
}
