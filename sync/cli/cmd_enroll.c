#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jcs.h"

static int print_result(struct verb *v)
{
	const json_t *scope;
	json_t *info;
	size_t i;

	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	if (v->json) {
		verb_json(info);
		json_decref(info);
		return EXIT_DONE;
	}
	printf("enrolled %s (%s) on terminal %s for",
	       json_text(info, "name") ? json_text(info, "name") : "",
	       json_text(info, "officer"), json_text(info, "terminal"));
	json_array_foreach(json_object_get(info, "scopes"), i, scope)
		printf("%s %s", i ? "," : "", json_text(scope, "scope"));
	printf("\nnext: hufu clone --replica %s\n", v->replica);
	json_decref(info);
	return EXIT_DONE;
}

int verb_enroll(struct verb *v)
{
	char pin[PIN_SIZE];
	bool is_new = access(v->replica, F_OK) != 0;
	enum rc rc;
	int code;

	if (!v->code || !*v->code)
		return verb_misuse(v, "which code? --code CODE");
	code = verb_client(v, v->words[0]);
	if (v->err.code == RC_INVALID)
		return EXIT_USE;
	if (code != EXIT_DONE)
		return code;
	rc = pin_get(v, is_new, pin, &v->err);
	if (rc == RC_OK && is_new)
		rc = replica_create(&v->r, v->replica, &host_system, &v->err);
	else if (rc == RC_OK)
		rc = replica_open(&v->r, v->replica, &host_system, &v->err);
	if (rc == RC_OK)
		rc = replica_enroll(v->r, &v->exchange, v->words[0], v->code,
				    pin, &v->err);
	wipe(pin, sizeof(pin));
	return rc == RC_OK ? print_result(v) : verb_fail(v);
}
