#include "replica/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "blob/blob.h"
#include "replica/evidence_impl.h"
#include "replica/replica_impl.h"
#include "sql_sync.gen.h"

char *evidence_folder(const struct replica *r)
{
	size_t n = strlen(r->path) + sizeof(".evidence");
	char *folder = malloc(n);

	if (folder)
		snprintf(folder, n, "%s.evidence", r->path);
	return folder;
}

/* -- what is under way -- */

static enum rc size_note(void *ctx, const char *name, int64_t bytes,
			 struct err *err)
{
	return json_object_set_new(ctx, name, json_integer(bytes))
		       ? out_of_memory(err)
		       : RC_OK;
}

/* The files in the folder: sha256 -> bytes; a new reference. */
static enum rc files_read(const struct replica *r, json_t **out,
			  struct err *err)
{
	char *folder = evidence_folder(r);
	enum rc rc;

	*out = json_object();
	rc = folder && *out ? blob_each(folder, size_note, *out, err)
			    : out_of_memory(err);
	free(folder);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

static enum rc row_tell(struct replica *r, struct query *q, json_fn *fn,
			void *ctx, struct err *err)
{
	const char *id = query_get_text(q, 0);
	const char *name = query_get_text(q, 4), *media = query_get_text(q, 5);
	json_t *main_record = NULL, *o;
	enum rc rc = record_main(r, "evidence", id, &main_record, err);

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s*, s:s*, s:b}", "id", id,
		      "scope", query_get_text(q, 6), "visit",
		      query_get_text(q, 1), "sha256", query_get_text(q, 2),
		      "size", (json_int_t)query_get_int(q, 3), "name", name,
		      "media", media, "synced", main_record != NULL);
	json_decref(main_record);
	if (!o)
		return out_of_memory(err);
	rc = fn(ctx, o, err);
	json_decref(o);
	return rc;
}

/* A file that several records name is told for each of them. `files` loses
 * what is named. */
static enum rc rows_tell(struct replica *r, json_t *files, json_fn *fn,
			 void *ctx, struct err *err)
{
	json_t *named, *unused;
	const char *sha256;
	struct query *q;
	enum rc rc = RC_OK;

	/* A replica of before knows no such kind. */
	if (!captured_of(r, "evidence") || !json_object_size(files))
		return RC_OK;
	named = json_object();
	if (!named)
		return out_of_memory(err);
	q = query_begin(r->db, SQL_R_EVIDENCE);
	while (rc == RC_OK && query_row(q)) {
		sha256 = query_get_text(q, 2);
		if (!sha256 || !json_object_get(files, sha256))
			continue;
		json_object_set_new(named, sha256, json_true());
		if (fn)
			rc = row_tell(r, q, fn, ctx, err);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	json_object_foreach(named, sha256, unused)
		json_object_del(files, sha256);
	json_decref(named);
	return rc;
}

/* The files of the folder, and (rows_tell) which of them records name. */
static enum rc files_open(struct replica *r, json_t **files, struct err *err)
{
	enum rc rc = kinds_load(r, err);

	*files = NULL;
	return rc == RC_OK ? files_read(r, files, err) : rc;
}

enum rc replica_evidence(struct replica *r, json_fn *fn, void *ctx,
			 struct err *err)
{
	json_t *files;
	enum rc rc = files_open(r, &files, err);

	if (rc == RC_OK)
		rc = rows_tell(r, files, fn, ctx, err);
	json_decref(files);
	return rc;
}

static int64_t files_sum(json_t *files)
{
	const char *name;
	json_t *bytes;
	int64_t sum = 0;

	json_object_foreach(files, name, bytes) sum +=
		json_integer_value(bytes);
	return sum;
}

enum rc replica_evidence_used(struct replica *r, int64_t *used,
			      int64_t *unnamed, struct err *err)
{
	json_t *files;
	enum rc rc = files_open(r, &files, err);

	*used = files_sum(files);
	if (rc == RC_OK)
		rc = rows_tell(r, files, NULL, NULL, err);
	*unnamed = files_sum(files);
	json_decref(files);
	return rc;
}

/* -- taking a file -- */

struct taking {
	struct replica *r;
	const char *visit, *file;
	const json_t *more; /* or NULL */
	json_t *visit_record; /* owned */
	char *folder; /* owned */
	int64_t quota, used;
	struct blob_taken taken;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What it most likely is, by the end of its name. */
static const char *media_of(const char *name)
{
	static const struct {
		const char *end, *media;
	} known[] = {
		{ ".jpg", "photo" },  { ".jpeg", "photo" }, { ".png", "photo" },
		{ ".heic", "photo" }, { ".webp", "photo" }, { ".mp3", "audio" },
		{ ".m4a", "audio" },  { ".aac", "audio" },  { ".wav", "audio" },
		{ ".amr", "audio" },  { ".ogg", "audio" },  { ".mp4", "video" },
		{ ".mov", "video" },  { ".3gp", "video" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(known) / sizeof(*known); i++)
		if (!strcasecmp(dot, known[i].end))
			return known[i].media;
	return "document";
}

static enum rc quota_check(struct taking *t, struct err *err)
{
	int64_t unnamed;
	struct stat st;
	enum rc rc = replica_evidence_used(t->r, &t->used, &unnamed, err);

	if (rc == RC_OK && stat(t->file, &st) == 0 &&
	    t->used + st.st_size > t->quota)
		rc = err_set(err, RC_NOMEM,
			     "the folder of evidence is full: it has %lld of "
			     "%lld bytes, the file %lld; 'hufu upload' makes "
			     "room",
			     (long long)t->used, (long long)t->quota,
			     (long long)st.st_size);
	return rc;
}

/* "hufu-evidence-1" LF and the canonical bytes of what the device saw. */
static enum rc device_sign(struct replica *r, json_t *record, struct err *err)
{
	static const char *const names[] = {
		"author",   "boot",         "latitude", "longitude",
		"media",    "monotonic_ms", "sha256",   "size",
		"taken_at", "taken_after",  "terminal",
	};
	unsigned char signature[SIGN_BYTES];
	char text[BASE64_SIZE(SIGN_BYTES)];
	struct sign_key key = { 0 };
	json_t *seen = json_object();
	struct buf message;
	enum rc rc = meta_terminal_key(r, &key, err);

	buf_init(&message, 16u << 10);
	buf_puts(&message, "hufu-evidence-1\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_object_get(record, names[i]))
			json_object_set(seen, names[i],
					json_object_get(record, names[i]));
	if (rc == RC_OK)
		rc = jcs_write(&message, seen, err);
	if (rc == RC_OK) {
		sign(signature, &key, message.data, message.len);
		base64_encode(text, signature, sizeof(signature));
		json_object_set_new(record, "signature", json_string(text));
	}
	sign_key_release(&key);
	buf_release(&message);
	json_decref(seen);
	return rc;
}

/* The record but for its signature; new reference. */
static enum rc record_build(const struct taking *t, json_t **out,
			    struct err *err)
{
	struct replica *r = t->r;
	const char *name = base_name(t->file);
	char *officer = NULL, *terminal = NULL, boot[33];
	int64_t anchor, earliest;
	enum rc rc = meta_need(r, "officer", &officer, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = meta_need(r, "terminal", &terminal, err);
	if (rc == RC_OK)
		rc = anchor_get(r, &anchor, &earliest, err);
	host_boot_id(r->host, boot);
	if (rc == RC_OK) {
		*out = json_pack(
			"{s:s*, s:s*, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:I,"
			" s:s, s:s}",
			"scope", json_text(t->visit_record, "scope"), "town",
			json_text(t->visit_record, "town"), "visit", t->visit,
			"sha256", t->taken.name, "size",
			(json_int_t)t->taken.bytes, "name",
			utf8_is_valid(name, strlen(name)) ? name : "file",
			"media", media_of(name), "author", officer, "taken_at",
			(json_int_t)host_wall_ms(r->host), "monotonic_ms",
			(json_int_t)host_monotonic_ms(r->host), "boot", boot,
			"terminal", terminal);
		if (!*out)
			rc = out_of_memory(err);
	}
	if (rc == RC_OK && anchor > 0)
		json_object_set_new(*out, "taken_after",
				    json_integer(earliest));
	if (rc == RC_OK && t->more)
		json_object_update(*out, (json_t *)(uintptr_t)t->more);
	free(officer);
	free(terminal);
	return rc;
}

static enum rc record_make(const struct taking *t, char id[33], struct err *err)
{
	json_t *record = NULL;
	struct buf text;
	enum rc rc = record_build(t, &record, err);

	buf_init(&text, LINE_BYTES_MAX);
	if (rc == RC_OK)
		rc = device_sign(t->r, record, err);
	if (rc == RC_OK)
		rc = json_write(&text, record, err);
	if (rc == RC_OK)
		rc = replica_put(t->r, "evidence", NULL, text.data, id, err);
	buf_release(&text);
	json_decref(record);
	return rc;
}

/* One that the visit has already is not made twice. */
static enum rc record_find(const struct taking *t, char id[33], bool *found,
			   struct err *err)
{
	struct query *q = query_begin(t->r->db, SQL_R_EVIDENCE_LIKE);

	query_text(q, 1, t->visit);
	query_text(q, 2, t->taken.name);
	*found = query_row(q);
	if (*found)
		snprintf(id, 33, "%s", query_get_text(q, 0));
	return query_end(q, err);
}

static enum rc taking_begin(struct taking *t, struct err *err)
{
	enum rc rc = kinds_load(t->r, err);

	if (rc == RC_OK && !captured_of(t->r, "evidence"))
		rc = err_set(err, RC_INVALID,
			     "this replica knows no evidence: 'hufu sync' "
			     "brings it once the office has loaded its kind");
	if (rc == RC_OK)
		rc = replica_live(t->r, "visit", t->visit, &t->visit_record,
				  err);
	if (rc == RC_OK)
		rc = quota_check(t, err);
	t->folder = evidence_folder(t->r);
	return rc == RC_OK && !t->folder ? out_of_memory(err) : rc;
}

enum rc replica_attach(struct replica *r, const char *visit, const char *file,
		       const json_t *more, int64_t quota, json_t **out,
		       struct err *err)
{
	struct taking t = { .r = r,
			    .visit = visit,
			    .file = file,
			    .more = more,
			    .quota = quota ? quota : EVIDENCE_QUOTA_USUAL };
	char id[33] = "";
	bool again = false;
	enum rc rc = taking_begin(&t, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = blob_take(t.folder, file, t.quota - t.used, &t.taken, err);
	if (rc == RC_OK)
		rc = record_find(&t, id, &again, err);
	if (rc == RC_OK && !again)
		rc = record_make(&t, id, err);
	if (rc == RC_OK)
		*out = json_pack(
			"{s:s, s:s, s:I, s:b, s:I, s:I}", "id", id, "sha256",
			t.taken.name, "size", (json_int_t)t.taken.bytes,
			"again", again, "used",
			(json_int_t)(t.used +
				     (t.taken.was_there ? 0 : t.taken.bytes)),
			"quota", (json_int_t)t.quota);
	if (rc == RC_OK && !*out)
		rc = out_of_memory(err);
	/* What no record names would lie there for ever. */
	if (rc != RC_OK && t.taken.name[0] && !t.taken.was_there) {
		struct err ignored = { 0 };

		(void)blob_drop(t.folder, t.taken.name, &ignored);
	}
	json_decref(t.visit_record);
	free(t.folder);
	return rc;
}
