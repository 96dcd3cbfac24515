/* hufu/handle.c - the handle: what is open, and what went wrong. */
#include "hufu/hufu_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"

/* The public numbers are the library's own, so that nothing translates. */
_Static_assert((int)HUFU_OK == (int)RC_OK, "codes differ");
_Static_assert((int)HUFU_INVALID == (int)RC_INVALID, "codes differ");
_Static_assert((int)HUFU_DENIED == (int)RC_DENIED, "codes differ");
_Static_assert((int)HUFU_NOT_FOUND == (int)RC_NOT_FOUND, "codes differ");
_Static_assert((int)HUFU_CONFLICT == (int)RC_CONFLICT, "codes differ");
_Static_assert((int)HUFU_BUSY == (int)RC_BUSY, "codes differ");
_Static_assert((int)HUFU_CORRUPT == (int)RC_CORRUPT, "codes differ");
_Static_assert((int)HUFU_IO == (int)RC_IO, "codes differ");
_Static_assert((int)HUFU_NOMEM == (int)RC_NOMEM, "codes differ");
_Static_assert((int)HUFU_STOPPED == (int)RC__MAX, "a code has no number");
_Static_assert(HUFU_TIME_SIZE == 25, "time_format writes 25 bytes");

const char *hufu_version(void)
{
	return HUFU_VERSION;
}

const char *hufu_code_name(enum hufu_code code)
{
	if (code == HUFU_STOPPED)
		return "stopped";
	if ((int)code < 0 || (int)code >= RC__MAX)
		return "unknown";
	return rc_name((enum rc)code);
}

struct hufu *hufu_new(void)
{
	return calloc(1, sizeof(struct hufu));
}

void hufu_free(struct hufu *h)
{
	if (!h)
		return;
	hufu_close(h);
	free(h);
}

const char *hufu_message(const struct hufu *h)
{
	return h->err.text;
}

enum rc hufu_begin(struct hufu *h)
{
	err_clear(&h->err);
	h->is_stopped = false;
	if (!h->r)
		return err_set(&h->err, RC_INVALID, "no replica is open");
	return RC_OK;
}

enum hufu_code hufu_end(struct hufu *h, enum rc rc)
{
	if (rc == RC_OK) {
		err_clear(&h->err);
		return HUFU_OK;
	}
	if (!h->is_stopped)
		return (enum hufu_code)rc;
	err_clear(&h->err);
	err_set(&h->err, rc, "stopped as asked; the next call goes on");
	return HUFU_STOPPED;
}

enum rc hufu_need(struct hufu *h, const char *given, const char *what)
{
	return given ? RC_OK
		     : err_set(&h->err, RC_INVALID, "%s is missing", what);
}

typedef enum rc open_fn(struct replica **out, const char *path,
			const struct host *host, struct err *err);

static enum hufu_code open_by(struct hufu *h, const char *path, open_fn *fn)
{
	enum rc rc;

	hufu_close(h);
	rc = hufu_need(h, path, "the file's name");
	if (rc == RC_OK)
		rc = fn(&h->r, path, &host_system, &h->err);
	return hufu_end(h, rc);
}

enum hufu_code hufu_create(struct hufu *h, const char *path)
{
	return open_by(h, path, replica_create);
}

enum hufu_code hufu_open(struct hufu *h, const char *path)
{
	return open_by(h, path, replica_open);
}

enum hufu_code hufu_open_copy(struct hufu *h, const char *path)
{
	return open_by(h, path, replica_open_copy);
}

int hufu_is_wiped(const struct hufu *h)
{
	return h->r && replica_is_wiped(h->r);
}

void hufu_close(struct hufu *h)
{
	replica_close(h->r);
	h->r = NULL;
	h->is_stopped = false;
	err_clear(&h->err);
}

void hufu_allow_plain_http(struct hufu *h, int allow)
{
	h->allow_plain = allow != 0;
}

void hufu_on_progress(struct hufu *h, hufu_progress_fn *fn, void *ctx)
{
	h->progress = fn;
	h->progress_ctx = ctx;
}

bool hufu_tell(struct hufu *h, const char *what, int64_t done, int64_t total)
{
	if (h->progress && h->progress(h->progress_ctx, what, done, total) != 0)
		h->is_stopped = true;
	return !h->is_stopped;
}

void hufu_time_text(char out[HUFU_TIME_SIZE], int64_t ms)
{
	time_format(out, ms);
}
