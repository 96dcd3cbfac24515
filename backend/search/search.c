/* search/search.c - the file of the index: opened, judged, thrown away. */
#include "search/search_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_OF_INDEX "1"
#define BUSY_MS 200 /* another who brings it up to date is not waited for */

static uint64_t file_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* Whoever opens, makes or removes the file is alone with it. */
static enum rc lock_take(struct store *store, int *out, struct err *err)
{
	char *path = store_path(store, "search.lock");

	*out = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	free(path);
	if (*out < 0 || flock(*out, LOCK_EX) != 0)
		return err_set(err, RC_IO, "cannot lock the search index: %s",
			       strerror(errno));
	return RC_OK;
}

static void files_remove(const char *path)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	char name[4096];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static bool meta_is(struct db *db, const char *name, const char *value)
{
	struct err ignored = { 0 };
	struct query *q = query_begin(db, SQL_SEARCH_META_GET);
	bool same;

	query_text(q, 1, name);
	same = query_row(q) && !strcmp(query_get_text(q, 0), value);
	return query_end(q, &ignored) == RC_OK && same;
}

/* Of this version and epoch, with every table. */
static bool is_ours(struct db *db, const struct store *store)
{
	for (size_t i = 0; sql_search_all[i]; i++) {
		struct err ignored = { 0 };

		if (db_prepares(db, sql_search_all[i], &ignored) != RC_OK)
			return false;
	}
	return meta_is(db, "version", VERSION_OF_INDEX) &&
	       meta_is(db, "epoch", store->epoch);
}

static enum rc meta_put(struct db *db, const char *name, const char *value,
			struct err *err)
{
	struct query *q = query_begin(db, SQL_SEARCH_META_PUT);

	query_text(q, 1, name);
	query_text(q, 2, value);
	return query_end(q, err);
}

static enum rc tables_make(struct db *db, const struct store *store,
			   struct err *err)
{
	enum rc rc = db_begin(db, true, err);

	if (rc != RC_OK)
		return rc;
	rc = db_script(db, SQL_SEARCH_CREATE, err);
	if (rc == RC_OK)
		rc = meta_put(db, "version", VERSION_OF_INDEX, err);
	if (rc == RC_OK)
		rc = meta_put(db, "epoch", store->epoch, err);
	if (rc == RC_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* With the lock held. What is there and not ours is made anew. */
static enum rc file_open(struct search *s, const struct store *store,
			 const char *path, struct err *err)
{
	const struct db_options options = { .mode = DB_CREATE,
					    .wal = true,
					    .synchronous_off = store->fast,
					    .busy_ms = BUSY_MS };
	struct err ignored = { 0 };
	enum rc rc;

	if (file_of(path) &&
	    db_open(&s->db, path, &options, &ignored) == RC_OK) {
		if (is_ours(s->db, store))
			goto opened;
		db_close(s->db);
		s->db = NULL;
	}
	files_remove(path);
	rc = db_open(&s->db, path, &options, err);
	if (rc == RC_OK)
		rc = tables_make(s->db, store, err);
	if (rc != RC_OK) {
		db_close(s->db);
		s->db = NULL;
		return rc;
	}
opened:
	s->file = file_of(path);
	return RC_OK;
}

/* Open it; or remove it before, where it still is the file that we had. */
static enum rc reopen(struct search *s, struct store *store, bool is_bad,
		      struct err *err)
{
	char *path = store_path(store, "search.db");
	int lock = -1;
	enum rc rc = path ? lock_take(store, &lock, err)
			  : err_set(err, RC_NOMEM, "out of memory");

	db_close(s->db);
	s->db = NULL;
	if (rc == RC_OK && is_bad && file_of(path) == s->file)
		files_remove(path);
	if (rc == RC_OK)
		rc = file_open(s, store, path, err);
	s->is_damaged = false;
	if (lock >= 0)
		close(lock);
	free(path);
	return rc;
}

enum rc search_open(struct search **out, struct store *store, struct err *err)
{
	struct search *s = calloc(1, sizeof(*s));
	enum rc rc;

	*out = NULL;
	if (!s)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = reopen(s, store, false, err);
	if (rc == RC_OK)
		*out = s;
	else
		free(s);
	return rc;
}

void search_close(struct search *s)
{
	if (!s)
		return;
	db_close(s->db);
	free(s);
}

enum rc search_ready(struct search *s, struct store *store, struct err *err)
{
	char *path = store_path(store, "search.db");
	bool is_there = path && s->db && file_of(path) == s->file &&
			meta_is(s->db, "epoch", store->epoch);

	free(path);
	return is_there ? RC_OK : reopen(s, store, false, err);
}

enum rc search_forget(struct search *s, struct store *store, struct err *err)
{
	return reopen(s, store, true, err);
}

enum rc search_check(struct search *s, struct store *store, struct err *err)
{
	struct err ignored = { 0 };
	struct query *q;
	bool is_well;
	enum rc rc = search_ready(s, store, err);

	if (rc != RC_OK)
		return rc;
	q = query_begin(s->db, SQL_SEARCH_WHOLE_FILE);
	is_well = query_row(q) && !strcmp(query_get_text(q, 0), "ok");
	query_end(q, &ignored);
	return is_well || ignored.code == RC_BUSY
		       ? RC_OK
		       : search_forget(s, store, err);
}

enum rc index_failed(struct search *s, const struct err *why, struct err *err)
{
	s->is_damaged |= why->code == RC_CORRUPT || why->code == RC_INVALID;
	return err_set(err, why->code, "%s", why->text);
}

const char *search_match_name(enum search_match match)
{
	static const char *const names[] = { "whole", "beginning", "name",
					     "other" };

	return match < MATCH__MAX ? names[match] : "none";
}
