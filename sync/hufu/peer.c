/* hufu/peer.c - two officers at one visit, without the server. */
#include "hufu/hufu_impl.h"

enum hufu_code hufu_peer_create(struct hufu *h, const char *visit,
				const char *file, struct hufu_list **report)
{
	struct hufu_list *list;
	struct peer_made made;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, visit, "the visit");
	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = replica_peer_create(h->r, visit, file, &made, &h->err);
	if (rc == RC_OK)
		rc = list_add(list,
			      json_pack("{s:i, s:i, s:I}", "terminals",
					made.terminals, "packets",
					made.bundle.packets, "bytes",
					(json_int_t)made.bundle.bytes),
			      &h->err);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_peer_take(struct hufu *h, const char *file,
			      struct hufu_list **report)
{
	struct hufu_list *list;
	struct peer_taken taken;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file's name");
	if (rc == RC_OK)
		rc = replica_peer_take(h->r, file, &taken, &h->err);
	if (rc == RC_OK)
		rc = list_add(list,
			      json_pack("{s:s, s:s, s:i}", "visit", taken.visit,
					"officer", taken.officer, "answers",
					taken.answers),
			      &h->err);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_peer_verdict(struct hufu *h, const char *visit,
				 struct hufu_list **report)
{
	struct hufu_list *list;
	json_t *verdict = NULL;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, visit, "the visit");
	if (rc == RC_OK)
		rc = replica_peer_verdict(h->r, visit, &verdict, &h->err);
	if (rc == RC_OK)
		rc = list_add(list, verdict, &h->err);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_peer_sign(struct hufu *h, const char *visit,
			      char root[HUFU_ROOT_SIZE])
{
	char own[HUFU_ROOT_SIZE];
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, visit, "the visit");
	if (rc == RC_OK)
		rc = replica_peer_sign(h->r, visit, root ? root : own, &h->err);
	return hufu_end(h, rc);
}
