/* sim/note.c - the simulator's own list of what tablets signed and what the
 * server said of it, taken from the tablets' files and from the wire.
 *
 * A packet: {terminal, scope, journal, sequence, main, may_differ,
 *   records: [{kind, id, body, base or null}], receipt, checked}; body and
 *   base as stored. may_differ: it was made again after a fork, so that its
 *   base need not be the one that the server finds. */
#include "sim/sim.h"

#include "base/deflate.h"
#include "base/jcs.h"

static void value_index(struct sim *s, const char *terminal, const char *oid,
			const json_t *record)
{
	const char *kind = json_text(record, "kind"), *field;
	const json_t *stored = json_object_get(record, "base");
	json_t *body = plain_of(s, kind, json_object_get(record, "body"));
	json_t *base =
		json_is_object(stored) ? plain_of(s, kind, stored) : NULL;
	json_t *value;

	json_object_foreach(body, field, value)
	{
		char *text, key[400];
		json_t *list;

		if (base && json_equal(json_object_get(base, field), value))
			continue;
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		snprintf(key, sizeof(key), "%s/%s/%s/%s=%.200s", terminal, kind,
			 json_text(record, "id"), field, text);
		free(text);
		list = json_object_get(s->values, key);
		if (!list) {
			list = json_array();
			json_object_set_new(s->values, key, list);
		}
		json_array_append_new(list, json_string(oid));
	}
	json_decref(body);
	json_decref(base);
}

json_t *value_packets(struct sim *s, const char *terminal, const char *path,
		      const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	char key[400];

	snprintf(key, sizeof(key), "%s/%s=%.200s", terminal, path, text);
	free(text);
	return json_object_get(s->values, key);
}

static json_t *column_json(struct query *q, int col)
{
	struct err ignored = { 0 };
	json_t *out = NULL;

	if (query_is_null(q, col))
		return json_null();
	json_read(query_get_text(q, col), query_get_len(q, col), &out,
		  &ignored);
	return out;
}

static json_t *packet_new(struct tablet *t, struct query *q)
{
	json_t *p = json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:b, s:[]}", "terminal", t->terminal,
		"scope", query_get_text(q, 2), "journal", query_get_text(q, 3),
		"sequence", (json_int_t)query_get_int(q, 4), "main",
		query_is_null(q, 5) ? "" : query_get_text(q, 5), "may_differ",
		t->was_restored, "records");

	t->sim->packets_made++;
	return p;
}

/* Numbers begin anew when all packets were forgotten or a copy came back: only
 * the id says what is new. */
void tablet_note(struct tablet *t)
{
	static const char sql[] =
		"SELECT p.number, p.oid, p.scope, p.journal, p.sequence, "
		"p.base, r.kind, r.id, r.body, r.base FROM hufu_packet AS p "
		"JOIN hufu_packet_record AS r ON r.packet = p.number "
		"ORDER BY p.number, r.kind, r.id";
	struct sim *s = t->sim;
	struct query *q;
	int64_t at = 0;
	bool is_new = false;

	if (replica_is_wiped(t->r))
		return;
	q = query_begin(t->r->db, sql);
	while (query_row(q)) {
		const char *oid = query_get_text(q, 1);
		json_t *p = json_object_get(s->packets, oid), *record;

		if (query_get_int(q, 0) != at) {
			at = query_get_int(q, 0);
			is_new = !p;
			if (is_new) {
				p = packet_new(t, q);
				json_object_set_new(s->packets, oid, p);
			}
		}
		if (!is_new)
			continue;
		record = json_pack(
			"{s:s, s:s, s:o, s:o}", "kind", query_get_text(q, 6),
			"id", query_get_text(q, 7), "body", column_json(q, 8),
			"base", column_json(q, 9));
		json_array_append_new(json_object_get(p, "records"), record);
		value_index(s, t->terminal, oid, record);
	}
	must(s, query_end(q, &s->err), "read a tablet's packets");
}

static bool receipt_note(struct sim *s, const json_t *receipt)
{
	const char *state = json_text(receipt, "state");
	const char *oid = json_text(receipt, "packet");
	json_t *p = json_object_get(s->packets, oid ? oid : ""), *before;

	if (!state || !p) {
		broke(s, "a receipt names a packet that was signed",
		      "packet %s, state %s", oid ? oid : "?",
		      state ? state : "?");
		return false;
	}
	if (strcmp(state, "merged") != 0) {
		say(s, "  receipt %.8s %s", oid, state);
		if (json_object_get(p, "receipt"))
			broke(s, "3 sending twice equals sending once",
			      "packet %s was merged, now it is '%s'", oid,
			      state);
		if (!strcmp(state, "unverifiable") && !s->is_starved &&
		    !json_object_get(p, "starved"))
			broke(s, "an honest packet can be verified",
			      "packet %s: %s", oid, json_text(receipt, "text"));
		if (s->is_starved)
			json_object_set_new(p, "starved", json_true());
		return !strcmp(state, "fork") || !strcmp(state, "unverifiable");
	}
	before = json_object_get(p, "receipt");
	if (before && !json_equal(before, receipt)) {
		char *a = json_dumps(before, JSON_COMPACT);
		char *b = json_dumps(receipt, JSON_COMPACT);

		broke(s, "3 sending twice equals sending once",
		      "packet %s had receipt %.300s and has now %.300s", oid, a,
		      b);
		free(a);
		free(b);
	}
	if (!before) {
		json_object_set_new(p, "receipt", json_deep_copy(receipt));
		s->conflicts += (int)json_array_size(
			json_object_get(receipt, "conflicts"));
		s->quarantined += (int)json_array_size(
			json_object_get(receipt, "quarantined"));
	}
	return true;
}

bool answer_note(struct sim *s, const struct buf *body)
{
	struct err why = { 0 };
	json_t *head = NULL;
	const json_t *scope, *receipt;
	struct buf text;
	bool whole, is_stable = true;
	const char *lf;
	size_t i, n;

	buf_init(&text, 64u << 20);
	inflate_some(&text, body->data, body->len, &whole, &why);
	lf = text.data ? memchr(text.data, '\n', text.len) : NULL;
	if (!lf || !whole ||
	    json_read(text.data, (size_t)(lf - text.data), &head, &why) !=
		    RC_OK) {
		if (body->len && body->data[0] == 0x78)
			broke(s, "an answer can be read", "%s", why.text);
		is_stable = false;
	}
	json_array_foreach(json_object_get(head, "scopes"), i, scope)
		json_array_foreach(json_object_get(scope, "receipts"), n,
				   receipt) is_stable &=
		receipt_note(s, receipt);
	json_decref(head);
	buf_release(&text);
	return is_stable;
}
