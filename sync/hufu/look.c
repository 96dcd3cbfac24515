/* hufu/look.c - what the replica knows: records, packets, conflicts, itself. */
#include "hufu/hufu_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

enum hufu_code hufu_log(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, replica_log);
}

enum hufu_code hufu_conflicts(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, replica_conflicts);
}

static enum rc info_take(struct replica *r, json_fn *fn, void *ctx,
			 struct err *err)
{
	json_t *info;
	enum rc rc = replica_info(r, &info, err);

	if (rc == RC_OK)
		rc = fn(ctx, info, err);
	json_decref(info);
	return rc;
}

static enum rc scopes_take(struct replica *r, json_fn *fn, void *ctx,
			   struct err *err)
{
	const json_t *scope;
	json_t *info;
	size_t i;
	enum rc rc = replica_info(r, &info, err);

	json_array_foreach(json_object_get(info, "scopes"), i, scope)
	{
		if (rc == RC_OK)
			rc = fn(ctx, scope, err);
	}
	json_decref(info);
	return rc;
}

enum hufu_code hufu_info(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, true, info_take);
}

enum hufu_code hufu_scopes(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, scopes_take);
}

static enum rc record_read(struct hufu *h, const char *kind, const char *id,
			   int state, json_t **out)
{
	char *text = NULL;
	enum rc rc;

	*out = NULL;
	if (state != HUFU_LIVE && state != HUFU_MAIN)
		return err_set(&h->err, RC_INVALID, "there is no state %d",
			       state);
	if (state == HUFU_LIVE)
		return replica_live(h->r, kind, id, out, &h->err);
	rc = replica_main(h->r, kind, id, &text, &h->err);
	if (rc == RC_OK)
		rc = json_read(text, strlen(text), out, &h->err);
	free(text);
	return rc;
}

enum hufu_code hufu_record(struct hufu *h, const char *kind, const char *id,
			   int state, struct hufu_list **out)
{
	struct hufu_list *list;
	json_t *record = NULL;
	enum rc rc = hufu_begin_list(h, out, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, kind, "the kind");
	if (rc == RC_OK)
		rc = hufu_need(h, id, "the record's id");
	if (rc == RC_OK)
		rc = record_read(h, kind, id, state, &record);
	if (rc == RC_OK)
		rc = list_add(list, record, &h->err);
	return hufu_end_list(h, list, out, true, rc);
}

enum hufu_code hufu_find(struct hufu *h, const char *kind, const char *words,
			 int most, struct hufu_list **out)
{
	struct hufu_list *list;
	enum rc rc = hufu_begin_list(h, out, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, words, "the words");
	if (rc == RC_OK)
		rc = replica_find(h->r, kind, words, most, list_take, list,
				  &h->err);
	return hufu_end_list(h, list, out, false, rc);
}

enum hufu_code hufu_verify(struct hufu *h)
{
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = replica_verify(h->r, &h->err);
	return hufu_end(h, rc);
}
