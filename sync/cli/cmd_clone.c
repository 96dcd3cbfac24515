#include "cli/verbs.h"

int verb_clone(struct verb *v)
{
	json_t *info;
	int code = verb_connect(v);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	rc = replica_clone(v->r, &v->exchange, verb_progress, NULL, &v->err);
	if (rc != RC_OK)
		return verb_fail(v);
	verb_progress_end();
	if (!v->json)
		return verb_print_scopes(v, "equal");
	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	verb_json(info);
	json_decref(info);
	return EXIT_DONE;
}
