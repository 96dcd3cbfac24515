/* replica/peer.c - two officers at one visit, without the server between them:
 * each shows the other the packets that have their answers.
 *
 * Such a packet is the signed commit and all its records, so it proves itself:
 * tree and content hash follow from the records, the signature is by the key of
 * the officer's enrolment, and the enrolment is a record that this replica has
 * from the server. What it says is a suggestion: it stands in hufu_peer, never
 * in a live table, until the office has it. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "blob/whole.h"
#include "object/packet.h"
#include "object/sshsig.h"
#include "sql_sync.gen.h"
#include "wire/bundle.h"

#define PEER_FORMAT 1
#define PEER_BYTES_MAX (8u << 20)
#define PEERS_MAX 16

/* -- what is shown -- */

static enum rc packet_add(struct replica *r, int64_t number, const char *body,
			  json_t *packets, struct err *err)
{
	json_t *records = json_array();
	struct written *all = NULL;
	size_t n = 0;
	enum rc rc = packet_records(r, number, &all, &n, err);

	for (size_t i = 0; i < n && rc == RC_OK; i++)
		if (json_array_append_new(
			    records, json_pack("[s, s, s]", all[i].kind,
					       all[i].id, all[i].body)) != 0)
			rc = out_of_memory(err);
	if (rc == RC_OK &&
	    json_array_append_new(packets,
				  json_pack("{s:s, s:O}", "commit", body,
					    "records", records)) != 0)
		rc = out_of_memory(err);
	if (all)
		written_release(all, n);
	free(all);
	json_decref(records);
	return rc;
}

/* The newest packet of this replica that has the record, once. */
static enum rc newest_add(struct replica *r, const char *kind, const char *id,
			  json_t *taken, json_t *packets, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PEER_PACKETS);
	char name[24] = "", *body = NULL;
	int64_t number = 0;
	enum rc rc;

	query_text(q, 1, kind);
	query_text(q, 2, id);
	if (query_row(q)) {
		number = query_get_int(q, 0);
		body = strdup(query_get_text(q, 1));
	}
	rc = query_end(q, err);
	snprintf(name, sizeof(name), "%lld", (long long)number);
	if (rc == RC_OK && body && !json_object_get(taken, name)) {
		json_object_set_new(taken, name, json_true());
		rc = packet_add(r, number, body, packets, err);
	}
	free(body);
	return rc;
}

static enum rc packets_gather(struct replica *r, const char *visit,
			      json_t *packets, struct err *err)
{
	json_t *taken = json_object(), *ids = json_array();
	struct query *q;
	enum rc rc;

	if (!captured_of(r, "answer")) {
		json_decref(taken);
		json_decref(ids);
		return err_set(err, RC_NOT_FOUND, "there are no answers here");
	}
	q = query_begin(r->db, SQL_R_VISIT_ANSWERS);
	query_text(q, 1, visit);
	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, err);
	if (rc == RC_OK)
		rc = newest_add(r, "visit", visit, taken, packets, err);
	for (size_t i = 0; i < json_array_size(ids) && rc == RC_OK; i++)
		rc = newest_add(r, "answer",
				json_string_value(json_array_get(ids, i)),
				taken, packets, err);
	json_decref(taken);
	json_decref(ids);
	if (rc == RC_OK && !json_array_size(packets))
		rc = err_set(err, RC_NOT_FOUND,
			     "nothing of visit '%s' was signed on this tablet: "
			     "answer something and commit it",
			     visit);
	return rc;
}

/* Whom it is for, each with a box of its own. */
struct shown {
	struct bundle_item items[PEERS_MAX];
	struct buf boxes[PEERS_MAX];
	size_t n;
};

static enum rc terminal_add(struct replica *r, const char *terminal,
			    const char *key, const struct buf *plain,
			    struct shown *out, struct err *err)
{
	unsigned char public[SIGN_PUBLIC_BYTES];
	struct bundle_item *item = &out->items[out->n];
	struct buf *box = &out->boxes[out->n];
	size_t n = sizeof(public);
	enum rc rc;

	if (!terminal || !key || out->n == PEERS_MAX ||
	    !base64_decode(public, &n, key, strlen(key)) || n != sizeof(public))
		return RC_OK;
	out->n++;
	buf_init(box, BUNDLE_BYTES_MAX);
	rc = seal_to(box, public, r->host, plain->data, plain->len, err);
	*item = (struct bundle_item){ .type = BUNDLE_PEER,
				      .box = box->data,
				      .box_bytes = box->len };
	snprintf(item->terminal, sizeof(item->terminal), "%s", terminal);
	sha256_hex(item->digest, plain->data, plain->len);
	return rc;
}

static enum rc officer_add(struct replica *r, const char *officer,
			   const struct buf *plain, struct shown *out,
			   struct err *err)
{
	enum rc rc = RC_OK, ended;
	struct query *q;

	if (!captured_of(r, "enrolment"))
		return rc;
	q = query_begin(r->db, SQL_R_PEER_TERMINALS);
	query_text(q, 1, officer);
	while (rc == RC_OK && query_row(q))
		rc = terminal_add(r, query_get_text(q, 0), query_get_text(q, 1),
				  plain, out, err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* The visit as it is seen here, or as a colleague showed it; RC_NOT_FOUND. */
static enum rc visit_read(struct replica *r, const char *id, json_t **out,
			  struct err *err)
{
	struct query *q;
	enum rc rc = live_record(r, "visit", id, out, err), ended;

	if (rc != RC_OK || *out)
		return rc;
	rc = RC_NOT_FOUND;
	q = query_begin(r->db, SQL_R_PEER_OF_VISIT);
	query_text(q, 1, id);
	query_text(q, 2, "visit");
	if (query_row(q))
		rc = record_parse(query_get_text(q, 3), query_get_len(q, 3),
				  out, err);
	ended = query_end(q, err);
	if (ended == RC_OK && rc == RC_NOT_FOUND)
		return err_set(err, rc, "there is no visit '%s' here", id);
	return ended == RC_OK ? rc : ended;
}

static enum rc shown_seal(struct replica *r, const char *visit,
			  const json_t *officers, const json_t *packets,
			  struct shown *out, struct err *err)
{
	char *me = NULL, *enrolment = NULL;
	json_t *o = NULL, *officer;
	struct buf plain;
	size_t i;
	enum rc rc = meta_need(r, "officer", &me, err);

	buf_init(&plain, PEER_BYTES_MAX);
	if (rc == RC_OK)
		rc = meta_need(r, "enrolment", &enrolment, err);
	if (rc == RC_OK) {
		o = json_pack("{s:i, s:s, s:s, s:O}", "format", PEER_FORMAT,
			      "visit", visit, "enrolment", enrolment, "packets",
			      packets);
		rc = o ? json_write(&plain, o, err) : out_of_memory(err);
	}
	json_array_foreach(officers, i, officer)
	{
		const char *id = json_string_value(officer);

		if (rc == RC_OK && id && strcmp(id, me) != 0)
			rc = officer_add(r, id, &plain, out, err);
	}
	if (rc == RC_OK && !out->n)
		rc = err_set(err, RC_NOT_FOUND,
			     "visit '%s' names no other officer in 'officers' "
			     "whose tablet is known here",
			     visit);
	json_decref(o);
	buf_release(&plain);
	free(me);
	free(enrolment);
	return rc;
}

static enum rc shown_make(struct replica *r, const char *visit,
			  struct shown *out, struct err *err)
{
	json_t *record = NULL, *packets = json_array();
	enum rc rc = bundle_tables(r, err);

	if (rc == RC_OK)
		rc = packets_gather(r, visit, packets, err);
	if (rc == RC_OK)
		rc = visit_read(r, visit, &record, err);
	if (rc == RC_OK)
		rc = shown_seal(r, visit, json_object_get(record, "officers"),
				packets, out, err);
	json_decref(record);
	json_decref(packets);
	return rc;
}

enum rc replica_peer_create(struct replica *r, const char *visit,
			    const char *path, struct peer_made *out,
			    struct err *err)
{
	struct shown *shown = calloc(1, sizeof(*shown));
	struct held_back held;
	int packets, records;
	enum rc rc = shown ? whole_is_free(path, err) : out_of_memory(err);

	*out = (struct peer_made){ 0 };
	if (rc == RC_OK && r->is_unlocked)
		rc = replica_commit_sound(r, "edits before an exchange",
					  &packets, &records, &held, err);
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, shown_make(r, visit, shown, err), err);
	if (rc == RC_OK)
		rc = bundle_create_with(r, path, shown->items, shown->n,
					&out->bundle, err);
	if (rc == RC_OK)
		out->terminals = (int)shown->n;
	for (size_t i = 0; shown && i < shown->n; i++)
		buf_release(&shown->boxes[i]);
	free(shown);
	return rc;
}

/* -- what is taken -- */

/* Who says it, as this replica knows from the server. */
struct peer {
	json_t *record; /* of the enrolment; owned */
	const char *officer, *terminal;
	unsigned char key[SIGN_PUBLIC_BYTES];
};

static enum rc peer_find(struct replica *r, const char *enrolment,
			 struct peer *out, struct err *err)
{
	const char *state, *key;
	enum rc rc = enrolment ? record_main(r, "enrolment", enrolment,
					     &out->record, err)
			       : RC_NOT_FOUND;

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	out->officer = json_text(out->record, "officer");
	out->terminal = json_text(out->record, "terminal");
	state = json_text(out->record, "state");
	key = json_text(out->record, "officer_key");
	if (!out->officer || !out->terminal || !state || !key)
		return err_set(err, RC_DENIED,
			       "the file is by a tablet that this replica does "
			       "not know: both have to sync before they can "
			       "trust each other");
	if (strcmp(state, "active") != 0)
		return err_set(err, RC_DENIED,
			       "the file is by a tablet that was revoked "
			       "(officer '%s')",
			       out->officer);
	return ssh_public_parse(out->key, key, err);
}

static enum rc not_signed(const struct peer *p, struct err *err)
{
	return err_set(err, RC_CORRUPT,
		       "what the file says of officer '%s' is not what '%s' "
		       "signed: nothing of it is taken",
		       p->officer, p->officer);
}

/* The records of a packet as its commit has to have them. */
static enum rc content_check(const struct packet_commit *c,
			     const json_t *records, const struct peer *p,
			     struct err *err)
{
	size_t n = json_array_size(records);
	struct packet_item *items = calloc(n + 1, sizeof(*items));
	unsigned char content[SHA256_BYTES];
	struct err why = { 0 };
	struct oid tree;
	bool good = items != NULL && n > 0;

	for (size_t i = 0; i < n && good; i++) {
		const json_t *one = json_array_get(records, i);
		const json_t *body = json_array_get(one, 2);

		items[i].kind = json_string_value(json_array_get(one, 0));
		items[i].id = json_string_value(json_array_get(one, 1));
		items[i].body = json_string_value(body);
		items[i].body_bytes = json_string_length(body);
		good = items[i].kind && items[i].id && items[i].body &&
		       name_is_field(items[i].kind) && name_is_id(items[i].id);
	}
	good = good &&
	       packet_seal(items, n, packet_is_marked(c), &tree, content, NULL,
			   NULL, &why) == RC_OK &&
	       oid_equal(&tree, &c->tree) &&
	       !memcmp(content, c->content, sizeof(content));
	free(items);
	return good ? RC_OK : not_signed(p, err);
}

/* Main as canonical text; no data where the record is not there. Initialises
 * *out. */
static enum rc main_text(struct replica *r, const char *kind, const char *id,
			 struct buf *out, struct err *err)
{
	json_t *record = NULL;
	enum rc rc = record_main(r, kind, id, &record, err);

	buf_init(out, RECORD_BYTES_MAX);
	if (rc == RC_OK)
		rc = record_jcs(out, record, err);
	json_decref(record);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* One record that concerns the visit: an answer under the officer's own name,
 * or the visit itself. */
static enum rc record_take(struct replica *r, const char *visit,
			   const struct packet_commit *c, const json_t *one,
			   struct peer_taken *out, struct err *err)
{
	const char *kind = json_string_value(json_array_get(one, 0));
	const char *id = json_string_value(json_array_get(one, 1));
	const char *text = json_string_value(json_array_get(one, 2));
	json_t *record = NULL;
	bool is_answer = !strcmp(kind, "answer");
	const char *of, *author;
	struct query *q;
	struct buf seen;
	enum rc rc = record_parse(text, strlen(text), &record, err);

	if (rc != RC_OK)
		return rc;
	of = is_answer ? json_text(record, "visit") : id;
	author = json_text(record, "author");
	if ((!is_answer && strcmp(kind, "visit") != 0) || !of ||
	    strcmp(of, visit) != 0 ||
	    (is_answer && (!author || strcmp(author, c->author) != 0))) {
		json_decref(record);
		return RC_OK;
	}
	json_decref(record);
	rc = main_text(r, kind, id, &seen, err);
	if (rc != RC_OK) {
		buf_release(&seen);
		return rc;
	}
	q = query_begin(r->db, SQL_R_PEER_PUT);
	query_text(q, 1, kind);
	query_text(q, 2, id);
	query_text(q, 3, visit);
	query_text(q, 4, c->journal);
	query_int(q, 5, c->sequence);
	query_text(q, 6, seen.data);
	query_text(q, 7, text);
	rc = query_end(q, err);
	buf_release(&seen);
	out->answers += is_answer;
	return rc;
}

static enum rc packet_take(struct replica *r, const char *visit,
			   const json_t *packet, const struct peer *p,
			   struct peer_taken *out, struct err *err)
{
	const json_t *records = json_object_get(packet, "records");
	const char *text = json_text(packet, "commit");
	struct err why = { 0 };
	struct packet_commit c;
	struct arena mem;
	struct oid oid;
	size_t n = text ? strlen(text) : 0;
	enum rc rc;

	arena_init(&mem, COMMIT_BYTES_MAX);
	rc = packet_commit_read(&c, &oid, text ? text : "", n, &mem, &why);
	if (rc == RC_OK)
		rc = commit_verify(text, n, p->key, &why);
	if (rc != RC_OK || strcmp(c.author, p->officer) != 0 ||
	    strcmp(c.terminal, p->terminal) != 0)
		rc = not_signed(p, err);
	if (rc == RC_OK)
		rc = content_check(&c, records, p, err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(records); i++)
		rc = record_take(r, visit, &c, json_array_get(records, i), out,
				 err);
	arena_release(&mem);
	return rc;
}

static enum rc shown_take(struct replica *r, const json_t *shown,
			  struct peer_taken *out, struct err *err)
{
	const json_t *packets = json_object_get(shown, "packets");
	const char *visit = json_text(shown, "visit");
	struct peer p = { 0 };
	enum rc rc;

	if (json_int(shown, "format", 0) != PEER_FORMAT || !visit ||
	    !name_is_id(visit))
		return err_set(err, RC_INVALID,
			       "the exchange is of a later version: update "
			       "this program");
	rc = peer_find(r, json_text(shown, "enrolment"), &p, err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(packets); i++)
		rc = packet_take(r, visit, json_array_get(packets, i), &p, out,
				 err);
	if (rc == RC_OK) {
		snprintf(out->visit, sizeof(out->visit), "%s", visit);
		snprintf(out->officer, sizeof(out->officer), "%s", p.officer);
	}
	json_decref(p.record);
	return rc;
}

static enum rc item_take(struct replica *r, const struct bundle_item *item,
			 struct peer_taken *out, struct err *err)
{
	struct sign_key key = { 0 };
	struct err why = { 0 };
	json_t *shown = NULL;
	struct buf plain;
	enum rc rc = meta_terminal_key(r, &key, err);

	buf_init(&plain, PEER_BYTES_MAX);
	if (rc == RC_OK &&
	    (seal_take(&plain, &key, item->box, item->box_bytes, &why) !=
		     RC_OK ||
	     json_read(plain.data, plain.len, &shown, &why) != RC_OK))
		rc = err_set(err, RC_CORRUPT,
			     "the exchange does not open: it was altered on "
			     "its way");
	if (rc == RC_OK)
		rc = shown_take(r, shown, out, err);
	sign_key_release(&key);
	buf_release(&plain);
	json_decref(shown);
	return rc;
}

/* What is for this terminal, and the requests that go along: then a colleague's
 * answers reach the server before a signature that rests on them. */
static enum rc items_take(struct replica *r, const struct bundle_file *f,
			  struct peer_taken *out, struct err *err)
{
	bool found = false;
	enum rc rc = bundle_tables(r, err);

	for (size_t i = 0; i < f->n && rc == RC_OK; i++) {
		bool is_mine = !strcmp(f->items[i].terminal, f->terminal);

		if (f->items[i].type == BUNDLE_PEER && is_mine)
			rc = item_take(r, &f->items[i], out, err);
		else if (f->items[i].type == BUNDLE_REQUEST && !is_mine)
			rc = cargo_put(r, &f->items[i], err);
		found |= f->items[i].type == BUNDLE_PEER && is_mine;
	}
	if (rc == RC_OK && !found)
		rc = err_set(err, RC_INVALID,
			     "the file has nothing for this tablet (%s)",
			     f->terminal);
	return rc;
}

enum rc replica_peer_take(struct replica *r, const char *path,
			  struct peer_taken *out, struct err *err)
{
	struct bundle_file f;
	enum rc rc = bundle_file_read(r, path, &f, err);

	*out = (struct peer_taken){ 0 };
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, items_take(r, &f, out, err), err);
	bundle_file_release(&f);
	return rc;
}

/* -- what it comes to -- */

static void answer_put(json_t *answers, json_t *record)
{
	const char *id = json_text(record, "id");
	json_t *a;
	size_t i;

	json_array_foreach(answers, i, a)
	{
		if (!strcmp(json_text(a, "id"), id)) {
			json_array_set_new(answers, i, record);
			return;
		}
	}
	json_array_append_new(answers, record);
}

/* Does main stand where it stood when the colleague showed this? */
static enum rc is_news(struct replica *r, const char *id, const char *seen,
		       bool *news, struct err *err)
{
	struct buf now;
	enum rc rc = main_text(r, "answer", id, &now, err);

	*news = rc == RC_OK &&
		(seen ? now.data && !strcmp(now.data, seen) : !now.data);
	buf_release(&now);
	return rc;
}

enum rc peer_answers(struct replica *r, const char *visit, json_t *answers,
		     struct err *err)
{
	json_t *list = json_array(), *one;
	bool here;
	struct query *q;
	size_t i;
	enum rc rc = bundle_tables_are_here(r, &here, err);

	if (rc != RC_OK || !here) {
		json_decref(list);
		return rc;
	}
	q = query_begin(r->db, SQL_R_PEER_OF_VISIT);
	query_text(q, 1, visit);
	query_text(q, 2, "answer");
	while (query_row(q))
		json_array_append_new(list, json_pack("[s, s?, s]",
						      query_get_text(q, 1),
						      query_get_text(q, 2),
						      query_get_text(q, 3)));
	rc = query_end(q, err);
	json_array_foreach(list, i, one)
	{
		const char *text = json_string_value(json_array_get(one, 2));
		json_t *record = NULL;
		bool news = false;

		if (rc == RC_OK)
			rc = is_news(r,
				     json_string_value(json_array_get(one, 0)),
				     json_string_value(json_array_get(one, 1)),
				     &news, err);
		if (rc == RC_OK && news)
			rc = record_parse(text, strlen(text), &record, err);
		if (record)
			answer_put(answers, record);
	}
	json_decref(list);
	return rc;
}

enum rc replica_peer_verdict(struct replica *r, const char *visit, json_t **out,
			     struct err *err)
{
	json_t *record = NULL;
	enum rc rc = replica_begin(r, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	rc = bundle_tables(r, err);
	if (rc == RC_OK)
		rc = visit_read(r, visit, &record, err);
	if (rc == RC_OK)
		rc = checklist_verdict(r, record, out, err);
	json_decref(record);
	return replica_end(r, rc, err);
}

enum rc replica_peer_sign(struct replica *r, const char *visit, char root[65],
			  struct err *err)
{
	json_t *verdict = NULL, *disputed;
	char fields[128], made[33];
	enum rc rc = replica_peer_verdict(r, visit, &verdict, err);

	disputed = json_object_get(verdict, "disputed");
	if (rc == RC_OK && json_array_size(disputed))
		rc = err_set(err, RC_INVALID,
			     "visit '%s' cannot be signed: officers disagree "
			     "on point '%s'",
			     visit,
			     json_string_value(json_array_get(disputed, 0)));
	if (rc == RC_OK) {
		snprintf(root, 65, "%s", json_text(verdict, "root"));
		snprintf(fields, sizeof(fields),
			 "{\"state\":\"signed\",\"root_hash\":\"%s\"}", root);
		rc = replica_put(r, "visit", visit, fields, made, err);
	}
	json_decref(verdict);
	return rc;
}
