/* replica/request.c - what a sync asks: heads, packets, further pages. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "sql_sync.gen.h"
#include "wire/message.h"

#define NONCE_BYTES 16

struct sync_scope *sync_scope_of(struct sync *s, const char *scope)
{
	for (size_t i = 0; scope && i < s->nscopes; i++)
		if (!strcmp(s->scopes[i].scope, scope))
			return &s->scopes[i];
	return NULL;
}

/* The next unacknowledged packet; RC_NOT_FOUND when there is none. */
struct unsent {
	int64_t number;
	char *body;
	bool whole, is_local;
};

static enum rc unsent_next(struct replica *r, const char *scope, int64_t after,
			   struct unsent *out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_UNSENT);
	bool found;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, scope);
	query_int(q, 2, after);
	found = query_row(q);
	if (found) {
		out->number = query_get_int(q, 0);
		out->body = strdup(query_get_text(q, 2));
		out->whole = query_get_int(q, 3) != 0;
		out->is_local = !strcmp(query_get_text(q, 4), "local");
	}
	rc = query_end(q, err);
	if (rc == RC_OK && found && !out->body)
		rc = out_of_memory(err);
	return rc == RC_OK && !found ? RC_NOT_FOUND : rc;
}

static enum rc packet_sent(struct replica *r, int64_t number, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_SENT);

	query_int(q, 1, number);
	return query_end(q, err);
}

static enum rc packets_add(struct sync *s, struct sync_scope *scope,
			   json_t *list, size_t *budget, struct err *err)
{
	int64_t number = 0;

	for (;;) {
		struct unsent u;
		json_t *packet = NULL;
		size_t bytes = 0;
		enum rc rc = unsent_next(s->r, scope->scope, number, &u, err);

		if (rc != RC_OK)
			return rc == RC_NOT_FOUND ? RC_OK : rc;
		number = u.number;
		rc = packet_json(s->r, scope->scope, u.number, u.body, u.whole,
				 &packet, &bytes, err);
		free(u.body);
		if (rc == RC_OK && bytes > *budget && s->npackets) {
			json_decref(packet);
			s->left_out = true;
			return RC_OK;
		}
		if (rc == RC_OK && u.is_local)
			rc = packet_sent(s->r, number, err);
		if (rc == RC_OK && json_array_append_new(list, packet) != 0)
			rc = out_of_memory(err);
		if (rc != RC_OK)
			return rc;
		*budget -= bytes < *budget ? bytes : *budget;
		s->npackets++;
		if (s->last_packet < number)
			s->last_packet = number;
	}
}

enum rc keys_wanted(struct replica *r, const char *scope, json_t **out,
		    struct err *err)
{
	enum rc rc = RC_OK;

	*out = json_array();
	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++) {
		const struct captured *c = &r->captured[i];
		struct query *q;

		if (!c->kind->is_sealed || !c->kind->companion)
			continue;
		q = query_begin(r->db, c->keyless);
		query_text(q, 1, scope);
		while (query_row(q))
			if (json_array_size(*out) < WIRE_WANTED_MAX)
				json_array_append_new(
					*out,
					json_string(query_get_text(q, 0)));
		rc = query_end(q, err);
	}
	return rc;
}

enum rc keys_came(struct sync *s, bool *came, struct err *err)
{
	size_t still = 0;
	enum rc rc;

	*came = false;
	if (!s->nwanted)
		return RC_OK;
	rc = replica_begin_read(s->r, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++) {
		json_t *wanted;

		rc = keys_wanted(s->r, s->scopes[i].scope, &wanted, err);
		still += json_array_size(wanted);
		json_decref(wanted);
	}
	*came = still < s->nwanted;
	return replica_end(s->r, rc, err);
}

static enum rc wanted_add(struct sync *s, const char *scope, json_t *o,
			  struct err *err)
{
	json_t *wanted;
	enum rc rc = keys_wanted(s->r, scope, &wanted, err);

	s->nwanted += json_array_size(wanted);
	if (rc == RC_OK && json_array_size(wanted))
		json_object_set(o, "wanted", wanted);
	json_decref(wanted);
	return rc;
}

static json_t *oid_json(const struct oid *oid)
{
	char hex[OID_HEX_SIZE];

	oid_hex(hex, oid);
	return json_string(hex);
}

static enum rc scope_add(struct sync *s, struct sync_scope *scope, bool pages,
			 json_t *list, size_t *budget, struct err *err)
{
	json_t *packets = json_array();
	json_t *o = json_pack("{s:s}", "scope", scope->scope);
	enum rc rc = o && packets ? RC_OK : out_of_memory(err);

	if (o && scope->has_head)
		json_object_set_new(o, "head", oid_json(&scope->head));
	if (o && pages) {
		json_object_set_new(o, "target", oid_json(&scope->new_head));
		json_object_set_new(
			o, "after",
			json_pack("[s,s]", scope->more_kind, scope->more_id));
	}
	if (rc == RC_OK && !pages)
		rc = packets_add(s, scope, packets, budget, err);
	if (rc == RC_OK && json_array_size(packets))
		json_object_set(o, "packets", packets);
	if (rc == RC_OK && !pages)
		rc = wanted_add(s, scope->scope, o, err);
	json_decref(packets);
	if (json_array_append_new(list, o) != 0 && rc == RC_OK)
		rc = out_of_memory(err);
	return rc;
}

enum rc envelope_write(struct replica *r, json_t *scopes, struct buf *body,
		       unsigned char digest[32], struct err *err)
{
	unsigned char nonce[NONCE_BYTES];
	char text[BASE64_SIZE(NONCE_BYTES)], *enrolment = NULL;
	int64_t keys = 0;
	json_t *o = NULL;
	enum rc rc = meta_need(r, "enrolment", &enrolment, err);

	if (rc == RC_OK)
		rc = meta_get_int(r, "keys", 0, &keys, err);
	host_random(r->host, nonce, sizeof(nonce));
	base64_encode(text, nonce, sizeof(nonce));
	if (rc == RC_OK) {
		o = json_pack("{s:i, s:s, s:s, s:I, s:I, s:O}", "format",
			      WIRE_FORMAT, "nonce", text, "enrolment",
			      enrolment, "time",
			      (json_int_t)host_wall_ms(r->host), "keys",
			      (json_int_t)keys, "scopes", scopes);
		rc = o ? wire_request_write(body, digest, o, err)
		       : out_of_memory(err);
	}
	json_decref(o);
	free(enrolment);
	return rc;
}

enum rc request_make(struct sync *s, bool pages, struct buf *body,
		     unsigned char digest[32], struct err *err)
{
	size_t budget = wire_request_bytes();
	json_t *list = json_array();
	enum rc rc = list ? RC_OK : out_of_memory(err);

	if (!pages)
		s->npackets = s->nwanted = 0;
	for (size_t i = 0; i < s->nscopes && rc == RC_OK; i++)
		if (!pages || s->scopes[i].has_more)
			rc = scope_add(s, &s->scopes[i], pages, list, &budget,
				       err);
	if (rc == RC_OK)
		rc = envelope_write(s->r, list, body, digest, err);
	json_decref(list);
	return rc;
}
