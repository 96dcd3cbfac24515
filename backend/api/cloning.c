/* api/cloning.c - what terminals ask before and in a clone. */
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "store/audit.h"
#include "wire/message.h"

const struct clone_limits clone_limits = {
	.records = { .warn = 500000, .most = 2000000 },
	.bytes = { .warn = INT64_C(64) << 20, .most = INT64_C(512) << 20 },
};

void service_clone_limits(struct service *s, const struct clone_limits *limits)
{
	s->clone = *limits;
}

/* A format that only a later server writes is asked for as the newest of this
 * one. */
static int format_of(const struct snapshot_input *in)
{
	long asked = in->format_text ? strtol(in->format_text, NULL, 10) : 1;

	return asked >= SNAPSHOT_FORMAT ? SNAPSHOT_FORMAT
	       : asked > 1              ? (int)asked
					: 1;
}

/* The tag of an If-Range without its quotes; "" where it has none. */
static void tag_of(const char *if_range, char etag[SNAPSHOT_ETAG_BYTES])
{
	size_t n = if_range ? strlen(if_range) : 0;

	etag[0] = '\0';
	if (n >= 2 && n - 2 < SNAPSHOT_ETAG_BYTES && if_range[0] == '"' &&
	    if_range[n - 1] == '"')
		snprintf(etag, SNAPSHOT_ETAG_BYTES, "%.*s", (int)n - 2,
			 if_range + 1);
}

/* What is there, or else what the preparer has made; a service without a
 * thread makes it here. */
static enum rc file_get(struct service *s, struct store *store,
			const char *scope, int format, const char *etag,
			struct snapshot_file *file, struct err *err)
{
	enum rc rc = snapshot_find(store, scope, format, etag, file, err);
	struct head head;

	if (rc != RC_OK || file->path)
		return rc;
	rc = ledger_head(store, scope, &head, err);
	if (rc == RC_NOT_FOUND)
		return err_set(err, rc, "there is no scope '%s' here", scope);
	if (rc == RC_OK)
		rc = s->preparer
			     ? preparer_want(s->preparer, scope, format, err)
			     : snapshot_make(store, scope, format, err);
	if (rc == RC_OK)
		rc = snapshot_find(store, scope, format, NULL, file, err);
	if (rc == RC_OK && !file->path)
		rc = err_set(err, RC_BUSY, "scope '%s' changes fast: try again",
			     scope);
	return rc;
}

struct size {
	int64_t records, bytes;
};

static enum rc scope_size(struct service *s, struct store *store,
			  const char *scope, int format, json_t *list,
			  struct size *all, struct err *err)
{
	struct snapshot_file file = { 0 };
	int64_t records;
	enum rc rc = file_get(s, store, scope, format, NULL, &file, err);

	if (rc == RC_NOT_FOUND) { /* nothing was written to it yet */
		err_clear(err);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = snapshot_count(store, scope, &records, err);
	if (rc == RC_OK) {
		all->records += records;
		all->bytes += file.bytes;
		json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:I, s:s}", "scope", scope,
				  "records", (json_int_t)records, "bytes",
				  (json_int_t)file.bytes, "etag", file.etag));
	}
	free(file.path);
	return rc;
}

static json_t *limit_json(int64_t records, int64_t bytes)
{
	return json_pack("{s:I, s:I}", "records", (json_int_t)records, "bytes",
			 (json_int_t)bytes);
}

enum rc service_clone_size(struct service *s, const struct snapshot_input *in,
			   struct buf *reply, struct err *err)
{
	const struct clone_limits *l = &s->clone;
	json_t *scopes = NULL, *list = json_array(), *o = NULL;
	const json_t *scope;
	struct size all = { 0 };
	struct store *store = NULL;
	size_t i;
	enum rc rc = reader_take(s, &store, err);

	if (rc == RC_OK)
		rc = terminal_proves(store, in->terminal, in->time_text,
				     in->signature, "GET", in->path, NULL,
				     host_wall_ms(s->host), &scopes, err);
	json_array_foreach(scopes, i, scope)
	{
		if (rc == RC_OK)
			rc = scope_size(s, store, json_string_value(scope),
					format_of(in), list, &all, err);
	}
	if (rc == RC_OK) {
		o = json_pack(
			"{s:i, s:O, s:o, s:o}", "format", 1, "scopes", list,
			"warn", limit_json(l->records.warn, l->bytes.warn),
			"most", limit_json(l->records.most, l->bytes.most));
		rc = o ? json_write(reply, o, err)
		       : err_set(err, RC_NOMEM, "out of memory");
	}
	json_decref(o);
	json_decref(list);
	json_decref(scopes);
	reader_give(s, store);
	return rc;
}

/* The scopes together, as far as they are prepared. */
static enum rc limit_check(struct service *s, struct store *store,
			   const json_t *scopes, int format, struct err *err)
{
	const json_t *scope;
	struct size all = { 0 };
	size_t i;

	json_array_foreach(scopes, i, scope)
	{
		const char *name = json_string_value(scope);
		struct snapshot_file file;
		int64_t records;

		if (snapshot_count(store, name, &records, err) != RC_OK ||
		    snapshot_find(store, name, format, NULL, &file, err) !=
			    RC_OK)
			return err->code;
		all.records += records;
		all.bytes += file.path ? file.bytes : 0;
		free(file.path);
	}
	if (all.records > s->clone.records.most)
		return err_set(err, RC_DENIED,
			       "a clone would have %lld records, and this "
			       "server gives a terminal at most %lld: ask the "
			       "administrator",
			       (long long)all.records,
			       (long long)s->clone.records.most);
	if (all.bytes > s->clone.bytes.most)
		return err_set(err, RC_DENIED,
			       "a clone would be %lld bytes to load, and this "
			       "server gives a terminal at most %lld: ask the "
			       "administrator",
			       (long long)all.bytes,
			       (long long)s->clone.bytes.most);
	return RC_OK;
}

/* Who took which state of which scope. */
static enum rc snapshot_say(struct store *store,
			    const struct snapshot_input *in, const char *etag,
			    int64_t now_ms, struct err *err)
{
	const struct terminal_word word = { .terminal = in->terminal,
					    .time_text = in->time_text,
					    .signature = in->signature,
					    .method = "GET",
					    .path = in->path };
	struct account officer;
	char detail[400];
	struct audit_entry e = { .by = { .who = officer.name,
					 .with = officer.with,
					 .via = VIA_SYNC,
					 .request_id = in->request_id,
					 .now_ms = now_ms },
				 .operation = "getSnapshot",
				 .scope = in->scope,
				 .kind = "enrolment",
				 .detail = detail };
	enum rc rc = terminal_account(store, &word, now_ms, &officer, err);

	snprintf(detail, sizeof(detail), "from %s; main commit %.40s%s",
		 in->remote ? in->remote : "-", etag,
		 in->if_range ? "; the rest of it" : "");
	return rc == RC_OK ? audit_put(store, &e, err) : rc;
}

enum rc service_snapshot(struct service *s, const struct snapshot_input *in,
			 char **file, char etag[80], struct err *err)
{
	char wanted[SNAPSHOT_ETAG_BYTES];
	struct snapshot_file found = { 0 };
	json_t *scopes = NULL;
	struct store *store = NULL;
	enum rc rc = reader_take(s, &store, err);

	*file = NULL;
	tag_of(in->if_range, wanted);
	if (rc == RC_OK)
		rc = terminal_proves(store, in->terminal, in->time_text,
				     in->signature, "GET", in->path, in->scope,
				     host_wall_ms(s->host), &scopes, err);
	if (rc == RC_OK) /* nothing is prepared that is too large */
		rc = limit_check(s, store, scopes, format_of(in), err);
	if (rc == RC_OK)
		rc = file_get(s, store, in->scope, format_of(in),
			      wanted[0] ? wanted : NULL, &found, err);
	if (rc == RC_OK)
		rc = limit_check(s, store, scopes, format_of(in), err);
	if (rc == RC_OK)
		rc = snapshot_say(store, in, found.etag, host_wall_ms(s->host),
				  err);
	json_decref(scopes);
	reader_give(s, store);
	if (rc != RC_OK) {
		free(found.path);
		return rc;
	}
	*file = found.path;
	snprintf(etag, SNAPSHOT_ETAG_BYTES, "%s", found.etag);
	return RC_OK;
}
