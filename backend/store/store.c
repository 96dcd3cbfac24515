/* store/store.c - the data folder: made, opened, and what it remembers. */
#include "store/store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json_memory.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

#define BUSY_MS 30000

static enum rc path_in(char **out, const char *dir, const char *name,
		       struct err *err)
{
	size_t n = strlen(dir) + strlen(name) + 2;

	*out = malloc(n);
	if (!*out)
		return err_set(err, RC_NOMEM, "out of memory");
	snprintf(*out, n, "%s/%s", dir, name);
	return RC_OK;
}

char *store_path(const struct store *s, const char *name)
{
	struct err ignored = { 0 };
	char *out;

	return path_in(&out, s->dir, name, &ignored) == RC_OK ? out : NULL;
}

static enum rc folder_make(const char *path, struct err *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, RC_IO, "cannot make folder '%s': %s", path,
			       strerror(errno));
	return RC_OK;
}

static enum rc key_write(const char *path, const struct sign_key *key,
			 struct err *err)
{
	unsigned char seed[SIGN_SEED_BYTES];
	char hex[2 * SIGN_SEED_BYTES + 2];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return err_set(err, RC_IO, "cannot write '%s': %s", path,
			       strerror(errno));
	sign_key_seed(key, seed);
	hex_encode(hex, seed, sizeof(seed));
	hex[2 * SIGN_SEED_BYTES] = '\n';
	ok = write(fd, hex, 2 * SIGN_SEED_BYTES + 1) == 2 * SIGN_SEED_BYTES + 1;
	ok = ok && fsync(fd) == 0;
	close(fd);
	wipe(seed, sizeof(seed));
	wipe(hex, sizeof(hex));
	return ok ? RC_OK : err_set(err, RC_IO, "cannot write '%s'", path);
}

static enum rc key_read(const char *path, struct sign_key *key, struct err *err)
{
	unsigned char seed[SIGN_SEED_BYTES];
	char hex[2 * SIGN_SEED_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return err_set(err, RC_IO,
			       "cannot read the server's key '%s': %s", path,
			       strerror(errno));
	ok = read(fd, hex, sizeof(hex)) == (ssize_t)sizeof(hex) &&
	     hex_decode(seed, sizeof(seed), hex, sizeof(hex));
	close(fd);
	if (ok)
		sign_key_from_seed(key, seed);
	wipe(seed, sizeof(seed));
	wipe(hex, sizeof(hex));
	return ok ? RC_OK
		  : err_set(err, RC_CORRUPT, "'%s' is not a server key", path);
}

static enum rc db_open_in(struct store *s, struct db **out, const char *name,
			  enum db_mode mode, struct err *err)
{
	const struct db_options options = { .mode = mode,
					    .wal = true,
					    .synchronous_off = s->fast,
					    .secure_delete = true,
					    .busy_ms = BUSY_MS };
	char *path;
	enum rc rc = path_in(&path, s->dir, name, err);

	if (rc == RC_OK)
		rc = db_open(out, path, &options, err);
	free(path);
	return rc;
}

static enum rc store_new(struct store **out, const char *dir,
			 const struct host *host, bool fast, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	*out = s;
	json_memory_setup();
	if (!s || !(s->dir = strdup(dir)))
		return err_set(err, RC_NOMEM, "out of memory");
	s->host = host;
	s->fast = fast;
	return registry_new(&s->kinds, err);
}

static void epoch_make(struct store *s)
{
	unsigned char random[8];

	host_random(s->host, random, sizeof(random));
	hex_encode(s->epoch, random, sizeof(random));
}

/* The former epochs, "" when there were none; malloc'd. */
static enum rc epochs_get(struct store *s, char **out, struct err *err)
{
	enum rc rc = store_meta_get(s, "epochs", out, err);

	if (rc != RC_NOT_FOUND)
		return rc;
	err_clear(err);
	*out = strdup("");
	return *out ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

enum rc store_epoch_new(struct store *s, struct err *err)
{
	char former[sizeof(s->epoch)], *all = NULL;
	struct buf list;
	enum rc rc = epochs_get(s, &all, err);

	memcpy(former, s->epoch, sizeof(former));
	buf_init(&list, 1 << 16);
	if (rc == RC_OK) {
		buf_printf(&list, "%s%s%s", all, all[0] ? " " : "", former);
		rc = buf_status(&list, err);
	}
	epoch_make(s);
	if (rc == RC_OK)
		rc = store_meta_put(s, "epochs", list.data, err);
	if (rc == RC_OK)
		rc = store_meta_put(s, "epoch", s->epoch, err);
	if (rc != RC_OK)
		memcpy(s->epoch, former, sizeof(former));
	free(all);
	buf_release(&list);
	return rc;
}

enum rc store_epoch_known(struct store *s, const char *epoch, bool *known,
			  struct err *err)
{
	char *all = NULL;
	enum rc rc;

	*known = !strcmp(epoch, s->epoch);
	if (*known)
		return RC_OK;
	rc = epochs_get(s, &all, err);
	*known = rc == RC_OK && epoch[0] && strstr(all, epoch);
	free(all);
	return rc;
}

/* Everything that makes a new folder a store, in one transaction. */
static enum rc store_fill(struct store *s, struct err *err)
{
	enum rc rc = db_begin(s->db, true, err);

	epoch_make(s);
	if (rc == RC_OK)
		rc = store_upgrade(s, 0, err);
	if (rc == RC_OK)
		rc = tree_create(s->db, err);
	if (rc == RC_OK)
		rc = store_meta_put(s, "epoch", s->epoch, err);
	if (rc == RC_OK)
		rc = db_commit(s->db, err);
	if (rc != RC_OK)
		db_rollback(s->db);
	if (rc == RC_OK)
		rc = db_script(s->keys, SQL_KEYS_CREATE, err);
	return rc;
}

/* Somebody's files are not to be mixed with ours. */
static enum rc folder_is_free(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool is_store = false, is_empty = true;

	if (!dir)
		return err_set(err, RC_IO, "cannot read folder '%s': %s", path,
			       strerror(errno));
	while ((entry = readdir(dir))) {
		is_store |= !strcmp(entry->d_name, "hufu.db");
		is_empty &= !strcmp(entry->d_name, ".") ||
			    !strcmp(entry->d_name, "..");
	}
	closedir(dir);
	if (is_store)
		return err_set(err, RC_INVALID,
			       "'%s' is a data folder already: choose another, "
			       "or use it as it is",
			       path);
	return is_empty ? RC_OK
			: err_set(err, RC_INVALID,
				  "'%s' is not empty and no data folder: "
				  "choose another",
				  path);
}

enum rc store_init(const char *dir, const struct host *host, bool fast,
		   struct err *err)
{
	struct store *s = NULL;
	char *path = NULL;
	enum rc rc = folder_make(dir, err);

	if (rc == RC_OK)
		rc = folder_is_free(dir, err);
	if (rc == RC_OK)
		rc = store_new(&s, dir, host, fast, err);
	if (rc == RC_OK)
		rc = path_in(&path, dir, "snapshots", err);
	if (rc == RC_OK)
		rc = folder_make(path, err);
	free(path);
	path = NULL;
	if (rc == RC_OK) {
		sign_key_new(&s->key, host);
		rc = path_in(&path, dir, "server.key", err);
	}
	if (rc == RC_OK)
		rc = key_write(path, &s->key, err);
	free(path);
	if (rc == RC_OK)
		rc = db_open_in(s, &s->db, "hufu.db", DB_CREATE, err);
	if (rc == RC_OK)
		rc = db_open_in(s, &s->keys, "keys.db", DB_CREATE, err);
	if (rc == RC_OK)
		rc = store_fill(s, err);
	store_close(s);
	return rc;
}

/* What another key signs would be on the main line for ever, and verify for
 * nobody: the catalog says whose log this is. */
static enum rc key_belongs(struct store *s, struct err *err)
{
	char text[SSH_PUBLIC_TEXT_MAX];
	struct query *q;
	bool known;
	enum rc rc;

	if (!registry_kind(s->kinds, "server_key"))
		return RC_OK; /* it is just being founded */
	ssh_public_text(text, s->key.public);
	q = query_begin(s->db, SQL_SERVER_KEY_KNOWN);
	query_text(q, 1, text);
	known = query_row(q);
	rc = query_end(q, err);
	if (rc == RC_OK && !known)
		rc = err_set(err, RC_DENIED,
			     "'%s/server.key' is not this log's key: restore "
			     "the one that belongs to hufu.db",
			     s->dir);
	return rc;
}

static enum rc store_load(struct store *s, struct err *err)
{
	char *text = NULL, *path = NULL;
	enum rc rc = store_meta_get(s, "epoch", &text, err);

	if (rc == RC_OK) {
		snprintf(s->epoch, sizeof(s->epoch), "%s", text);
		free(text);
		rc = store_format_check(s, err);
	}
	if (rc == RC_OK)
		rc = path_in(&path, s->dir, "server.key", err);
	if (rc == RC_OK)
		rc = key_read(path, &s->key, err);
	free(path);
	return rc;
}

/* One that may not be read and written is not taken for one that is missing.
 * Never opened here: to close it would drop the locks that SQLite has on it. */
static enum rc file_is_there(const char *dir, const char *name, bool *is_there,
			     struct err *err)
{
	char *path;
	enum rc rc = path_in(&path, dir, name, err);

	if (rc != RC_OK)
		return rc;
	*is_there = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
	if (!*is_there && errno != ENOENT && errno != ENOTDIR)
		rc = err_set(err, RC_IO,
			     "cannot open '%s': %s; run as the user that owns "
			     "the data folder",
			     path, strerror(errno));
	free(path);
	return rc;
}

enum rc store_open(struct store **out, const char *dir, const struct host *host,
		   bool fast, struct err *err)
{
	struct store *s;
	bool is_there;
	enum rc rc = store_new(&s, dir, host, fast, err);

	*out = NULL;
	if (rc == RC_OK)
		rc = file_is_there(dir, "hufu.db", &is_there, err);
	if (rc == RC_OK && !is_there)
		rc = err_set(err, RC_NOT_FOUND,
			     "'%s' is no data folder: make one with 'hufud "
			     "init --data %s'",
			     dir, dir);
	if (rc == RC_OK)
		rc = file_is_there(dir, "keys.db", &is_there, err);
	/* An empty one in its place would number its keys from 1 again. */
	if (rc == RC_OK && !is_there)
		rc = err_set(err, RC_NOT_FOUND,
			     "'%s/keys.db' is missing: restore it from its "
			     "backup, sealed records cannot be read without it",
			     dir);
	if (rc == RC_OK)
		rc = db_open_in(s, &s->db, "hufu.db", DB_WRITE, err);
	if (rc == RC_OK)
		rc = db_open_in(s, &s->keys, "keys.db", DB_WRITE, err);
	if (rc == RC_OK)
		rc = store_load(s, err);
	if (rc == RC_OK)
		rc = store_refresh_kinds(s, err);
	if (rc == RC_OK)
		rc = key_belongs(s, err);
	if (rc == RC_OK)
		rc = audit_end_check(s, err);
	if (rc != RC_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return RC_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(s->db);
	db_close(s->keys);
	registry_free(s->kinds);
	sign_key_release(&s->key);
	free(s->dir);
	free(s);
}

enum rc store_meta_get(struct store *s, const char *key, char **out,
		       struct err *err)
{
	struct query *q = query_begin(s->db, SQL_META_GET);
	enum rc rc;

	*out = NULL;
	query_text(q, 1, key);
	if (query_row(q))
		*out = strdup(query_get_text(q, 0));
	rc = query_end(q, err);
	if (rc == RC_OK && !*out)
		rc = RC_NOT_FOUND;
	return rc;
}

enum rc store_meta_put(struct store *s, const char *key, const char *value,
		       struct err *err)
{
	struct query *q = query_begin(s->db, SQL_META_PUT);

	query_text(q, 1, key);
	query_text(q, 2, value);
	return query_end(q, err);
}
