/* sim/check_merge.c - what became of every acknowledged change, and of every
 * conflict: promises 2, 4 and 7. */
#include "sim/sim.h"

#include "base/jcs.h"
#include "kind/fsm.h"
#include "merge/merge.h"

#define KEPT "2 nothing is lost"
#define SAME "4 the same inputs give the same bytes"

/* One record of one packet with all that is known of it. */
struct fate {
	struct sim *s;
	const char *oid, *kind, *id, *scope;
	const struct kind *k;
	int64_t number; /* of the packet at the server */
	bool may_differ;
	const char *journal;
	char author[40];
	json_t *base, *terminal; /* as the tablet signed them, plain */
	json_t *server, *result; /* before and after, plain */
	const json_t *conflicts; /* versions of those that name the packet */
};

/* The ledger's question about two visits comes from no merge. */
static bool is_duplicate(const json_t *c)
{
	const char *rule = json_text(c, "rule");

	return rule && !strcmp(rule, "duplicate_visit");
}

/* All versions of conflict records by packet and record:
 * "oid kind/id" -> [plain...]; and by id in `by_id`. */
static json_t *conflicts_index(struct sim *s, json_t *by_id)
{
	static const char sql[] =
		"SELECT kind, id, body, position FROM log WHERE scope IN "
		"('" COUNTY "','" OTHER
		"') AND kind IN ('conflict', 'conflict_private') "
		"ORDER BY position";
	struct query *q = query_begin(s->loop.store->db, sql);
	json_t *index = json_object();

	while (!s->failed && query_row(q)) {
		json_t *c = plain_read(s, query_get_text(q, 0),
				       query_get_text(q, 2),
				       query_get_len(q, 2)),
		       *list;
		const json_t *oid;
		char key[140];
		size_t i;

		if (!c)
			continue;
		json_object_set_new(c, "position",
				    json_integer(query_get_int(q, 3)));
		if (is_duplicate(c)) {
			json_decref(c);
			continue;
		}
		json_array_foreach(json_object_get(c, "packets"), i, oid)
		{
			snprintf(key, sizeof(key), "%s %s/%s",
				 json_string_value(oid),
				 json_text(c, "record_kind"),
				 json_text(c, "record_id"));
			list = json_object_get(index, key);
			if (!list) {
				list = json_array();
				json_object_set_new(index, key, list);
			}
			json_array_append(list, c);
		}
		list = json_object_get(by_id, query_get_text(q, 1));
		if (!list) {
			list = json_array();
			json_object_set_new(by_id, query_get_text(q, 1), list);
		}
		json_array_append_new(list, c);
	}
	must(s, query_end(q, &s->err), "read conflicts");
	return index;
}

static bool same(const json_t *a, const json_t *b)
{
	return (!a && !b) || json_equal(a, b);
}

/* Does a conflict of this packet keep the terminal's value? */
static bool in_conflict(const struct fate *f, const char *field,
			const json_t *value)
{
	const json_t *c;
	size_t i;

	json_array_foreach(f->conflicts, i, c)
	{
		const json_t *fields = json_object_get(c, "fields"), *name;
		bool of_group = false;
		size_t n;

		json_array_foreach(fields, n, name) of_group |=
			!strcmp(json_string_value(name), field);
		if (of_group &&
		    same(json_object_get(json_object_get(c, "terminal_value"),
					 field),
			 value))
			return true;
	}
	return false;
}

static bool array_has(const json_t *array, const json_t *value)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v) if (json_equal(v, value)) return true;
	return false;
}

/* Is each line of `value` that `before` lacks in `there`? */
static bool has_lines(const json_t *there, const json_t *value,
		      const json_t *before)
{
	const char *at = json_string_value(value);
	char line[4000];

	while (at && *at) {
		size_t n = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, at);
		if ((!before || !strstr(json_string_value(before), line)) &&
		    !strstr(json_string_value(there), line))
			return false;
		at += n + (at[n] == '\n');
	}
	return true;
}

/* By its rule a value may stand in another one. */
static bool stands(const struct fate *f, const char *field, const json_t *value)
{
	const struct field *def = kind_field(f->k, field);
	const json_t *there = json_object_get(f->result, field), *v;
	const json_t *before = json_object_get(f->base, field);
	size_t i;

	if (same(there, value))
		return true;
	if (!def || !there)
		return false;
	switch (def->rule) {
	case MERGE_MIN:
		return json_integer_value(there) <= json_integer_value(value);
	case MERGE_MAX:
		return json_integer_value(there) >= json_integer_value(value);
	case MERGE_SET:
	case MERGE_GSET:
		json_array_foreach(value, i,
				   v) if (!array_has(before, v) &&
					  !array_has(there, v)) return false;
		return true;
	case MERGE_TEXT: return has_lines(there, value, before);
	case MERGE_FSM: {
		const struct fsm_cell *c = fsm_cell(
			def->fsm, json_object_get(f->server, field), value);

		return c && !strcmp(def->values[c->stands],
				    json_string_value(there));
	}
	default: return false;
	}
}

static void change_check(const struct fate *f, const char *field)
{
	const json_t *value = json_object_get(f->terminal, field);
	char *text;

	if (same(json_object_get(f->base, field), value) ||
	    stands(f, field, value) || in_conflict(f, field, value))
		return;
	text = json_dumps(value, JSON_ENCODE_ANY);
	broke(f->s, KEPT,
	      "packet %s set %s '%s' %s to %.100s: it is neither on the main "
	      "line nor in a conflict nor in quarantine",
	      f->oid, f->kind, f->id, field, text ? text : "nothing");
	free(text);
}

static void changes_check(const struct fate *f)
{
	const char *field;
	json_t *v;

	json_object_foreach(f->terminal, field, v) change_check(f, field);
	json_object_foreach(f->base, field,
			    v) if (!json_object_get(f->terminal, field))
		change_check(f, field);
}

static bool conflict_names(const struct fate *f, const char *group)
{
	const json_t *c;
	size_t i;

	json_array_foreach(
		f->conflicts, i,
		c) if (!strcmp(json_text(c, "field_group"), group)) return true;
	return false;
}

/* Did a visit of this packet ask, and not the record itself? A signed visit of
 * an assignment that was called off does. */
static bool visit_asked(const struct fate *f, const json_t *c)
{
	static const char sql[] =
		"SELECT 1 FROM packet_record AS r JOIN visit AS v ON v.scope = "
		"?1 AND v.id = r.id WHERE r.packet = ?2 AND r.kind = 'visit' "
		"AND r.code IS NULL AND v.assignment = ?3";
	const char *rule = json_text(c, "rule");
	struct query *q;
	bool asked;

	if (strcmp(f->kind, "assignment") != 0 || !rule ||
	    strcmp(rule, "done_contested") != 0)
		return false;
	q = query_begin(f->s->loop.store->db, sql);
	query_text(q, 1, f->scope);
	query_int(q, 2, f->number);
	query_text(q, 3, f->id);
	asked = query_row(q);
	must(f->s, query_end(q, &f->s->err), "find a visit");
	return asked;
}

static bool has_own_conflict(const struct fate *f)
{
	const json_t *c;
	size_t i;

	json_array_foreach(f->conflicts, i, c)
	{
		if (!visit_asked(f, c))
			return true;
	}
	return false;
}

/* The three sides as they were, merged again. */
static void merge_check(const struct fate *f)
{
	struct merge_result m = { 0 };
	struct err why = { 0 };
	json_t *by = json_pack("[s]", f->author);
	enum rc rc = merge_record(f->k, f->base, f->terminal, f->server, by, &m,
				  &why);

	if (rc != RC_OK) {
		broke(f->s, SAME, "%s '%s' of packet %s: %s", f->kind, f->id,
		      f->oid, why.text);
	} else if (!json_equal(m.record, f->result)) {
		char *a = json_dumps(m.record, JSON_COMPACT | JSON_SORT_KEYS);
		char *b = json_dumps(f->result, JSON_COMPACT | JSON_SORT_KEYS);

		broke(f->s, SAME,
		      "%s '%s' of packet %s merges to %.200s, the main line "
		      "has %.200s",
		      f->kind, f->id, f->oid, a, b ? b : "nothing");
		free(a);
		free(b);
	}
	for (size_t i = 0; rc == RC_OK && i < m.nconflicts; i++)
		if (!conflict_names(f, m.conflicts[i].group))
			broke(f->s, KEPT,
			      "packet %s is in conflict on %s '%s' %s, which "
			      "nobody wrote down",
			      f->oid, f->kind, f->id, m.conflicts[i].group);
	if (rc == RC_OK && !m.nconflicts && has_own_conflict(f))
		broke(f->s, "no conflict without two sides",
		      "packet %s is in a conflict on %s '%s'", f->oid, f->kind,
		      f->id);
	merge_release(&m);
	json_decref(by);
}

static json_t *version(const struct fate *f, const char *sql, int64_t number)
{
	struct query *q = query_begin(f->s->loop.store->db, sql);
	json_t *out = NULL;

	query_text(q, 1, f->scope);
	query_text(q, 2, f->kind);
	query_text(q, 3, f->id);
	query_int(q, 4, number);
	if (query_row(q))
		out = plain_read(f->s, f->kind, query_get_text(q, 0),
				 query_get_len(q, 0));
	must(f->s, query_end(q, &f->s->err), "read the log");
	return out;
}

/* What the server kept of the record: *code is its quarantine's or "". */
static bool kept_check(const struct fate *f, const json_t *record,
		       char code[32])
{
	static const char sql[] =
		"SELECT r.code, coalesce(r.body, (SELECT l.body FROM log AS l "
		"WHERE l.scope = ?4 AND l.position = r.position)) "
		"FROM packet_record AS r "
		"WHERE r.packet = ?1 AND r.kind = ?2 AND r.id = ?3";
	struct query *q = query_begin(f->s->loop.store->db, sql);
	json_t *body = NULL;
	bool found;

	code[0] = '\0';
	query_int(q, 1, f->number);
	query_text(q, 2, f->kind);
	query_text(q, 3, f->id);
	query_text(q, 4, f->scope);
	found = query_row(q);
	if (found) {
		if (!query_is_null(q, 0))
			snprintf(code, 32, "%s", query_get_text(q, 0));
		if (query_get_text(q, 1))
			json_read(query_get_text(q, 1), query_get_len(q, 1),
				  &body, &f->s->err);
	}
	must(f->s, query_end(q, &f->s->err), "read a packet's record");
	if (!found || !json_equal(body, json_object_get(record, "body")))
		broke(f->s, KEPT, "%s '%s' of packet %s is %s", f->kind, f->id,
		      f->oid, found ? "kept in another form" : "not kept");
	json_decref(body);
	return !f->s->failed;
}

/* Did the main line ever say what the packet's author saw? What was refused
 * does once it was adopted, and then a change on top of it is none of a refused
 * one. */
static bool base_stood(const struct fate *f)
{
	static const char sql[] =
		"SELECT body FROM log WHERE scope = ?1 AND kind = ?2 AND "
		"id = ?3 AND packet < ?4";
	struct query *q = query_begin(f->s->loop.store->db, sql);
	bool found = false;

	query_text(q, 1, f->scope);
	query_text(q, 2, f->kind);
	query_text(q, 3, f->id);
	query_int(q, 4, f->number);
	while (!found && query_row(q)) {
		json_t *body = plain_read(f->s, f->kind, query_get_text(q, 0),
					  query_get_len(q, 0));

		found = json_equal(body, f->base);
		json_decref(body);
	}
	must(f->s, query_end(q, &f->s->err), "read the log");
	return found;
}

/* A change on top of a quarantined one is quarantined too. */
static void refused_check(const struct fate *f, const json_t *record,
			  const char *code)
{
	json_t *refused = f->s->refused;
	char key[120];

	snprintf(key, sizeof(key), "%s %s/%s", f->journal, f->kind, f->id);
	if (code[0])
		json_object_set(refused, key, json_object_get(record, "body"));
	else if (json_object_get(refused, key) &&
		 json_equal(json_object_get(refused, key),
			    json_object_get(record, "base")) &&
		 !base_stood(f))
		broke(f->s, "what follows a quarantined change is quarantined",
		      "%s '%s' of packet %s", f->kind, f->id, f->oid);
}

static void fate_check(struct fate *f, const json_t *record)
{
	static const char before[] =
		"SELECT body FROM log WHERE scope = ?1 AND kind = ?2 AND "
		"id = ?3 AND packet < ?4 ORDER BY position DESC LIMIT 1";
	struct sim *s = f->s;
	const json_t *base = json_object_get(record, "base");
	char code[32];

	if (!kept_check(f, record, code))
		return;
	f->k = registry_kind(s->loop.store->kinds, f->kind);
	f->base = json_is_object(base) ? plain_of(s, f->kind, base) : NULL;
	f->terminal = plain_of(s, f->kind, json_object_get(record, "body"));
	f->server = version(f, before, f->number);
	f->result = version(f, before, f->number + 1);
	refused_check(f, record, code);
	if (code[0]) {
		if (!same(f->server, f->result))
			broke(s, "quarantine stays off the main line",
			      "%s '%s' of packet %s (%s)", f->kind, f->id,
			      f->oid, code);
	} else if (f->k && f->terminal && !s->failed &&
		   (f->base || !json_is_object(base))) {
		/* A shredded record has no sides any more. */
		changes_check(f);
		if (!f->may_differ && !s->failed &&
		    (f->result || !f->k->is_sealed))
			merge_check(f);
	}
	json_decref(f->base);
	json_decref(f->terminal);
	json_decref(f->server);
	json_decref(f->result);
}

static void packet_check(struct sim *s, const char *oid, const json_t *packet,
			 const json_t *index)
{
	static const char sql[] =
		"SELECT number, author FROM packet WHERE oid = ?1";
	struct query *q = query_begin(s->loop.store->db, sql);
	int64_t number = 0;
	char author[40] = "";
	const json_t *record;
	struct oid id;
	size_t i;

	oid_parse(&id, oid, strlen(oid));
	query_blob(q, 1, id.b, OID_BYTES);
	if (query_row(q))
		number = query_get_int(q, 0);
	if (number)
		snprintf(author, sizeof(author), "%s", query_get_text(q, 1));
	must(s, query_end(q, &s->err), "find a packet");
	if (!number)
		broke(s, KEPT, "packet %s has a receipt and is not here", oid);
	json_array_foreach(json_object_get(packet, "records"), i, record)
	{
		struct fate f = { .s = s,
				  .oid = oid,
				  .kind = json_text(record, "kind"),
				  .id = json_text(record, "id"),
				  .scope = json_text(packet, "scope"),
				  .number = number,
				  .journal = json_text(packet, "journal"),
				  .may_differ = json_is_true(json_object_get(
					  packet, "may_differ")) };
		char key[140];

		snprintf(f.author, sizeof(f.author), "%s", author);
		snprintf(key, sizeof(key), "%s %s/%s", oid, f.kind, f.id);
		f.conflicts = json_object_get(index, key);
		if (!s->failed)
			fate_check(&f, record);
	}
}

void check_packets(struct sim *s, bool again)
{
	json_t *by_id = json_object(), *index = conflicts_index(s, by_id);
	const char *oid;
	json_t *p;

	if (again)
		json_object_clear(s->refused);
	json_object_foreach(s->packets, oid, p)
	{
		if (s->failed || !json_object_get(p, "receipt") ||
		    (json_object_get(p, "checked") && !again))
			continue;
		packet_check(s, oid, p, index);
		json_object_set_new(p, "checked", json_true());
	}
	json_decref(index);
	json_decref(by_id);
}

static bool group_is(const json_t *record, const json_t *fields,
		     const json_t *values)
{
	const json_t *name;
	size_t i;

	json_array_foreach(
		fields, i,
		name) if (!same(json_object_get(record,
						json_string_value(name)),
				json_object_get(
					values,
					json_string_value(name)))) return false;
	return true;
}

/* A packet of a tablet that had been restored by then: what it lost and what it
 * wrote since are two journals of one terminal, and may well conflict. */
static bool is_of_a_restored(struct sim *s, const char *oid)
{
	return json_is_true(json_object_get(json_object_get(s->packets, oid),
					    "may_differ"));
}

/* The terminal that wrote what stood against this conflict, or "". */
static void standing_terminal(struct sim *s, const json_t *c, char out[40])
{
	static const char sql[] =
		"SELECT l.body, p.terminal, lower(hex(p.oid)) "
		"FROM log AS l JOIN packet AS p "
		"ON p.number = l.packet WHERE l.scope IN ('" COUNTY "','" OTHER
		"') AND l.kind = ?1 AND l.id = ?2 AND l.position < ?3 "
		"ORDER BY l.position DESC";
	struct query *q = query_begin(s->loop.store->db, sql);
	bool more = true;

	out[0] = '\0';
	query_text(q, 1, json_text(c, "record_kind"));
	query_text(q, 2, json_text(c, "record_id"));
	query_int(q, 3, json_int(c, "position", 0));
	while (more && query_row(q)) {
		json_t *r =
			plain_read(s, json_text(c, "record_kind"),
				   query_get_text(q, 0), query_get_len(q, 0));

		more = r && group_is(r, json_object_get(c, "fields"),
				     json_object_get(c, "server_value"));
		if (more)
			snprintf(out, 40, "%s",
				 is_of_a_restored(s, query_get_text(q, 2))
					 ? ""
					 : query_get_text(q, 1));
		json_decref(r);
	}
	must(s, query_end(q, &s->err), "read the log");
}

/* A conflict as it was opened. */
static void conflict_check(struct sim *s, const char *id, const json_t *c)
{
	const json_t *packet = json_object_get(
		s->packets, json_string_value(json_array_get(
				    json_object_get(c, "packets"), 0)));
	const json_t *base = json_object_get(c, "base_value");
	const json_t *terminal = json_object_get(c, "terminal_value");
	const json_t *server = json_object_get(c, "server_value");
	const char *rule = json_text(c, "rule");
	char author[40];

	/* A side that signed may have written nothing itself. */
	if (rule && !strcmp(rule, "frozen"))
		return;
	if (json_equal(base, terminal) || json_equal(base, server) ||
	    json_equal(terminal, server))
		broke(s, "no conflict without two sides",
		      "conflict %s on %s '%s' %s", id,
		      json_text(c, "record_kind"), json_text(c, "record_id"),
		      json_text(c, "field_group"));
	if (!packet || json_is_true(json_object_get(packet, "may_differ")))
		return;
	standing_terminal(s, c, author);
	if (!strcmp(author, json_text(packet, "terminal")))
		broke(s, "7 no tablet conflicts with itself",
		      "conflict %s on %s '%s' %s: both sides are terminal %s",
		      id, json_text(c, "record_kind"),
		      json_text(c, "record_id"), json_text(c, "field_group"),
		      author);
}

/* No two open conflicts on one group by packets of one journal. */
static void doubled_check(struct sim *s, const char *id, const json_t *c,
			  json_t *seen)
{
	const json_t *oid;
	size_t i;

	if (strcmp(json_text(c, "state"), "open") != 0)
		return;
	json_array_foreach(json_object_get(c, "packets"), i, oid)
	{
		const json_t *p =
			json_object_get(s->packets, json_string_value(oid));
		const char *before;
		char key[160];

		if (!p)
			continue;
		snprintf(key, sizeof(key), "%s %s/%s/%s",
			 json_text(p, "journal"), json_text(c, "record_kind"),
			 json_text(c, "record_id"),
			 json_text(c, "field_group"));
		before = json_text(seen, key);
		if (before && strcmp(before, id) != 0)
			broke(s, "conflicts are not doubled", "%s and %s on %s",
			      before, id, key);
		json_object_set_new(seen, key, json_string(id));
	}
}

void check_conflicts(struct sim *s)
{
	json_t *by_id = json_object(), *index = conflicts_index(s, by_id);
	json_t *versions, *seen = json_object();
	const char *id;

	json_object_foreach(by_id, id, versions)
	{
		size_t n = json_array_size(versions);

		if (s->failed)
			break;
		conflict_check(s, id, json_array_get(versions, 0));
		doubled_check(s, id, json_array_get(versions, n - 1), seen);
	}
	json_decref(seen);
	json_decref(index);
	json_decref(by_id);
}
