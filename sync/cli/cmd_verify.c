#include "cli/verbs.h"

#include <stdio.h>

int verb_verify(struct verb *v)
{
	json_t *info;

	if (replica_open_copy(&v->r, v->replica, &host_system, &v->err) !=
	    RC_OK)
		return verb_fail(v);
	if (replica_verify(v->r, &v->err) != RC_OK)
		return verb_fail(v);
	if (!v->json)
		return verb_print_scopes(v, "verified");
	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	json_object_set_new(info, "verified", json_true());
	verb_json(info);
	json_decref(info);
	return EXIT_DONE;
}
