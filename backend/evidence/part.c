/* evidence/part.c - a file that is on its way. */
#include "evidence/evidence_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever had the lock before may have made the file of it, or taken it away:
 * then the name is another's, or nobody's. */
static bool is_still(const char *path, int fd)
{
	struct stat named, open;

	return stat(path, &named) == 0 && fstat(fd, &open) == 0 &&
	       named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

static enum rc part_lock(struct evidence_part *p, struct err *err)
{
	struct stat st;

	p->fd = open(p->path, O_RDWR | O_CLOEXEC);
	if (p->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return RC_NOT_FOUND;
	if (p->fd < 0)
		return blob_failed("write", p->path, err);
	if (flock(p->fd, LOCK_EX | LOCK_NB) != 0 || !is_still(p->path, p->fd))
		return err_set(err, RC_BUSY,
			       "another sends this file: try again in a "
			       "moment");
	if (fstat(p->fd, &st) != 0 || lseek(p->fd, 0, SEEK_END) < 0)
		return blob_failed("write", p->path, err);
	p->offset = st.st_size;
	return RC_OK;
}

enum rc part_open(struct evidence_part *p, struct evidence *e,
		  const struct evidence_file *f, struct err *err)
{
	enum rc rc;

	*p = (struct evidence_part){ .evidence = e, .file = *f, .fd = -1 };
	p->path = evidence_part_path(e->folder, f);
	if (!p->path)
		return evidence_no_memory(err);
	rc = part_lock(p, err);
	if (rc != RC_OK)
		part_close(p);
	return rc;
}

enum rc part_put(struct evidence_part *p, const void *bytes, size_t n,
		 struct err *err)
{
	enum rc rc;

	if ((int64_t)n > p->file.bytes - p->offset)
		return err_set(err, RC_INVALID,
			       "the file has %lld bytes, and more came",
			       (long long)p->file.bytes);
	rc = blob_write(p->fd, bytes, n, p->path, err);
	if (rc == RC_OK) {
		p->offset += (int64_t)n;
	} else {
		/* As if it had not come: half a write would move the offset. */
		struct err ignored = { 0 };

		(void)part_cut(p, p->offset, &ignored);
	}
	return rc;
}

enum rc part_cut(struct evidence_part *p, int64_t offset, struct err *err)
{
	if (ftruncate(p->fd, offset) != 0 ||
	    lseek(p->fd, offset, SEEK_SET) != offset)
		return blob_failed("write", p->path, err);
	p->offset = offset;
	return RC_OK;
}

enum rc part_keep(struct evidence_part *p, bool *whole, struct err *err)
{
	const char *folder = p->evidence->folder;
	char suffix[20];
	enum rc rc = blob_sync(p->fd, p->path, err);

	*whole = false;
	if (rc != RC_OK || p->offset < p->file.bytes)
		return rc;
	snprintf(suffix, sizeof(suffix), ".%s", p->file.scope);
	rc = blob_adopt(folder, p->path, p->file.sha256, err);
	if (rc == RC_CORRUPT && unlink(p->path) != 0 && errno != ENOENT)
		return blob_failed("remove", p->path, err);
	if (rc == RC_OK)
		rc = blob_mark(folder, p->file.sha256, suffix, err);
	if (rc == RC_OK)
		evidence_count(p->evidence, p->file.bytes);
	*whole = rc == RC_OK;
	return rc;
}

void part_close(struct evidence_part *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->path);
	p->fd = -1;
	p->path = NULL;
}
