/* replica/clone_size.c - what a clone comes to, before it begins. */
#include "replica/replica_impl.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/jcs.h"

#define REPLY_BYTES_MAX (64u << 10)
/* What a replica takes, about: pages that are half full, the tree's leaves and
 * their index by record, and the rows, which deflate to a sixth. */
#define SPACE_RECORD_BYTES 200
#define SPACE_RATIO 6

/* Bytes that a file beside the replica may still take. */
static int64_t free_bytes(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	struct statvfs v;

	if (slash && slash - path < (ptrdiff_t)sizeof(folder))
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(slash - path) + 1, path);
	if (statvfs(folder, &v) != 0)
		return -1;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

static enum rc size_read(const json_t *o, struct clone_size *out,
			 struct err *err)
{
	const json_t *scopes = json_object_get(o, "scopes"), *scope;
	const json_t *warn = json_object_get(o, "warn");
	const json_t *most = json_object_get(o, "most");
	size_t i;

	if (json_int(o, "format", 0) != 1 || !json_is_array(scopes))
		return err_set(err, RC_CORRUPT,
			       "what the server says of a clone's size is "
			       "malformed");
	json_array_foreach(scopes, i, scope)
	{
		int64_t records = json_int(scope, "records", 0);
		int64_t bytes = json_int(scope, "bytes", 0);

		if (records < 0 || records > JSON_INT_MAX / SCOPES_MAX ||
		    bytes < 0 || bytes > JSON_INT_MAX / SCOPES_MAX ||
		    i >= SCOPES_MAX)
			return err_set(err, RC_CORRUPT,
				       "what the server says of a clone's size "
				       "is malformed");
		out->records += records;
		out->bytes += bytes;
		out->scopes++;
	}
	out->records_warn = json_int(warn, "records", JSON_INT_MAX);
	out->bytes_warn = json_int(warn, "bytes", JSON_INT_MAX);
	out->records_most = json_int(most, "records", JSON_INT_MAX);
	out->bytes_most = json_int(most, "bytes", JSON_INT_MAX);
	out->space_bytes =
		out->records * SPACE_RECORD_BYTES + out->bytes * SPACE_RATIO;
	return RC_OK;
}

enum rc replica_clone_size(struct replica *r, const struct exchange *x,
			   struct clone_size *out, struct err *err)
{
	struct exchange_reply reply = { 0 };
	json_t *o = NULL;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	out->free_bytes = free_bytes(r->path);
	buf_init(&reply.body, REPLY_BYTES_MAX);
	rc = exchange_get(r, x, "/v1/snapshot", 0, NULL, &reply, err);
	if (rc == RC_OK && reply.status == 404) {
		buf_release(&reply.body);
		return RC_NOT_FOUND;
	}
	if (rc == RC_OK && reply.status != 200)
		rc = reply_failed(&reply, "cannot clone", err);
	if (rc == RC_OK)
		rc = json_read(reply.body.data, reply.body.len, &o, err);
	if (rc == RC_OK)
		rc = size_read(o, out, err);
	json_decref(o);
	buf_release(&reply.body);
	return rc;
}

enum rc clone_size_check(const struct clone_size *s, struct err *err)
{
	if (s->records > s->records_most)
		return err_set(err, RC_DENIED,
			       "this clone would have %lld records, and the "
			       "server gives a terminal at most %lld: ask the "
			       "administrator",
			       (long long)s->records,
			       (long long)s->records_most);
	if (s->bytes > s->bytes_most)
		return err_set(err, RC_DENIED,
			       "this clone would load %lld bytes, and the "
			       "server gives a terminal at most %lld: ask the "
			       "administrator",
			       (long long)s->bytes, (long long)s->bytes_most);
	/* An estimate: only what certainly cannot be is refused. */
	if (s->free_bytes >= 0 && s->free_bytes < s->bytes + s->space_bytes / 2)
		return err_set(err, RC_IO,
			       "this clone takes about %lld MB, and %lld MB "
			       "are free where the replica lies: free some "
			       "space and clone again",
			       (long long)((s->bytes + s->space_bytes) >> 20) +
				       1,
			       (long long)(s->free_bytes >> 20));
	return RC_OK;
}
