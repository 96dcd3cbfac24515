/* hufu/bundle.c - syncs by file, and what is carried for others. */
#include "hufu/hufu_impl.h"

#include "base/json_memory.h"

static enum rc made_add(struct hufu *h, struct hufu_list *list,
			const struct bundle_made *m, int edited)
{
	return list_add(list,
			json_pack("{s:i, s:i, s:I, s:b, s:i, s:i, s:s}",
				  "packets", m->packets, "carried", m->carried,
				  "bytes", (json_int_t)m->bytes, "left_out",
				  m->left_out, "uncommitted", edited,
				  "held_back", m->held.records, "held_why",
				  m->held.why),
			&h->err);
}

enum hufu_code hufu_bundle_create(struct hufu *h, const char *file,
				  struct hufu_list **report)
{
	struct hufu_list *list;
	struct bundle_made made;
	int edited = 0;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = hufu_left_behind(h, &edited);
	if (rc == RC_OK)
		rc = replica_bundle_create(h->r, file, &made, &h->err);
	if (rc == RC_OK)
		rc = made_add(h, list, &made, edited);
	return hufu_end_list(h, list, report, true, rc);
}

static enum rc taken_add(struct hufu *h, struct hufu_list *list,
			 const struct bundle_taken *t)
{
	json_t *info = NULL, *o;
	enum rc rc = replica_info(h->r, &info, &h->err);

	if (rc != RC_OK)
		return rc;
	o = json_pack("{s:i, s:i, s:i, s:i, s:b, s:b, s:i, s:i, s:i, s:i, s:i,"
		      " s:i, s:O}",
		      "applied", t->applied, "again", t->again, "receipts_only",
		      t->receipts_only, "kept", t->kept, "needs_another",
		      t->needs_another, "fork", t->sum.fork, "packets_sent",
		      t->sum.packets_sent, "records_sent", t->sum.records_sent,
		      "records_received", t->sum.records_received, "merged",
		      t->sum.merged, "conflicts", t->sum.conflicts,
		      "quarantined", t->sum.quarantined, "scopes",
		      json_object_get(info, "scopes"));
	json_decref(info);
	return list_add(list, o, &h->err);
}

enum hufu_code hufu_bundle_apply(struct hufu *h, const char *file,
				 struct hufu_list **report)
{
	struct hufu_list *list;
	struct bundle_taken taken;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = replica_bundle_apply(h->r, file, &taken, &h->err);
	if (rc == RC_OK)
		rc = taken_add(h, list, &taken);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_carry(struct hufu *h, const char *file,
			  struct hufu_list **report)
{
	struct hufu_list *list;
	struct bundle_carried c;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = replica_bundle_carry(h->r, file, &c, &h->err);
	if (rc == RC_OK)
		rc = list_add(list,
			      json_pack("{s:i, s:i, s:i}", "requests",
					c.requests, "answers", c.answers, "own",
					c.own),
			      &h->err);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_carried_answers(struct hufu *h, const char *file,
				    const char *terminal, int *answers)
{
	int n = 0;
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = replica_bundle_answers(h->r, file, terminal, &n, &h->err);
	if (answers)
		*answers = n;
	return hufu_end(h, rc);
}

enum hufu_code hufu_carried(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, replica_bundle_cargo);
}
