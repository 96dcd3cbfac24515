/* ledger/snapshot.c - prepared clones as files of the data folder:
 *
 *   snapshots/<scope>-<ETag>.snap    a snapshot; the ETag begins with its head
 *   snapshots/<scope>.current        a link to the one that is served, format 1
 *   snapshots/<scope>.current<f>     the same of format f
 *   snapshots/<scope>.former...      the one before, likewise
 *   snapshots/<scope>.tmp<pid>       one that is being made */
#include "ledger/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "ledger/ledger.h"
#include "ledger/snapshot_write.h"
#include "wire/message.h"

#define STALE_CHANGES_MIN 1000
#define NAME_BYTES 192

static char *file_path(const struct store *s, const char *name)
{
	char path[288]; /* a name of a folder's entry fits */

	snprintf(path, sizeof(path), "snapshots/%s", name);
	return store_path(s, path);
}

static void link_name(char out[NAME_BYTES], const char *scope, const char *what,
		      int format)
{
	char digit[12] = "";

	if (format > 1)
		snprintf(digit, sizeof(digit), "%d", format);
	snprintf(out, NAME_BYTES, "%.8s.%s%s", scope, what, digit);
}

static void snap_name(char out[NAME_BYTES], const char *scope, const char *etag)
{
	snprintf(out, NAME_BYTES, "%.8s-%.*s.snap", scope, SNAPSHOT_ETAG_BYTES,
		 etag);
}

static bool is_etag(const char *s)
{
	size_t n = strlen(s);

	return n >= 40 && n < SNAPSHOT_ETAG_BYTES &&
	       strspn(s, "0123456789abcdef-") == n;
}

/* The ETag in the name that a link points to; "" where there is none. */
static enum rc link_read(const struct store *s, const char *scope,
			 const char *what, int format, char etag[NAME_BYTES],
			 struct err *err)
{
	char name[NAME_BYTES], target[NAME_BYTES];
	size_t skip = strlen(scope) + 1;
	char *path;
	ssize_t n;

	etag[0] = '\0';
	link_name(name, scope, what, format);
	path = file_path(s, name);
	if (!path)
		return err_set(err, RC_NOMEM, "out of memory");
	n = readlink(path, target, sizeof(target) - 1);
	free(path);
	if (n < (ssize_t)(skip + strlen(".snap")))
		return RC_OK;
	target[n - (ssize_t)strlen(".snap")] = '\0';
	if (is_etag(target + skip))
		snprintf(etag, NAME_BYTES, "%s", target + skip);
	return RC_OK;
}

static enum rc link_put(const struct store *s, const char *scope,
			const char *what, int format, const char *etag,
			struct err *err)
{
	char name[NAME_BYTES], target[NAME_BYTES], half[NAME_BYTES + 32];
	char *path, *tmp;
	enum rc rc = RC_OK;

	link_name(name, scope, what, format);
	snprintf(half, sizeof(half), "%s.tmp%ld", name, (long)getpid());
	snap_name(target, scope, etag);
	path = file_path(s, name);
	tmp = file_path(s, half);
	if (!path || !tmp)
		rc = err_set(err, RC_NOMEM, "out of memory");
	else if ((unlink(tmp), symlink(target, tmp)) != 0 ||
		 rename(tmp, path) != 0)
		rc = err_set(err, RC_IO, "cannot place a snapshot: %s",
			     strerror(errno));
	free(path);
	free(tmp);
	return rc;
}

/* Is a snapshot of this head still worth serving? */
static bool is_fresh(struct store *s, const char *scope, const char *etag)
{
	struct err ignored = { 0 };
	struct head then, now;
	struct oid oid;
	int64_t records, most;

	if (!etag[0] || !oid_parse(&oid, etag, 40) ||
	    ledger_head_at(s, scope, &oid, &then, &ignored) != RC_OK ||
	    ledger_head(s, scope, &now, &ignored) != RC_OK ||
	    snapshot_count(s, scope, &records, &ignored) != RC_OK)
		return false;
	most = records / 20 > STALE_CHANGES_MIN ? records / 20
						: STALE_CHANGES_MIN;
	return now.position - then.position <= most;
}

/* *out->path stays NULL where there is no such file. */
static enum rc file_take(const struct store *s, const char *scope,
			 const char *etag, struct snapshot_file *out,
			 struct err *err)
{
	char name[NAME_BYTES];
	struct stat st;

	snap_name(name, scope, etag);
	out->path = file_path(s, name);
	if (!out->path)
		return err_set(err, RC_NOMEM, "out of memory");
	if (stat(out->path, &st) != 0) {
		free(out->path);
		out->path = NULL;
		return RC_OK;
	}
	out->bytes = (int64_t)st.st_size;
	snprintf(out->etag, sizeof(out->etag), "%s", etag);
	return RC_OK;
}

enum rc snapshot_find(struct store *s, const char *scope, int format,
		      const char *wanted, struct snapshot_file *out,
		      struct err *err)
{
	char etag[NAME_BYTES];
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (wanted && is_etag(wanted))
		rc = file_take(s, scope, wanted, out, err);
	if (rc != RC_OK || out->path)
		return rc;
	rc = link_read(s, scope, "current", format, etag, err);
	if (rc == RC_OK && is_fresh(s, scope, etag))
		rc = file_take(s, scope, etag, out, err);
	return rc;
}

static void snap_remove(const struct store *s, const char *scope,
			const char *etag)
{
	char name[NAME_BYTES];
	char *path;

	snap_name(name, scope, etag);
	path = file_path(s, name);
	if (path)
		unlink(path); /* who reads it still has it open */
	free(path);
}

/* What is current becomes the former one, and what was former goes. */
static enum rc places_change(const struct store *s, const char *scope,
			     int format, const char *etag, struct err *err)
{
	char current[NAME_BYTES], former[NAME_BYTES];
	enum rc rc = link_read(s, scope, "current", format, current, err);

	if (rc == RC_OK)
		rc = link_read(s, scope, "former", format, former, err);
	if (rc == RC_OK)
		rc = link_put(s, scope, "current", format, etag, err);
	if (rc != RC_OK || !current[0] || !strcmp(current, etag))
		return rc;
	rc = link_put(s, scope, "former", format, current, err);
	if (rc == RC_OK && former[0] && strcmp(former, etag) != 0 &&
	    strcmp(former, current) != 0)
		snap_remove(s, scope, former);
	return rc;
}

static enum rc made_place(const struct store *s, const char *scope, int format,
			  const char *tmp, const char *etag, struct err *err)
{
	char name[NAME_BYTES];
	char *path;
	enum rc rc = RC_OK;

	snap_name(name, scope, etag);
	path = file_path(s, name);
	if (!path)
		rc = err_set(err, RC_NOMEM, "out of memory");
	else if (rename(tmp, path) != 0)
		rc = err_set(err, RC_IO, "cannot place a snapshot: %s",
			     strerror(errno));
	free(path);
	return rc == RC_OK ? places_change(s, scope, format, etag, err) : rc;
}

/* A backup may have left the folder out: nothing in it is worth keeping. What
 * fails here is said by the open that follows. */
static void folder_make(const struct store *s)
{
	char *path = file_path(s, "");

	if (path)
		mkdir(path, 0700);
	free(path);
}

static enum rc make_now(struct store *s, const char *scope, int format,
			const char *tmp, struct err *err)
{
	char etag[SNAPSHOT_ETAG_BYTES];
	enum rc rc;
	int fd;

	folder_make(s);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, RC_IO, "cannot write '%s': %s", tmp,
			       strerror(errno));
	rc = snapshot_write(s, scope, format, fd, etag, err);
	if (close(fd) != 0 && rc == RC_OK)
		rc = err_set(err, RC_IO, "cannot write '%s': %s", tmp,
			     strerror(errno));
	if (rc == RC_OK)
		rc = made_place(s, scope, format, tmp, etag, err);
	if (rc != RC_OK)
		unlink(tmp);
	return rc;
}

enum rc snapshot_make(struct store *s, const char *scope, int format,
		      struct err *err)
{
	char name[NAME_BYTES];
	struct snapshot_file file;
	char *tmp;
	enum rc rc = snapshot_find(s, scope, format, NULL, &file, err);

	if (rc != RC_OK || file.path) {
		free(file.path);
		return rc;
	}
	snprintf(name, sizeof(name), "%s.tmp%ld", scope, (long)getpid());
	tmp = file_path(s, name);
	rc = tmp ? make_now(s, scope, format, tmp, err)
		 : err_set(err, RC_NOMEM, "out of memory");
	free(tmp);
	return rc;
}

/* "330106.current2": the format, or 0 where the name is none of a link. */
static int current_read(const char *name, char scope[16])
{
	const char *dot = strchr(name, '.');
	const char *digits;

	if (!dot || strncmp(dot, ".current", 8) != 0 || dot - name > 8)
		return 0;
	snprintf(scope, 16, "%.*s", (int)(dot - name), name);
	digits = dot + 8;
	if (!name_is_scope(scope))
		return 0;
	if (!*digits)
		return 1;
	return digits[0] > '1' && digits[0] <= '9' && !digits[1]
		       ? digits[0] - '0'
		       : 0;
}

enum rc snapshot_each(struct store *s, snapshot_fn *fn, void *ctx,
		      struct err *err)
{
	char *folder = file_path(s, "");
	DIR *dir = folder ? opendir(folder) : NULL;
	const struct dirent *e;
	enum rc rc = folder ? RC_OK : err_set(err, RC_NOMEM, "out of memory");

	while (dir && rc == RC_OK && (e = readdir(dir))) {
		char scope[16];
		int format = current_read(e->d_name, scope);

		if (format >= 1 && format <= SNAPSHOT_FORMAT)
			rc = fn(ctx, scope, format, err);
	}
	if (dir)
		closedir(dir);
	free(folder);
	return rc;
}

void snapshot_tidy(struct store *s)
{
	char *folder = file_path(s, "");
	DIR *dir = folder ? opendir(folder) : NULL;
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char *path = strstr(e->d_name, ".tmp") ? file_path(s, e->d_name)
						       : NULL;

		if (path)
			unlink(path);
		free(path);
	}
	if (dir)
		closedir(dir);
	free(folder);
}
