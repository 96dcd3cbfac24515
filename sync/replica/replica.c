#include "replica/wipe_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "base/json_memory.h"
#include "object/sshsig.h"
#include "sql_sync.gen.h"

#define BUSY_MS 5000

enum rc out_of_memory(struct err *err)
{
	return err_set(err, RC_NOMEM, "out of memory");
}

static enum rc replica_new(struct replica **out, const char *path,
			   enum db_mode mode, const struct host *host,
			   struct err *err)
{
	const struct db_options options = { .mode = mode,
					    .secure_delete = true,
					    .busy_ms = BUSY_MS };
	struct replica *r = calloc(1, sizeof(*r));
	enum rc rc;

	*out = NULL;
	if (!r || !(r->path = strdup(path))) {
		free(r);
		return out_of_memory(err);
	}
	r->host = host;
	r->kinds_serial = -1;
	r->schema_seen = -1;
	json_memory_setup();
	rc = seal_setup(err);
	if (rc == RC_OK)
		rc = object_setup(err);
	if (rc == RC_OK)
		rc = db_open(&r->db, path, &options, err);
	if (rc != RC_OK) {
		replica_close(r);
		return rc;
	}
	*out = r;
	return RC_OK;
}

static enum rc tables_make(struct replica *r, struct err *err)
{
	char terminal[21];
	enum rc rc = db_begin(r->db, true, err);

	if (rc != RC_OK)
		return rc;
	json_memory_begin();
	rc = db_script(r->db, SQL_R_CREATE, err);
	if (rc == RC_OK)
		rc = tree_create(r->db, err);
	if (rc == RC_OK)
		rc = bundle_tables(r, err);
	if (rc == RC_OK)
		rc = twins_begin(r, err);
	if (rc == RC_OK)
		rc = meta_put(r, "format", REPLICA_FORMAT, err);
	host_new_id(r->host, terminal);
	if (rc == RC_OK)
		rc = meta_put(r, "terminal", terminal, err);
	return replica_end(r, rc, err);
}

enum rc replica_create(struct replica **out, const char *path,
		       const struct host *host, struct err *err)
{
	int fd;
	enum rc rc;

	*out = NULL;
	/* Made by hand first: nobody else may read it, and of two programs
	 * only one makes it. */
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, RC_INVALID, "there is already a file '%s'",
			       path);
	if (fd < 0)
		return err_set(err, RC_IO, "cannot make '%s': %s", path,
			       strerror(errno));
	close(fd);
	rc = replica_new(out, path, DB_WRITE, host, err);
	if (rc == RC_OK)
		rc = tables_make(*out, err);
	if (rc == RC_OK)
		rc = kinds_load(*out, err);
	if (rc != RC_OK) {
		replica_close(*out);
		*out = NULL;
		unlink(path);
	}
	return rc;
}

static enum rc format_check(struct replica *r, struct err *err)
{
	struct err why = { 0 };
	char *format = NULL;
	enum rc rc = meta_get(r, "format", &format, &why);

	if (rc == RC_CORRUPT || rc == RC_BUSY || rc == RC_NOMEM)
		return err_set(err, rc, "%s", why.text);
	if (rc != RC_OK || !format)
		rc = err_set(err, RC_INVALID,
			     "'%s' is a database, but no replica: name the "
			     "file that 'hufu enroll' made",
			     r->path);
	else if (strcmp(format, REPLICA_FORMAT) != 0)
		rc = err_set(err, RC_INVALID,
			     "'%s' was written by a later version (format %s, "
			     "this program knows " REPLICA_FORMAT "): update "
			     "this program",
			     r->path, format);
	free(format);
	return rc;
}

/* Files that SQLite would take for something else, or say little of. Only a
 * look: whoever opens and closes a database by hand takes the locks from every
 * connection of this process (POSIX). */
static enum rc file_check(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(err, RC_NOT_FOUND,
			       "there is no replica '%s'%s%s", path,
			       errno == ENOENT ? "" : ": ",
			       errno == ENOENT ? "" : strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, RC_INVALID,
			       "'%s' is a folder: name the replica's file",
			       path);
	if (!st.st_size)
		return err_set(err, RC_INVALID,
			       "'%s' is an empty file, no replica: remove it "
			       "and run 'hufu enroll', or name another",
			       path);
	return RC_OK;
}

/* No database: one that was wiped, or is half way? Nobody has it open as
 * SQLite's, so it may be looked at. */
static enum rc wiped_look(struct replica **out, const char *path,
			  enum db_mode mode, const struct host *host,
			  struct err *err)
{
	struct replica *r = calloc(1, sizeof(*r));
	struct err why = { 0 };
	enum rc rc;

	if (!r || !(r->path = strdup(path))) {
		free(r);
		err_clear(err);
		return out_of_memory(err);
	}
	r->host = host;
	r->kinds_serial = r->schema_seen = -1;
	rc = mode == DB_WRITE ? wiped_open(r, &why)
			      : wiped_read(path, &r->wiped, &why);
	if (rc == RC_OK && mode != DB_WRITE) {
		r->wipe = WIPE_DONE;
		rc = wipe_refuses(r, &why);
	}
	if (rc == RC_OK) {
		err_clear(err);
		*out = r;
		return RC_OK;
	}
	replica_close(r);
	if (rc == RC_NOT_FOUND)
		return err->code;
	err_clear(err);
	return err_set(err, rc, "%s", why.text);
}

static enum rc open_as(struct replica **out, const char *path,
		       enum db_mode mode, const struct host *host,
		       struct err *err)
{
	enum rc rc = file_check(path, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	rc = replica_new(out, path, mode, host, err);
	if (rc == RC_CORRUPT)
		return wiped_look(out, path, mode, host, err);
	if (rc == RC_OK)
		rc = format_check(*out, err);
	if (rc == RC_OK)
		rc = kinds_load(*out, err);
	if (rc == RC_OK && mode == DB_WRITE)
		rc = wipe_resume(*out, NULL, err);
	if (rc != RC_OK) {
		replica_close(*out);
		*out = NULL;
	}
	return rc;
}

enum rc replica_open(struct replica **out, const char *path,
		     const struct host *host, struct err *err)
{
	return open_as(out, path, DB_WRITE, host, err);
}

enum rc replica_open_copy(struct replica **out, const char *path,
			  const struct host *host, struct err *err)
{
	return open_as(out, path, DB_COPY, host, err);
}

void replica_close(struct replica *r)
{
	if (!r)
		return;
	sign_key_release(&r->officer);
	for (size_t i = 0; i < r->ncaptured; i++)
		captured_release(&r->captured[i]);
	free(r->captured);
	registry_free(r->registry);
	db_close(r->db);
	free(r->url);
	free(r->path);
	free(r);
}

/* Another program may have synced and brought new kinds. */
static enum rc kinds_refresh(struct replica *r, struct err *err)
{
	int64_t serial;
	enum rc rc = meta_get_int(r, "kinds", 0, &serial, err);

	return rc == RC_OK && serial != r->kinds_serial ? kinds_load(r, err)
							: rc;
}

static enum rc begin(struct replica *r, bool immediate, struct err *err)
{
	enum rc rc = r->wipe == WIPE_DONE || r->wipe == WIPE_ORDERED
			     ? wipe_refuses(r, err)
			     : db_begin(r->db, immediate, err);

	r->twins = 0;
	json_memory_begin();
	if (rc == RC_OK)
		rc = kinds_refresh(r, err);
	if (rc != RC_OK)
		db_rollback(r->db);
	return rc;
}

static enum rc applying(struct replica *r, bool on, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_APPLYING);

	query_int(q, 1, on);
	return query_end(q, err);
}

enum rc replica_begin(struct replica *r, struct err *err)
{
	enum rc rc = begin(r, true, err);

	if (rc == RC_OK)
		rc = applying(r, true, err);
	if (rc != RC_OK)
		return replica_end(r, rc, err);
	r->is_writing = true;
	return RC_OK;
}

enum rc replica_begin_read(struct replica *r, struct err *err)
{
	return begin(r, false, err);
}

enum rc replica_begin_edit(struct replica *r, struct err *err)
{
	return begin(r, true, err);
}

enum rc replica_end(struct replica *r, enum rc rc, struct err *err)
{
	rc = json_memory_end(rc, err);
	if (rc == RC_OK && r->is_writing)
		rc = applying(r, false, err);
	if (rc == RC_OK)
		rc = db_commit(r->db, err);
	if (rc != RC_OK) {
		db_rollback(r->db);
		r->kinds_serial = -1;
	}
	r->is_writing = false;
	r->role = 0;
	return rc;
}

const char *replica_url(struct replica *r)
{
	struct err ignored = { 0 };
	char *url = NULL;

	if (meta_get(r, "url", &url, &ignored) == RC_OK) {
		free(r->url);
		r->url = url;
	}
	return r->url;
}

static enum rc officer_adopt(struct replica *r,
			     const unsigned char seed[SIGN_SEED_BYTES],
			     struct err *err)
{
	char text[SSH_PUBLIC_TEXT_MAX];
	struct sign_key key;
	char *known = NULL;
	enum rc rc = meta_need(r, "officer_public", &known, err);

	if (rc != RC_OK)
		return rc;
	sign_key_from_seed(&key, seed);
	ssh_public_text(text, key.public);
	if (strcmp(text, known) != 0) {
		rc = err_set(err, RC_DENIED,
			     "this key is not the one that was enrolled here");
	} else {
		sign_key_release(&r->officer);
		r->officer = key;
		r->is_unlocked = true;
	}
	sign_key_release(&key);
	free(known);
	return rc;
}

enum rc replica_unlock(struct replica *r, const char *pin, struct err *err)
{
	unsigned char sealed[PIN_SEALED_BYTES], seed[SIGN_SEED_BYTES];
	char *text = NULL;
	size_t n = sizeof(sealed);
	enum rc rc = meta_need(r, "officer_sealed", &text, err);

	if (rc != RC_OK)
		return rc;
	if (strlen(text) >= BASE64_SIZE(PIN_SEALED_BYTES) ||
	    !base64_decode(sealed, &n, text, strlen(text)) ||
	    n != PIN_SEALED_BYTES)
		rc = err_set(err, RC_CORRUPT, "the sealed key is damaged");
	if (rc == RC_OK)
		rc = pin_open(seed, sealed, pin, err);
	if (rc == RC_OK)
		rc = officer_adopt(r, seed, err);
	wipe(seed, sizeof(seed));
	free(text);
	return rc;
}

enum rc replica_unlock_seed(struct replica *r,
			    const unsigned char seed[SIGN_SEED_BYTES],
			    struct err *err)
{
	return officer_adopt(r, seed, err);
}

bool replica_is_unlocked(const struct replica *r)
{
	return r->is_unlocked;
}

enum rc replica_exec(struct replica *r, const char *sql, struct err *err)
{
	return db_script(r->db, sql, err);
}

enum rc replica_root(struct replica *r, const char *scope, struct oid *root,
		     struct err *err)
{
	return tree_root(r->db, scope, root, err);
}

enum rc replica_main(struct replica *r, const char *kind, const char *id,
		     char **out, struct err *err)
{
	json_t *record = NULL;
	struct buf body;
	enum rc rc;

	*out = NULL;
	buf_init(&body, RECORD_BYTES_MAX);
	rc = replica_begin_read(r, err);
	if (rc != RC_OK)
		return rc;
	rc = record_main(r, kind, id, &record, err);
	if (rc == RC_NOT_FOUND)
		rc = err_set(err, RC_NOT_FOUND, "%s '%s' is not on main", kind,
			     id);
	if (rc == RC_OK)
		rc = record_jcs(&body, record, err);
	rc = replica_end(r, rc, err);
	if (rc == RC_OK && !(*out = strdup(body.data)))
		rc = out_of_memory(err);
	json_decref(record);
	buf_release(&body);
	return rc;
}
