#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int result_print(struct verb *v)
{
	struct hufu_list *info, *scopes = NULL;
	const char *name;
	int n = 0;

	if (v->json)
		return verb_print_info(v);
	if (hufu_info(v->h, &info) != HUFU_OK)
		return verb_fail(v);
	name = hufu_list_text(info, "name");
	printf("enrolled %s (%s) on terminal %s for", name ? name : "",
	       hufu_list_text(info, "officer"),
	       hufu_list_text(info, "terminal"));
	if (hufu_scopes(v->h, &scopes) == HUFU_OK)
		while (hufu_list_next(scopes) == HUFU_OK)
			printf("%s %s", n++ ? "," : "",
			       hufu_list_text(scopes, "scope"));
	printf("\nnext: hufu clone --replica %s\n", v->replica);
	hufu_list_free(scopes);
	hufu_list_free(info);
	return EXIT_DONE;
}

int verb_enroll(struct verb *v)
{
	char pin[PIN_SIZE];
	bool is_new = access(v->replica, F_OK) != 0;
	enum hufu_code done;
	int code;

	if (!v->code || !*v->code)
		return verb_misuse(v, "which code? --code CODE");
	done = hufu_url_check(v->h, v->words[0]);
	if (done != HUFU_OK) {
		code = verb_fail(v);
		return done == HUFU_INVALID ? EXIT_USE : code;
	}
	code = pin_get(v, is_new, pin);
	if (code != EXIT_DONE)
		return code;
	done = is_new ? hufu_create(v->h, v->replica)
		      : hufu_open(v->h, v->replica);
	if (done == HUFU_OK)
		done = hufu_enroll(v->h, v->words[0], v->code, pin);
	explicit_bzero(pin, sizeof(pin));
	verb_progress_end();
	return done == HUFU_OK ? result_print(v) : verb_fail(v);
}
