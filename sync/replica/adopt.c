/* replica/adopt.c - an officer takes another's record out of quarantine: looked
 * at over the network, said in a record of kind `adoption` like any edit. */
#include "replica/replica_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"

#define ADOPTION "adoption"

static enum rc path_make(char *out, size_t n, const char *packet,
			 const char *kind, const char *id, struct err *err)
{
	struct oid oid;

	if (!oid_parse(&oid, packet, strlen(packet)))
		return err_set(err, RC_INVALID,
			       "'%.60s' is no packet: it has 40 hex digits",
			       packet);
	if (!name_is_id(id) || !name_is_field(kind))
		return err_set(err, RC_INVALID,
			       "'%.40s/%.40s' is no KIND/ID of a record", kind,
			       id);
	snprintf(out, n, "/v1/quarantine/%s/%s/%s", packet, kind, id);
	return RC_OK;
}

static enum rc entry_fetch(struct replica *r, const struct exchange *x,
			   const char *path, json_t **out, struct err *err)
{
	struct exchange_reply reply = { 0 };
	enum rc rc;

	buf_init(&reply.body, JSON_BYTES_MAX);
	rc = exchange_get(r, x, path, 0, NULL, &reply, err);
	if (rc == RC_OK && reply.status != 200)
		rc = reply_failed(&reply, "the server does not show it", err);
	if (rc == RC_OK)
		rc = json_read(reply.body.data, reply.body.len, out, err);
	buf_release(&reply.body);
	return rc;
}

/* What the server shows is what is signed for; the record of a sealed kind is
 * shown unsealed, and vouched for by its hash alone. */
static enum rc entry_check(struct replica *r, const json_t *entry,
			   const char *me, struct err *err)
{
	const char *author = json_text(entry, "author");
	const char *state = json_text(entry, "state");
	const char *kind = json_text(entry, "kind");
	const char *said = json_text(entry, "sha256");
	const struct captured *c = kind ? captured_of(r, kind) : NULL;
	char sha256[65] = "";
	struct buf bytes;
	enum rc rc = RC_OK;

	if (!author || !state || !said || !json_text(entry, "entry") ||
	    !json_text(entry, "scope") || !json_text(entry, "code") ||
	    !json_is_object(json_object_get(entry, "record")))
		return err_set(err, RC_CORRUPT,
			       "what the server shows is malformed");
	if (strcmp(state, "open") != 0)
		return err_set(err, RC_CONFLICT, "it was %s already", state);
	if (!strcmp(author, me))
		return err_set(
			err, RC_DENIED,
			"you wrote it: somebody else adopts it, or enter "
			"it anew");
	if (c && c->kind->is_sealed)
		return RC_OK;
	buf_init(&bytes, RECORD_BYTES_MAX);
	rc = record_jcs(&bytes, json_object_get(entry, "record"), err);
	if (rc == RC_OK)
		sha256_hex(sha256, bytes.data, bytes.len);
	buf_release(&bytes);
	if (rc == RC_OK && strcmp(sha256, said) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the record that the server shows does not have "
			     "the hash that it says");
	return rc;
}

static enum rc adoption_put(struct replica *r, const json_t *entry,
			    const char *packet, const char *me,
			    const char *reason, struct err *err)
{
	const struct captured *c = captured_of(r, ADOPTION);
	const char *id = json_text(entry, "entry");
	json_t *there = NULL, *o;
	enum rc rc;

	if (!c)
		return err_set(err, RC_NOT_FOUND,
			       "this replica does not know adoptions yet: "
			       "'hufu sync' first");
	rc = rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, &there, err);
	json_decref(there);
	if (rc == RC_OK)
		return err_set(err, RC_CONFLICT, "it was adopted here already");
	if (rc != RC_NOT_FOUND)
		return rc;
	o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
		"s:s}",
		"id", id, "scope", json_text(entry, "scope"), "town", "000",
		"packet", packet, "record_kind", json_text(entry, "kind"),
		"record_id", json_text(entry, "id"), "sha256",
		json_text(entry, "sha256"), "author",
		json_text(entry, "author"), "code", json_text(entry, "code"),
		"state", "adopted", "decided_by", me);
	if (o && reason)
		json_object_set_new(o, "reason", json_string(reason));
	rc = o ? rows_put(r->db, c->kind, ROWS_REPLICA, o, err)
	       : out_of_memory(err);
	json_decref(o);
	return rc;
}

enum rc replica_adopt(struct replica *r, const struct exchange *x,
		      const char *packet, const char *kind, const char *id,
		      const char *reason, json_t **entry, struct err *err)
{
	json_t *shown = NULL;
	char path[160], *me = NULL;
	enum rc rc = path_make(path, sizeof(path), packet, kind, id, err);

	*entry = NULL;
	if (rc == RC_OK)
		rc = entry_fetch(r, x, path, &shown, err);
	if (rc == RC_OK)
		rc = replica_begin_edit(r, err);
	if (rc != RC_OK) {
		json_decref(shown);
		return rc;
	}
	rc = meta_need(r, "officer", &me, err);
	if (rc == RC_OK)
		rc = entry_check(r, shown, me, err);
	if (rc == RC_OK)
		rc = adoption_put(r, shown, packet, me, reason, err);
	rc = replica_end(r, rc, err);
	free(me);
	if (rc == RC_OK)
		*entry = shown;
	else
		json_decref(shown);
	return rc;
}
