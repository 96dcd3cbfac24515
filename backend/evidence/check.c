/* evidence/check.c - are the bytes still what their names say? */
#include "evidence/evidence_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checking {
	const struct evidence *evidence;
	evidence_bad_fn *fn;
	void *ctx;
	int64_t files;
};

static enum rc file_check(void *ctx, const char *name, int64_t bytes,
			  struct err *err)
{
	struct checking *c = ctx;
	char *path = blob_path(c->evidence->folder, name, "");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char is[BLOB_NAME_SIZE] = "";
	enum rc rc = path ? RC_OK : evidence_no_memory(err);

	c->files++;
	if (rc == RC_OK && fd < 0)
		rc = blob_failed("read", path, err);
	if (rc == RC_OK)
		rc = blob_hash(fd, path, is, &bytes, err);
	if (rc == RC_OK && strcmp(is, name) != 0)
		c->fn(c->ctx, name, is);
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

enum rc evidence_check(const char *dir, evidence_bad_fn *fn, void *ctx,
		       int64_t *files, struct err *err)
{
	struct checking c = { .fn = fn, .ctx = ctx };
	struct evidence *e;
	enum rc rc = evidence_new(&e, dir, &evidence_limits_usual, err);

	if (rc == RC_OK) {
		c.evidence = e;
		rc = blob_each(e->folder, file_check, &c, err);
	}
	*files = c.files;
	evidence_free(e);
	return rc;
}
