/* replica/erase.c - nothing of a replica stays but one sector that says so.
 *
 *   "hufu wiped 1\n" {"order":…,"server":…,"time":…,"url":…} "\n" NUL...
 *
 * 512 bytes are written by a disk whole or not at all; they stand where SQLite
 * looks for its own words, so no program takes the file for a database again.
 * What a file system or a flash chip keeps of deleted blocks is for the
 * encryption of the tablet. */
#include "replica/wipe_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "blob/blob.h"
#include "replica/evidence_impl.h"

#define SECTOR_BYTES 512
#define PIECE_BYTES 65536

static const char magic[] = "hufu wiped 1\n";

static enum rc sector_write(char out[SECTOR_BYTES], const struct wiped *w,
			    struct err *err)
{
	char server[BASE64_SIZE(SIGN_PUBLIC_BYTES)];
	struct buf text;
	json_t *o;
	enum rc rc;

	base64_encode(server, w->server, sizeof(w->server));
	o = json_pack("{s:s, s:s, s:I, s:s}", "order", w->order, "server",
		      server, "time", (json_int_t)w->time_ms, "url", w->url);
	buf_init(&text, SECTOR_BYTES - 1);
	buf_puts(&text, magic);
	rc = o ? json_write(&text, o, err) : out_of_memory(err);
	buf_byte(&text, '\n');
	if (rc == RC_OK)
		rc = buf_status(&text, err);
	memset(out, 0, SECTOR_BYTES);
	if (rc == RC_OK)
		memcpy(out, text.data, text.len);
	buf_release(&text);
	json_decref(o);
	return rc;
}

enum rc wiped_read(const char *path, struct wiped *out, struct err *err)
{
	char sector[SECTOR_BYTES + 1] = "";
	const char *server, *text = sector + sizeof(magic) - 1;
	struct err ignored = { 0 };
	size_t n = sizeof(out->server);
	json_t *o = NULL;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return blob_failed("open", path, err);
	got = read(fd, sector, SECTOR_BYTES);
	close(fd);
	if (got < (ssize_t)sizeof(magic) ||
	    memcmp(sector, magic, sizeof(magic) - 1) != 0)
		return RC_NOT_FOUND;
	/* Wiped it is, whatever can be read of the rest. */
	if (json_read(text, strcspn(text, "\n"), &o, &ignored) == RC_OK) {
		const char *order = json_text(o, "order");
		const char *url = json_text(o, "url");

		snprintf(out->order, sizeof(out->order), "%s",
			 order ? order : "");
		snprintf(out->url, sizeof(out->url), "%s", url ? url : "");
		server = json_text(o, "server");
		if (server)
			base64_decode(out->server, &n, server, strlen(server));
		out->time_ms = json_int(o, "time", 0);
	}
	json_decref(o);
	return RC_OK;
}

enum rc erase_begin(const char *path, const struct wiped *w, int *fd,
		    struct err *err)
{
	char sector[SECTOR_BYTES];
	enum rc rc = sector_write(sector, w, err);

	*fd = -1;
	if (rc != RC_OK)
		return rc;
	*fd = open(path, O_WRONLY | O_CLOEXEC);
	if (*fd < 0)
		return blob_failed("open", path, err);
	rc = blob_write(*fd, sector, sizeof(sector), path, err);
	return rc == RC_OK ? blob_sync(*fd, path, err) : rc;
}

/* Zeros from the second sector to the end, then the end is there. */
static enum rc rest_clear(int fd, const char *path, struct err *err)
{
	static const char zeros[PIECE_BYTES];
	struct stat st;
	enum rc rc = RC_OK;

	if (fstat(fd, &st) != 0 || lseek(fd, SECTOR_BYTES, SEEK_SET) < 0)
		return blob_failed("read", path, err);
	for (off_t at = SECTOR_BYTES; rc == RC_OK && at < st.st_size;
	     at += PIECE_BYTES) {
		off_t left = st.st_size - at;

		rc = blob_write(fd, zeros,
				left < PIECE_BYTES ? (size_t)left : PIECE_BYTES,
				path, err);
	}
	if (rc == RC_OK && st.st_size > SECTOR_BYTES)
		rc = blob_sync(fd, path, err);
	if (rc == RC_OK && st.st_size > SECTOR_BYTES &&
	    ftruncate(fd, SECTOR_BYTES) != 0)
		rc = blob_failed("cut", path, err);
	return rc == RC_OK ? blob_sync(fd, path, err) : rc;
}

static enum rc entry_drop(const char *folder, const char *name, bool is_folder,
			  struct err *err)
{
	size_t room = strlen(folder) + strlen(name) + 2;
	char *path = malloc(room);
	enum rc rc = RC_OK;

	if (!path)
		return out_of_memory(err);
	snprintf(path, room, "%s/%s", folder, name);
	if ((is_folder ? rmdir(path) : unlink(path)) != 0 && errno != ENOENT)
		rc = blob_failed("remove", path, err);
	free(path);
	return rc;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* What is in a folder of plain files. */
static enum rc folder_empty(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	enum rc rc = RC_OK;

	if (!dir)
		return errno == ENOENT ? RC_OK
				       : blob_failed("open folder", path, err);
	while (rc == RC_OK && (e = readdir(dir)))
		if (!is_dots(e->d_name))
			rc = entry_drop(path, e->d_name, false, err);
	closedir(dir);
	return rc == RC_OK ? blob_folder_sync(path, err) : rc;
}

/* A folder of such folders, and plain files. */
static enum rc evidence_clear(const char *folder, struct err *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	enum rc rc = RC_OK;

	if (!dir)
		return errno == ENOENT
			       ? RC_OK
			       : blob_failed("open folder", folder, err);
	while (rc == RC_OK && (e = readdir(dir))) {
		size_t room = strlen(folder) + strlen(e->d_name) + 2;
		char *path = is_dots(e->d_name) ? NULL : malloc(room);
		struct stat st;

		if (!path)
			continue;
		snprintf(path, room, "%s/%s", folder, e->d_name);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			rc = folder_empty(path, err);
			if (rc == RC_OK)
				rc = entry_drop(folder, e->d_name, true, err);
		} else {
			rc = entry_drop(folder, e->d_name, false, err);
		}
		free(path);
	}
	closedir(dir);
	if (rc == RC_OK)
		rc = blob_folder_sync(folder, err);
	if (rc == RC_OK && rmdir(folder) != 0 && errno != ENOENT)
		rc = blob_failed("remove", folder, err);
	return rc;
}

/* "FILE-journal", or "FILE.330106.part" of a clone that was cut. */
static bool is_beside(const char *name, const char *base)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm" };
	size_t n = strlen(base), len = strlen(name);

	if (len <= n || strncmp(name, base, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!strcmp(name + n, ends[i]))
			return true;
	return name[n] == '.' && len > n + 5 &&
	       !strcmp(name + len - 5, ".part");
}

static enum rc beside_clear(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1)
			     : strdup("./");
	const struct dirent *e;
	enum rc rc = RC_OK;
	DIR *dir;

	if (!folder)
		return out_of_memory(err);
	dir = opendir(folder);
	if (!dir)
		rc = blob_failed("open folder", folder, err);
	while (rc == RC_OK && (e = readdir(dir)))
		if (is_beside(e->d_name, slash ? slash + 1 : path))
			rc = entry_drop(folder, e->d_name, false, err);
	if (dir)
		closedir(dir);
	free(folder);
	return rc;
}

enum rc erase_finish(const char *path, int *fd, struct err *err)
{
	const struct replica as = { .path = (char *)(uintptr_t)path };
	char *folder = evidence_folder(&as);
	enum rc rc = folder ? RC_OK : out_of_memory(err);

	if (*fd < 0)
		*fd = open(path, O_WRONLY | O_CLOEXEC);
	if (rc == RC_OK && *fd < 0)
		rc = blob_failed("open", path, err);
	/* First what SQLite would play back into the file. */
	if (rc == RC_OK)
		rc = beside_clear(path, err);
	if (rc == RC_OK)
		rc = rest_clear(*fd, path, err);
	if (rc == RC_OK)
		rc = evidence_clear(folder, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	free(folder);
	return rc;
}
