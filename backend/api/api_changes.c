/* api/api_changes.c - GET /v1/changes: what happened since a position. */
#include "api/feed.h"
#include "api/handlers.h"
#include "api/kinds_asked.h"

#include <string.h>

#include "base/jcs.h"

/* Of the log, that one page looks at: of a kind that is rarely written there
 * may be none in all of it. */
#define PAGE_ROWS_MAX (20 * FEED_ROWS_MAX)

enum rc change_page(struct call *c)
{
	const json_t *kinds = json_object_get(c->args, "kinds");
	const char *epoch = json_text(c->args, "epoch");
	int64_t since = json_int(c->args, "since", 0), head;
	const int64_t from = since;
	const struct feed_wish wish = {
		.scope = c->scope,
		.kinds = kinds,
		.with_record = json_text(c->args, "include") != NULL,
		.fields = json_object_get(c->args, "fields"),
		.most = (size_t)json_int(c->args, "limit", 100),
	};
	json_t *items = json_array();
	enum rc rc = kinds_asked_check(c, kinds, NULL, NULL);

	if (rc == RC_OK)
		rc = fields_asked_check(c, kinds, NULL);
	if (rc == RC_OK && wish.fields && !wish.with_record)
		rc = call_wrong(c, "fields",
				"are those of the record: goes with "
				"include=record");
	if (rc == RC_OK && epoch)
		rc = feed_epoch_check(c, epoch, strlen(epoch));
	if (rc == RC_OK)
		rc = feed_head(c, c->scope, &head);
	if (rc == RC_OK && since > head)
		rc = feed_begin_anew(c);
	/* Where nothing of a stretch is for the account, look on; `since` of
	 * the reply is where it stopped. */
	for (int64_t before = -1; rc == RC_OK && before != since &&
				  since - from < PAGE_ROWS_MAX &&
				  json_array_size(items) < wish.most;) {
		before = since;
		rc = feed_read(c, &wish, &since, items);
	}
	if (rc == RC_OK)
		c->result = json_pack(
			"{s:O, s:s, s:I, s:I, s:b, s:s}", "items", items,
			"scope", c->scope, "since", (json_int_t)since,
			"position", (json_int_t)(head > since ? head : since),
			"more", head > since, "epoch", c->store->epoch);
	json_decref(items);
	return rc;
}
