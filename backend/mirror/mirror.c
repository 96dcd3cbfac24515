/* mirror/mirror.c - the mirror opened, walked scope by scope, and finished. */
#include "mirror/mirror_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sql_store.gen.h"

#define HEAD_REF "refs/heads/catalog"
#define BUSY_MS 2000

static enum rc state_open(struct mirror *m, struct err *err)
{
	const struct db_options options = { .mode = DB_CREATE,
					    .synchronous_off = m->store->fast,
					    .busy_ms = BUSY_MS };
	char *path = store_path(m->store, "mirror.db");
	enum rc rc;

	if (!path)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = db_open(&m->db, path, &options, err);
	free(path);
	/* The first lock stays until the mirror is closed: two programs that
	 * write one repository would undo each other's packs. */
	if (rc == RC_OK)
		rc = db_script(m->db, "PRAGMA locking_mode=EXCLUSIVE", err);
	if (rc == RC_OK)
		rc = db_begin(m->db, true, err);
	if (rc == RC_OK)
		rc = db_script(m->db, SQL_MIRROR_CREATE, err);
	if (rc == RC_OK)
		rc = tree_create(m->db, err);
	return rc == RC_OK ? db_commit(m->db, err) : rc;
}

static enum rc is_damaged(const char *why, struct err *err)
{
	return err_set(err, RC_CORRUPT,
		       "the mirror is damaged: %s; remove mirror.git, and the "
		       "next run makes the same ids again",
		       why);
}

/* What is written builds upon what is there, and is read by auditors together
 * with it. */
static enum rc repo_open_in(struct mirror *m, struct err *err)
{
	char *path = store_path(m->store, "mirror.git");
	struct err why = { 0 };
	enum rc rc;

	if (!path)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = repo_open(&m->repo, path, HEAD_REF, err);
	free(path);
	if (rc != RC_OK)
		return rc;
	rc = repo_check_packs(m->repo, &why);
	if (rc == RC_CORRUPT)
		return is_damaged(why.text, err);
	return rc == RC_OK ? rc : err_set(err, rc, "%s", why.text);
}

struct fit {
	struct mirror *m;
	bool is_gone; /* the repository lacks what the state says it has */
};

/* Is what the state says of a scope in the repository, and in this log? */
static enum rc scope_fits(void *ctx, const struct mirror_scope *s,
			  struct err *err)
{
	struct fit *fit = ctx;
	struct mirror *m = fit->m;
	char ref[64];
	struct err ignored = { 0 };
	struct oid oid;
	struct query *q;
	bool fits;
	enum rc rc;

	snprintf(ref, sizeof(ref), "refs/heads/%s", s->scope);
	if (repo_ref_get(m->repo, ref, &oid, &ignored) != RC_OK) {
		fit->is_gone = true;
		return RC_OK;
	}
	if (!repo_has(m->repo, &oid) || !repo_has(m->repo, &s->head))
		return is_damaged("a head is not there", err);
	q = query_begin(m->store->db, SQL_MIRROR_COMMIT_NUMBER);
	query_text(q, 1, s->scope);
	query_blob(q, 2, s->head.b, OID_BYTES);
	fits = query_row(q) && query_get_int(q, 0) == s->commits;
	rc = query_end(q, err);
	if (rc == RC_OK && !fits)
		rc = err_set(err, RC_CORRUPT,
			     "the mirror holds main commit %lld of scope %s, "
			     "which this log does not have: delete mirror.git "
			     "and mirror.db, and it is made anew",
			     (long long)s->commits, s->scope);
	return rc;
}

static enum rc state_check(struct mirror *m, struct err *err)
{
	struct fit fit = { .m = m };
	enum rc rc = mirror_each(m, scope_fits, &fit, err);

	if (rc != RC_OK || !fit.is_gone)
		return rc;
	rc = db_begin(m->db, true, err);
	if (rc == RC_OK)
		rc = db_script(m->db, SQL_MIRROR_FORGET, err);
	return rc == RC_OK ? db_commit(m->db, err) : rc;
}

enum rc mirror_open(struct mirror **out, struct store *store, struct err *err)
{
	struct mirror *m = calloc(1, sizeof(*m));
	enum rc rc;

	*out = NULL;
	if (!m)
		return err_set(err, RC_NOMEM, "out of memory");
	m->store = store;
	arena_init(&m->mem, MIRROR_COMMIT_BYTES);
	rc = state_open(m, err);
	if (rc == RC_OK)
		rc = repo_open_in(m, err);
	if (rc == RC_OK)
		rc = state_check(m, err);
	if (rc == RC_OK)
		*out = m;
	else
		mirror_close(m);
	return rc;
}

static bool tree_remove(int folder, const char *name, int depth);

static bool entries_remove(int folder, const char *name, int depth)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	bool gone = dir != NULL;

	while (gone && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			gone = tree_remove(fd, e->d_name, depth + 1);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return gone;
}

/* A file, or a folder and all that is in it; false leaves errno. */
static bool tree_remove(int folder, const char *name, int depth)
{
	if (!unlinkat(folder, name, 0) || errno == ENOENT)
		return true;
	if ((errno != EISDIR && errno != EPERM) || depth > 16)
		return false;
	return entries_remove(folder, name, depth) &&
	       !unlinkat(folder, name, AT_REMOVEDIR);
}

static enum rc path_forget(struct store *store, const char *name,
			   struct err *err)
{
	char *path = store_path(store, name);
	enum rc rc = path ? RC_OK : err_set(err, RC_NOMEM, "out of memory");

	if (path && !tree_remove(AT_FDCWD, path, 0))
		rc = err_set(err, RC_IO, "cannot remove '%s': %s", path,
			     strerror(errno));
	free(path);
	return rc;
}

enum rc mirror_forget(struct store *store, struct err *err)
{
	static const char *const all[] = { "mirror.db", "mirror.db-wal",
					   "mirror.db-shm", "mirror.db-journal",
					   "mirror.git" };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && rc == RC_OK; i++)
		rc = path_forget(store, all[i], err);
	return rc;
}

void mirror_close(struct mirror *m)
{
	if (!m)
		return;
	if (m->db)
		db_rollback(m->db);
	db_close(m->db);
	repo_close(m->repo);
	arena_release(&m->mem);
	free(m);
}

enum rc mirror_each(struct mirror *m, mirror_scope_fn *fn, void *ctx,
		    struct err *err)
{
	struct query *q = query_begin(m->db, SQL_MIRROR_SCOPE_ALL);
	enum rc rc = RC_OK;
	size_t n;

	while (rc == RC_OK && query_row(q)) {
		struct mirror_scope s = { .commits = query_get_int(q, 1),
					  .packets = query_get_int(q, 2) };

		snprintf(s.scope, sizeof(s.scope), "%s", query_get_text(q, 0));
		memcpy(s.head.b, query_get_blob(q, 3, &n), OID_BYTES);
		s.position = query_get_int(q, 4);
		rc = fn(ctx, &s, err);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	return rc;
}

/* What follows from the refs and packs as a whole. */
static enum rc finish(struct mirror *m, struct err *err)
{
	enum rc rc = repo_merge_packs(m->repo, err);

	if (rc == RC_OK)
		rc = mirror_signers(m, err);
	return rc == RC_OK ? repo_update_server_info(m->repo, err) : rc;
}

static enum rc total_count(struct mirror *m, struct err *err)
{
	int64_t all, have;
	enum rc rc = db_int(m->store->db, SQL_MIRROR_COMMITS, 0, &all, err);

	if (rc == RC_OK)
		rc = db_int(m->db, SQL_MIRROR_COMMITS_HELD, 0, &have, err);
	m->done = 0;
	m->total = rc == RC_OK && all > have ? (size_t)(all - have) : 0;
	return rc;
}

/* The names first: an open query would hold the write-ahead log for as long as
 * the mirror works. */
static enum rc scopes_read(struct mirror *m, char (**out)[16], size_t *n,
			   struct err *err)
{
	struct query *q = query_begin(m->store->db, SQL_SCOPES_ALL);
	char(*grown)[16];
	enum rc rc = RC_OK;

	*out = NULL;
	*n = 0;
	while (rc == RC_OK && query_row(q)) {
		grown = realloc(*out, (*n + 1) * sizeof(*grown));
		if (grown) {
			*out = grown;
			snprintf(grown[(*n)++], sizeof(*grown), "%s",
				 query_get_text(q, 0));
		} else {
			rc = err_set(err, RC_NOMEM, "out of memory");
		}
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

enum rc mirror_update(struct mirror *m,
		      void (*progress)(void *ctx, size_t done, size_t total),
		      void *ctx, struct err *err)
{
	char(*scopes)[16] = NULL;
	size_t n = 0;
	enum rc rc;

	m->progress = progress;
	m->ctx = ctx;
	rc = total_count(m, err);
	if (rc != RC_OK || (m->in_step && !m->total))
		return rc;
	m->in_step = false;
	rc = scopes_read(m, &scopes, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = mirror_scope(m, scopes[i], err);
	free(scopes);
	if (rc == RC_OK)
		rc = finish(m, err);
	m->in_step = rc == RC_OK;
	return rc;
}
