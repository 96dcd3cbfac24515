/* domain/draw_file.c - papers in files. */
#include "domain/draw_paper.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jcs.h"

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* On the disk before its name: whoever finds the file finds all of it. */
static enum rc write_beside(const char *path, const struct buf *text,
			    struct err *err)
{
	char part[4096];
	bool ok;
	int fd;

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return err_set(err, RC_INVALID,
			       "the name '%.60s...' is too long", path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ok = fd >= 0 && write_all(fd, text->data, text->len) && fsync(fd) == 0;
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	if (ok && rename(part, path) == 0)
		return RC_OK;
	err_set(err, RC_IO, "cannot write '%s': %s", path, strerror(errno));
	unlink(part);
	return RC_IO;
}

enum rc draw_file_write(const char *path, const json_t *paper, struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, DRAW_PAPER_BYTES_MAX);
	rc = jcs_write(&text, paper, err);
	if (rc == RC_OK)
		rc = write_beside(path, &text, err);
	buf_release(&text);
	return rc;
}

static enum rc read_all(const char *path, struct buf *text, struct err *err)
{
	char piece[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO,
			       "cannot read '%s': %s", path, strerror(errno));
	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			buf_put(text, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	if (n < 0)
		return err_set(err, RC_IO, "cannot read '%s'", path);
	return buf_status(text, err);
}

/* Papers of a large district are over the size that json_read takes from
 * outside. The parser's own limit on nesting holds here; a paper of canonical
 * bytes is what draw_verify compares hashes with, so nothing else is trusted.
 */
enum rc draw_file_read(const char *path, json_t **out, struct err *err)
{
	json_error_t why;
	struct buf text;
	enum rc rc;

	*out = NULL;
	buf_init(&text, DRAW_PAPER_BYTES_MAX);
	rc = read_all(path, &text, err);
	if (rc == RC_OK) {
		*out = json_loadb(text.data ? text.data : "", text.len,
				  JSON_REJECT_DUPLICATES, &why);
		if (!*out)
			rc = err_set(err, RC_CORRUPT,
				     "'%s' is no paper of a draw: line %d: "
				     "%.100s",
				     path, why.line, why.text);
	}
	buf_release(&text);
	return rc;
}
