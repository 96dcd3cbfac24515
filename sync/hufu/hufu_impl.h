/* hufu/hufu_impl.h - what the files of this room share.
 *
 * A call begins with hufu_begin, which forgets the last message, and ends with
 * hufu_end, which turns the room's outcome into the caller's code. */
#ifndef HUFU_HUFU_IMPL_H
#define HUFU_HUFU_IMPL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "hufu/hufu.h"
#include "replica/replica.h"

struct hufu {
	struct replica *r; /* NULL while none is open */
	bool allow_plain;
	bool is_stopped; /* a progress function said so, in this call */
	hufu_progress_fn *progress;
	void *progress_ctx;
	struct err err;
};

/* RC_INVALID where no replica is open. */
enum rc hufu_begin(struct hufu *h);
enum hufu_code hufu_end(struct hufu *h, enum rc rc);
/* Tell of progress; false: stop. */
bool hufu_tell(struct hufu *h, const char *what, int64_t done, int64_t total);
/* RC_INVALID "... is missing" for NULL. */
enum rc hufu_need(struct hufu *h, const char *given, const char *what);

/* Without the key edits stay where they are: how many these are. */
enum rc hufu_left_behind(struct hufu *h, int *edited);

/* The same of a call that answers a list: *out, which a caller may not want, is
 * NULL until the end, and then the list, or that is freed after a failure.
 * `is_report`: it stands at its one entry. */
enum rc hufu_begin_list(struct hufu *h, struct hufu_list **out,
			struct hufu_list **list);
enum hufu_code hufu_end_list(struct hufu *h, struct hufu_list *list,
			     struct hufu_list **out, bool is_report,
			     enum rc rc);
/* Add an entry, whose reference is taken; NULL is "out of memory". */
enum rc list_add(struct hufu_list *list, json_t *entry, struct err *err);
/* The same of an entry that is the caller's: a json_fn. */
enum rc list_take(void *list, const json_t *entry, struct err *err);
/* A function of the replica that tells of JSON objects one by one, and the
 * whole call that makes a list of them. */
typedef enum rc each_fn(struct replica *r, json_fn *fn, void *ctx,
			struct err *err);
enum hufu_code hufu_list_by(struct hufu *h, struct hufu_list **out,
			    bool is_report, each_fn *each);

#endif
