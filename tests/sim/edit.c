/* sim/edit.c - what an inspector does to the tablet's file, in plain SQL. */
#include "sim/sim.h"

#include "base/fault.h"
#include "base/jcs.h"
#include "kind/fsm.h"

enum shape {
	UNIQUE_TEXT,
	UNIQUE_INT,
	SCORE, /* 0 to 100 */
	EARLIER, /* a time under the rule min */
	SET,
	WORD, /* one of `words` */
	TOWN,
	PLACE, /* latitude with longitude */
};

struct spot {
	const char *field;
	enum shape shape;
	const char *words[8]; /* NULL-ended */
};

struct place {
	const char *kind;
	const char *sql_count, *sql_id;
	bool has_table; /* states move by the kind's table */
	int nspots;
	struct spot spots[9];
};

#define HOT 3
/* Every tablet's officer: what is not theirs, tablets keep to themselves. */
#define ALL "\"o0\",\"o1\",\"o2\",\"o3\",\"o4\",\"o5\",\"o6\",\"o7\""

#define IDS(kind)                                                              \
#kind, "SELECT count(*) FROM " #kind,                                  \
		"SELECT id FROM " #kind " ORDER BY id LIMIT 1 OFFSET ?1"

static const struct place places[] = {
	{ IDS(assignment),
	  true,
	  4,
	  { { "accept_note", UNIQUE_TEXT, { NULL } },
	    { "decline_reason", UNIQUE_TEXT, { NULL } },
	    { "state",
	      WORD,
	      { "accepted", "in_progress", "done", "declined", "closed",
		NULL } },
	    { "sim_extra", UNIQUE_TEXT, { NULL } } } },
	{ IDS(visit),
	  true,
	  9,
	  { { "summary", UNIQUE_TEXT, { NULL } },
	    { "state",
	      WORD,
	      { "arrived", "checking", "ready", "signed", "submitted",
		"approved", NULL } },
	    { "score", SCORE, { NULL } },
	    { "started_at", EARLIER, { NULL } },
	    { "result_codes", SET, { NULL } },
	    { "officers", SET, { NULL } },
	    { "latitude", PLACE, { NULL } },
	    { "town", TOWN, { NULL } },
	    { "unable_reason", UNIQUE_TEXT, { NULL } } } },
	{ IDS(answer),
	  false,
	  4,
	  { { "value", UNIQUE_TEXT, { NULL } },
	    { "reason", UNIQUE_TEXT, { NULL } },
	    { "state", WORD, { "draft", "final", "disputed", NULL } },
	    { "at", UNIQUE_INT, { NULL } } } },
	{ IDS(subject_private),
	  false,
	  3,
	  { { "note", UNIQUE_TEXT, { NULL } },
	    { "phone", UNIQUE_TEXT, { NULL } },
	    { "legal_representative", UNIQUE_TEXT, { NULL } } } },
};

int64_t ask_int(struct tablet *t, const char *sql)
{
	int64_t n = 0;

	must(t->sim, db_int(t->r->db, sql, 0, &n, &t->sim->err),
	     "ask a tablet");
	return n;
}

bool has_other(struct tablet *t)
{
	return ask_int(t, "SELECT count(*) FROM hufu_scope WHERE scope='" OTHER
			  "'") > 0;
}

bool ask_id(struct tablet *t, const char *sql, int offset, char id[33])
{
	struct query *q = query_begin(t->r->db, sql);
	bool found;

	query_int(q, 1, offset);
	found = query_row(q);
	if (found)
		snprintf(id, 33, "%s", query_get_text(q, 0));
	must(t->sim, query_end(q, &t->sim->err), "ask a tablet");
	return found;
}

/* The last edit of a field is to be found in a packet, one day. NULL: it is not
 * unlike others, so that nobody can tell. */
static void want(struct tablet *t, const char *kind, const char *id,
		 const char *field, json_t *value)
{
	char path[120];

	snprintf(path, sizeof(path), "%s/%s/%s", kind, id, field);
	if (value)
		json_object_set_new(t->wanted, path, value);
	else
		json_object_del(t->wanted, path);
}

static void unique_text(struct tablet *t, struct buf *sql, const char *kind,
			const char *id, const char *field)
{
	struct sim *s = t->sim;
	char text[40];
	bool common = rng_chance(&s->rng, 12);

	if (common)
		snprintf(text, sizeof(text), "common %d",
			 rng_below(&s->rng, 3));
	else
		snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	buf_printf(sql, "%s='%s'", field, text);
	want(t, kind, id, field, common ? NULL : json_string(text));
}

static void set_of(struct sim *s, struct buf *sql, const char *field)
{
	static const char letters[] = "3456ABCD"; /* all are result codes */
	int mask = rng_below(&s->rng, 256);
	bool first = true;

	buf_printf(sql, "%s='[", field);
	if (!strcmp(field, "officers")) {
		buf_puts(sql, ALL);
		first = false;
	} else if (!mask)
		buf_puts(sql, "\"1\""); /* nothing found: it stands alone */
	for (int i = 0; i < 8; i++)
		if (mask >> i & 1) {
			buf_printf(sql, "%s\"%c\"", first ? "" : ",",
				   letters[i]);
			first = false;
		}
	buf_puts(sql, "]'");
}

/* field=value, as SQL */
static void assign(struct tablet *t, struct buf *sql, const char *kind,
		   const char *id, const struct spot *spot)
{
	struct sim *s = t->sim;
	int n = 0;

	switch (spot->shape) {
	case UNIQUE_TEXT: unique_text(t, sql, kind, id, spot->field); return;
	case UNIQUE_INT:
		buf_printf(sql, "%s=%d", spot->field, ++s->serial);
		want(t, kind, id, spot->field, json_integer(s->serial));
		return;
	case SCORE:
		buf_printf(sql, "%s=%d", spot->field, rng_below(&s->rng, 101));
		want(t, kind, id, spot->field, NULL);
		return;
	case EARLIER:
		buf_printf(sql, "%s=%d", spot->field,
			   1000000 + rng_below(&s->rng, 1000000));
		return;
	case SET: set_of(s, sql, spot->field); return;
	case WORD:
		while (spot->words[n])
			n++;
		buf_printf(sql, "%s='%s'", spot->field,
			   spot->words[rng_below(&s->rng, n)]);
		return;
	case TOWN:
		buf_printf(sql, "%s='00%d'", spot->field,
			   rng_below(&s->rng, 4));
		return;
	case PLACE:
		n = 300000000 + ++s->serial;
		buf_printf(sql, "latitude=%d,longitude=%d", n, n + 1);
		want(t, kind, id, "latitude", json_integer(n));
		want(t, kind, id, "longitude", json_integer(n + 1));
		return;
	}
}

static bool has_extra(struct tablet *t)
{
	return ask_int(t, "SELECT count(*) FROM pragma_table_info("
			  "'assignment') WHERE name='sim_extra'") > 0;
}

/* The live state of a record, "" for none. */
static void state_ask(struct tablet *t, const struct place *p, const char *id,
		      char state[40])
{
	struct buf ask;
	struct query *q;

	buf_init(&ask, 200);
	buf_printf(&ask, "SELECT state FROM %s WHERE id=?1", p->kind);
	q = query_begin(t->r->db, ask.data);
	query_text(q, 1, id);
	state[0] = '\0';
	if (query_row(q) && !query_is_null(q, 0))
		snprintf(state, 40, "%s", query_get_text(q, 0));
	must(t->sim, query_end(q, &t->sim->err), "ask a state");
	buf_release(&ask);
}

/* An order that has its two officers; at the door of a visit they are written
 * down, and the code is shown. */
#define TEAM " AND json_array_length(coalesce(officers,'[]'))>1"
#define ARRIVES                                                                \
	",code_shown_at=coalesce(code_shown_at,1768000000000),"                \
	"visited_on=coalesce(visited_on,'2026-01-10'),officers=CASE "          \
	"WHEN json_array_length(coalesce(officers,'[]'))<2 "                   \
	"THEN '[" ALL "]' ELSE officers END"

/* One legal move, or nothing: what the table forbids a tablet holds back. */
static void move(struct tablet *t, struct buf *sql, const struct place *p,
		 const char *id, const char *state, const char *to)
{
	const struct kind *k =
		registry_kind(t->sim->loop.store->kinds, p->kind);
	json_t *before = json_pack("{s:s}", "state", state);
	json_t *after =
		json_pack("{s:s, s:s, s:s, s:i, s:[ss]}", "state", to,
			  "decline_reason", "far", "visited_on", "2026-01-10",
			  "code_shown_at", 1, "officers", "o1", "o2");
	struct err why = { 0 };

	if (!state[0])
		json_object_clear(before);
	if (fsm_check(k, ROLE_INSPECTOR, before, after, &why) == RC_OK) {
		buf_printf(sql, "UPDATE %s SET state='%s'", p->kind, to);
		if (!strcmp(to, "declined"))
			buf_puts(sql, ",decline_reason="
				      "coalesce(decline_reason,'far')");
		if (!strcmp(p->kind, "visit") &&
		    (!state[0] || !strcmp(state, "open")))
			buf_puts(sql, ARRIVES);
		buf_printf(sql, " WHERE id='%s'%s;", id,
			   strcmp(p->kind, "assignment") ? "" : TEAM);
	}
	json_decref(before);
	json_decref(after);
}

static bool is_closed(const struct tablet *t, const struct place *p,
		      const char *state, const char *field)
{
	const struct fsm *table =
		registry_kind(t->sim->loop.store->kinds, p->kind)->fsm;
	json_t *record = json_pack("{s:s}", "state", state);
	bool closed = table && fsm_is_closed(table, ROLE_INSPECTOR,
					     fsm_state(table, record), field);

	json_decref(record);
	return closed && strcmp(field, "town") != 0;
}

static void update(struct tablet *t, struct buf *sql, const struct place *p)
{
	struct sim *s = t->sim;
	int count = (int)ask_int(t, p->sql_count), fields, done = 0;
	unsigned used = 0;
	const struct spot *moving = NULL;
	char id[33], state[40] = "";

	/* Half of the edits meet on few records. */
	if (count > HOT && rng_chance(&s->rng, 50))
		count = HOT;
	if (!count || !ask_id(t, p->sql_id, rng_below(&s->rng, count), id))
		return;
	if (p->has_table)
		state_ask(t, p, id, state);
	fields = 1 + rng_below(&s->rng, 3);
	for (int i = 0; i < fields; i++) {
		int at = rng_below(&s->rng, p->nspots);

		if (used >> at & 1 ||
		    (!strcmp(p->spots[at].field, "sim_extra") && !has_extra(t)))
			continue;
		used |= 1u << at;
		if (p->has_table && is_closed(t, p, state, p->spots[at].field))
			continue;
		if (p->has_table && p->spots[at].shape == WORD) {
			moving = &p->spots[at];
			continue;
		}
		buf_puts(sql, done++ ? "," : "");
		if (done == 1)
			buf_printf(sql, "UPDATE %s SET ", p->kind);
		assign(t, sql, p->kind, id, &p->spots[at]);
	}
	if (done)
		buf_printf(sql, " WHERE id='%s';", id);
	for (fields = 0; moving && moving->words[fields];)
		fields++;
	if (moving)
		move(t, sql, p, id, state,
		     moving->words[rng_below(&s->rng, fields)]);
}

/* What no table allows stays on the tablet until it is taken back. */
static void tablet_errs(struct tablet *t)
{
	static const char sql[] = "UPDATE assignment SET state='reviewed' "
				  "WHERE id=(SELECT id FROM "
				  "assignment WHERE state IS NOT 'reviewed' "
				  "AND state IS NOT NULL "
				  "AND id NOT IN (SELECT id FROM "
				  "old_assignment) ORDER BY id LIMIT "
				  "1)";
	struct sim *s = t->sim;
	char id[33];
	int packets, records;
	enum rc rc;

	if (!must(s, replica_exec(t->r, sql, &s->err), sql) ||
	    !ask_id(t,
		    "SELECT id FROM old_assignment WHERE id IN (SELECT id "
		    "FROM assignment WHERE state='reviewed') LIMIT 1 "
		    "OFFSET ?1",
		    0, id))
		return;
	say(s, "  tablet %d moves assignment '%s' as it may not", t->number,
	    id);
	rc = replica_commit(t->r, "not allowed", &packets, &records, &s->err);
	if (rc != RC_INVALID && rc != RC_DENIED)
		broke(s, "an illegal move stays on the tablet", "%s",
		      rc_name(rc));
	forget(s);
	must(s, replica_undo(t->r, "assignment", id, &records, &s->err),
	     "undo an illegal move");
	forget(s);
}

static void insert_abroad(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	bool shared = rng_chance(&s->rng, 10);
	char id[33], text[40];

	if (shared)
		snprintf(id, sizeof(id), "abroad%d", rng_below(&s->rng, 4));
	else
		snprintf(id, sizeof(id), "v%dn%d", t->number, ++s->serial);
	snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	buf_printf(sql,
		   "INSERT INTO visit(id,scope,town,subject,officers,summary,"
		   "state) SELECT '%s','" OTHER "','00%d','b%d','[" ALL
		   "]','%s','open' WHERE NOT EXISTS (SELECT 1 FROM visit WHERE "
		   "id='%s');",
		   id, rng_below(&s->rng, 4), rng_below(&s->rng, 8), text, id);
	if (!shared)
		want(t, "visit", id, "summary", json_string(text));
}

static void insert_visit(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	char id[33], subject[33] = "s0", assignment[33] = "", text[40];
	int subjects = (int)ask_int(t, "SELECT count(*) FROM subject WHERE "
				       "scope='" COUNTY "'");
	bool shared = rng_chance(&s->rng, 10);

	if (rng_chance(&s->rng, 40) && has_other(t)) {
		insert_abroad(t, sql);
		return;
	}
	ask_id(t,
	       "SELECT id FROM subject WHERE scope='" COUNTY
	       "' ORDER BY id LIMIT 1 OFFSET ?1",
	       rng_below(&s->rng, subjects ? subjects : 1), subject);
	/* What becomes of an order then concerns its visits too. */
	if (rng_chance(&s->rng, 60))
		ask_id(t,
		       "SELECT id FROM assignment ORDER BY id LIMIT 1 OFFSET "
		       "?1",
		       rng_below(&s->rng, HOT), assignment);
	if (shared)
		snprintf(id, sizeof(id), "shared%d", rng_below(&s->rng, 4));
	else
		snprintf(id, sizeof(id), "v%dn%d", t->number, ++s->serial);
	snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	/* An id that is there already would abort the whole script. */
	buf_printf(sql,
		   "INSERT INTO visit(id,town,subject,assignment,officers,"
		   "summary,state) SELECT '%s','00%d','%s',nullif('%s',''),"
		   "'[" ALL "]','%s','open' WHERE NOT EXISTS (SELECT 1 FROM "
		   "visit WHERE id='%s');",
		   id, rng_below(&s->rng, 4), subject, assignment, text, id);
	if (!shared)
		want(t, "visit", id, "summary", json_string(text));
}

/* A whole check in one record: the assignment's own state is left to what
 * follows from the signature. */
static void insert_signed(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	char id[33], assignment[33], text[40];

	if (!ask_id(t,
		    "SELECT id FROM assignment ORDER BY id LIMIT 1 OFFSET ?1",
		    rng_below(&s->rng, HOT), assignment))
		return;
	snprintf(id, sizeof(id), "v%dn%d", t->number, ++s->serial);
	snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	buf_printf(sql,
		   "INSERT INTO visit(id,town,subject,assignment,officers,"
		   "started_at,visited_on,code_shown_at,summary,state) SELECT "
		   "'%s',town,subject,id,'[" ALL
		   "]',%d,'1970-01-01',1,'%s','signed' FROM "
		   "assignment WHERE id='%s';",
		   id, 1 + rng_below(&s->rng, 1000), text, assignment);
	want(t, "visit", id, "summary", json_string(text));
}

static void insert_answer(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	int visits = (int)ask_int(t, "SELECT count(*) FROM visit");
	char id[33], visit[33], text[40];

	if (!visits ||
	    !ask_id(t, "SELECT id FROM visit ORDER BY id LIMIT 1 OFFSET ?1",
		    rng_below(&s->rng, visits), visit))
		return;
	snprintf(id, sizeof(id), "a%dn%d", t->number, ++s->serial);
	snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	buf_printf(sql,
		   "INSERT INTO answer(id,scope,visit,point,value,state) "
		   "SELECT '%s',scope,id,'p1','%s','draft' FROM visit "
		   "WHERE id='%s';",
		   id, text, visit);
	want(t, "answer", id, "value", json_string(text));
}

/* As under rights that it had before: the tablet sends it, the server judges.
 */
static void former(struct buf *sql, const char *kind, const char *id)
{
	buf_printf(sql,
		   "INSERT OR REPLACE INTO hufu_meta(key,value) "
		   "VALUES('former %s/%s','1');",
		   kind, id);
}

/* What an inspector may not write, and what refers to it. */
static void forbidden(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	char id[33] = "s0", text[40];

	snprintf(text, sizeof(text), "t%d n%d", t->number, ++s->serial);
	switch (rng_below(&s->rng, 6)) {
	case 0:
		ask_id(t,
		       "SELECT id FROM subject ORDER BY id LIMIT 1 OFFSET ?1",
		       rng_below(&s->rng, 10), id);
		buf_printf(sql, "UPDATE subject SET name='%s' WHERE id='%s';",
			   text, id);
		former(sql, "subject", id);
		want(t, "subject", id, "name", json_string(text));
		return;
	case 1:
	case 2:
	case 3:
		ask_id(t,
		       "SELECT id FROM assignment ORDER BY id LIMIT 1 OFFSET "
		       "?1",
		       rng_below(&s->rng, HOT), id);
		buf_printf(sql,
			   "UPDATE assignment SET instructions='%s' WHERE "
			   "id='%s';",
			   text, id);
		former(sql, "assignment", id);
		if (id[0] != 's')
			want(t, "assignment", id, "instructions",
			     json_string(text));
		return;
	case 4:
		buf_printf(sql,
			   "INSERT INTO item(id,code,name) "
			   "VALUES('i%dn%d','x%d','y');",
			   t->number, s->serial, s->serial);
		snprintf(id, sizeof(id), "i%dn%d", t->number, s->serial);
		former(sql, "item", id);
		return;
	default:
		snprintf(id, sizeof(id), "n%dn%d", t->number, s->serial);
		buf_printf(sql,
			   "INSERT INTO subject(id,name) VALUES('%s','%s');",
			   id, text);
		former(sql, "subject", id);
		want(t, "subject", id, "name", json_string(text));
		if (rng_chance(&s->rng, 50))
			return;
		buf_printf(sql,
			   "INSERT INTO visit(id,subject,summary) "
			   "VALUES('w%dn%d','%s','%s');",
			   t->number, s->serial, id, text);
	}
}

/* Script for one deed; may stay empty where there is nothing to edit. */
static void deed(struct tablet *t, struct buf *sql)
{
	struct sim *s = t->sim;
	int dice = rng_below(&s->rng, 100);

	if (dice < 32)
		update(t, sql, &places[0]);
	else if (dice < 54)
		update(t, sql, &places[1]);
	else if (dice < 62)
		update(t, sql, &places[2]);
	else if (dice < 72)
		update(t, sql, &places[3]);
	else if (dice < 82)
		insert_visit(t, sql);
	else if (dice < 85)
		insert_signed(t, sql);
	else if (dice < 91)
		insert_answer(t, sql);
	else if (dice < 97)
		forbidden(t, sql);
	else if (dice < 98)
		buf_puts(sql, "UPDATE assignment SET state=state;");
	else
		buf_puts(sql, "UPDATE visit SET state='ready' WHERE "
			      "state='checking';");
}

static enum rc run(struct tablet *t, const char *sql, bool by_another)
{
	const struct db_options options = { .mode = DB_WRITE,
					    .synchronous_off = true,
					    .busy_ms = 1000 };
	struct sim *s = t->sim;
	struct db *db;
	enum rc rc;

	if (!by_another)
		return replica_exec(t->r, sql, &s->err);
	rc = db_open(&db, t->path, &options, &s->err);
	if (rc == RC_OK) {
		rc = db_script(db, sql, &s->err);
		db_close(db);
	}
	return rc;
}

void tablet_edit(struct tablet *t, bool by_another)
{
	struct sim *s = t->sim;
	struct buf sql;
	int deeds = 1 + rng_below(&s->rng, 3);

	buf_init(&sql, 1 << 16);
	for (int i = 0; i < deeds && !s->failed; i++) {
		buf_reset(&sql);
		deed(t, &sql);
		if (!sql.len)
			continue;
		say(s, "  tablet %d%s: %s", t->number,
		    by_another ? " (from outside)" : "", sql.data);
		must(s, run(t, sql.data, by_another), sql.data);
	}
	if (!s->failed && rng_chance(&s->rng, 6))
		tablet_errs(t);
	if (rng_chance(&s->rng, 3) &&
	    run(t, "DELETE FROM assignment", by_another) == RC_OK &&
	    ask_int(t, "SELECT count(*) FROM assignment") == 0)
		broke(s, "nothing is deleted", "DELETE went through");
	forget(s);
	buf_release(&sql);
}

/* What was undone and never signed is not wanted any more. */
static void wanted_clean(struct tablet *t)
{
	const char *path;
	json_t *value;
	void *next;

	json_object_foreach_safe(t->wanted, next, path, value)
	{
		if (!value_packets(t->sim, t->terminal, path, value))
			json_object_del(t->wanted, path);
	}
}

void tablet_undo(struct tablet *t)
{
	struct sim *s = t->sim;
	int records;
	enum rc rc = replica_undo(t->r, NULL, NULL, &records, &s->err);

	say(s, "tablet %d undoes %d records", t->number, records);
	if (rc != RC_NOT_FOUND)
		must(s, rc, "undo");
	forget(s);
	tablet_note(t);
	wanted_clean(t);
}
