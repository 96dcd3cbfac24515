#include "replica/replica_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "object/sshsig.h"
#include "sql_sync.gen.h"

enum rc meta_get(struct replica *r, const char *key, char **out,
		 struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_META_GET);
	bool no_memory = false;
	enum rc rc;

	*out = NULL;
	query_text(q, 1, key);
	if (query_row(q)) {
		*out = strdup(query_get_text(q, 0));
		no_memory = !*out;
	}
	rc = query_end(q, err);
	if (rc == RC_OK && no_memory)
		rc = out_of_memory(err);
	if (rc != RC_OK) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

enum rc meta_need(struct replica *r, const char *key, char **out,
		  struct err *err)
{
	enum rc rc = meta_get(r, key, out, err);

	if (rc == RC_OK && !*out)
		rc = err_set(err, RC_INVALID,
			     "this replica is not enrolled yet: run 'hufu "
			     "enroll'");
	return rc;
}

enum rc meta_get_int(struct replica *r, const char *key, int64_t otherwise,
		     int64_t *out, struct err *err)
{
	char *text;
	enum rc rc = meta_get(r, key, &text, err);

	*out = text ? strtoll(text, NULL, 10) : otherwise;
	free(text);
	return rc;
}

enum rc meta_put(struct replica *r, const char *key, const char *value,
		 struct err *err)
{
	struct query *q =
		query_begin(r->db, value ? SQL_R_META_PUT : SQL_R_META_DROP);

	query_text(q, 1, key);
	if (value)
		query_text(q, 2, value);
	return query_end(q, err);
}

enum rc meta_put_int(struct replica *r, const char *key, int64_t value,
		     struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return meta_put(r, key, text, err);
}

enum rc meta_terminal_key(struct replica *r, struct sign_key *out,
			  struct err *err)
{
	unsigned char seed[SIGN_SEED_BYTES];
	char *text;
	enum rc rc = meta_need(r, "terminal_seed", &text, err);

	if (rc != RC_OK)
		return rc;
	if (hex_decode(seed, sizeof(seed), text, strlen(text)))
		sign_key_from_seed(out, seed);
	else
		rc = err_set(err, RC_CORRUPT, "the terminal's key is damaged");
	wipe(seed, sizeof(seed));
	wipe(text, strlen(text));
	free(text);
	return rc;
}

enum rc meta_server_key(struct replica *r, unsigned char out[SIGN_PUBLIC_BYTES],
			struct err *err)
{
	char *text;
	enum rc rc = meta_need(r, "server_key", &text, err);

	if (rc == RC_OK)
		rc = ssh_public_parse(out, text, err);
	free(text);
	return rc;
}

enum rc anchor_put(struct replica *r, int64_t server_ms, struct err *err)
{
	char boot[33];
	enum rc rc;

	host_boot_id(r->host, boot);
	rc = meta_put_int(r, "anchor", server_ms, err);
	if (rc == RC_OK)
		rc = meta_put_int(r, "anchor_monotonic",
				  host_monotonic_ms(r->host), err);
	return rc == RC_OK ? meta_put(r, "anchor_boot", boot, err) : rc;
}

enum rc anchor_get(struct replica *r, int64_t *anchor_ms, int64_t *earliest_ms,
		   struct err *err)
{
	int64_t monotonic = 0, since;
	char boot[33], *then = NULL;
	enum rc rc = meta_get_int(r, "anchor", 0, anchor_ms, err);

	if (rc == RC_OK)
		rc = meta_get_int(r, "anchor_monotonic", 0, &monotonic, err);
	if (rc == RC_OK)
		rc = meta_get(r, "anchor_boot", &then, err);
	host_boot_id(r->host, boot);
	since = host_monotonic_ms(r->host) - monotonic;
	*earliest_ms = *anchor_ms;
	if (rc == RC_OK && *anchor_ms > 0 && then && !strcmp(then, boot) &&
	    since > 0)
		*earliest_ms += since;
	if (*earliest_ms < 0)
		*earliest_ms = 0;
	free(then);
	return rc;
}

static bool oid_column(struct query *q, int col, struct oid *out)
{
	const char *text = query_get_text(q, col);

	return text && oid_parse(out, text, strlen(text));
}

static void text_column(struct query *q, int col, char *out, size_t room)
{
	const char *text = query_get_text(q, col);

	snprintf(out, room, "%s", text ? text : "");
}

static void scope_read(struct query *q, struct scope *s)
{
	memset(s, 0, sizeof(*s));
	text_column(q, 0, s->scope, sizeof(s->scope));
	s->has_head = oid_column(q, 1, &s->head);
	oid_column(q, 2, &s->root);
	s->position = query_get_int(q, 3);
	text_column(q, 4, s->epoch, sizeof(s->epoch));
	text_column(q, 5, s->journal, sizeof(s->journal));
	s->sequence = query_get_int(q, 6);
	s->has_tip = oid_column(q, 7, &s->tip);
	s->seconds = query_get_int(q, 8);
}

enum rc scope_get(struct replica *r, const char *name, struct scope *out,
		  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_SCOPE_GET);
	bool found;
	enum rc rc;

	query_text(q, 1, name);
	found = query_row(q);
	if (found)
		scope_read(q, out);
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

enum rc scope_all(struct replica *r, struct scope **out, size_t *n,
		  struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_SCOPE_ALL);
	enum rc rc = RC_OK;

	*n = 0;
	*out = calloc(SCOPES_MAX, sizeof(**out));
	while (*out && *n < SCOPES_MAX && query_row(q))
		scope_read(q, &(*out)[(*n)++]);
	rc = query_end(q, err);
	if (rc == RC_OK && !*out)
		rc = out_of_memory(err);
	if (rc != RC_OK) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

enum rc scope_put(struct replica *r, const struct scope *s, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_SCOPE_PUT);
	char head[OID_HEX_SIZE], root[OID_HEX_SIZE], tip[OID_HEX_SIZE];

	oid_hex(head, &s->head);
	oid_hex(root, &s->root);
	oid_hex(tip, &s->tip);
	query_text(q, 1, s->scope);
	query_text(q, 2, s->has_head ? head : NULL);
	query_text(q, 3, root);
	query_int(q, 4, s->position);
	query_text(q, 5, s->epoch);
	query_text(q, 6, s->journal[0] ? s->journal : NULL);
	query_int(q, 7, s->sequence);
	query_text(q, 8, s->has_tip ? tip : NULL);
	query_int(q, 9, s->seconds);
	return query_end(q, err);
}

enum rc scope_advance(struct replica *r, struct scope *s,
		      const struct oid *head, const struct oid *root,
		      int64_t position, const char *epoch, struct err *err)
{
	char hex[OID_HEX_SIZE];
	struct query *q;
	enum rc rc;

	s->has_head = true;
	s->head = *head;
	s->root = *root;
	s->position = position;
	snprintf(s->epoch, sizeof(s->epoch), "%s", epoch);
	rc = scope_put(r, s, err);
	if (rc != RC_OK)
		return rc;
	oid_hex(hex, head);
	q = query_begin(r->db, SQL_R_COMMIT_PUT);
	query_text(q, 1, s->scope);
	query_int(q, 2, position);
	query_text(q, 3, hex);
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(r->db, SQL_R_COMMIT_PRUNE);
	query_text(q, 1, s->scope);
	return query_end(q, err);
}
