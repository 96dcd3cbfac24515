/* A field that says who acted names its author, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "kind/acting.h"
#include "lib/quoted.h"

#define FIELDS                                                                 \
	"{'kind':'plea','label':{'zh':'z','en':'e'},'scope':'county',"         \
	"'class':'L2','writers':['coordinator','inspector'],'fields':["        \
	"{'name':'asked_by','type':'text','label':{'zh':'z','en':'e'},"        \
	"'acting':['asked']},"                                                 \
	"{'name':'decided_by','type':%s,'label':{'zh':'z','en':'e'},"          \
	"'acting':%s},"                                                        \
	"{'name':'state','type':'text','label':{'zh':'z','en':'e'},"           \
	"'rule':'fsm','values':['asked','granted','refused'],'fsm':{"          \
	"'starts':[{'at':['asked'],'by':['coordinator']}],'moves':["           \
	"{'from':['asked','refused'],'to':'granted','by':['coordinator']},"    \
	"{'from':['asked','granted'],'to':'refused','by':['coordinator']}]}}]" \
	"}"

static enum rc added(struct registry *r, const char *type, const char *states,
		     struct err *err)
{
	char text[1600];
	json_t *definition;
	enum rc rc;

	snprintf(text, sizeof(text), FIELDS, type, states);
	definition = quoted(text);
	rc = registry_add(r, definition, err);
	json_decref(definition);
	return rc;
}

static struct registry *kinds;

static int begin(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(registry_new(&kinds, &err), RC_OK);
	assert_int_equal(added(kinds, "'text'", "['granted','refused']", &err),
			 RC_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	registry_free(kinds);
	return 0;
}

#define COO ROLE_COORDINATOR
#define IMP (ROLE_COORDINATOR | ROLE_IMPORT)

static const struct {
	unsigned role;
	const char *author, *before, *after, *says; /* NULL: it may be */
} changes[] = {
	{ COO, "li", NULL, "{'state':'asked','asked_by':'li'}", NULL },
	{ COO, "li", NULL, "{'state':'asked'}", NULL },
	{ COO, "li", NULL, "{'state':'asked','asked_by':'chen'}",
	  "'asked_by' can only be 'li', who writes it" },
	{ IMP, "li", NULL, "{'state':'asked','asked_by':'chen'}", NULL },
	{ ROLE_SERVER, "server", NULL, "{'state':'asked','asked_by':'chen'}",
	  NULL },
	/* Nobody was decided on yet. */
	{ COO, "li", NULL, "{'state':'asked','decided_by':'li'}",
	  "'decided_by' says who made it 'granted', and changes only then" },
	{ COO, "chen", "{'state':'asked','asked_by':'li'}",
	  "{'state':'granted','asked_by':'li','decided_by':'chen'}", NULL },
	{ COO, "chen", "{'state':'asked','asked_by':'li'}",
	  "{'state':'granted','asked_by':'li','decided_by':'wang'}",
	  "'decided_by' can only be 'chen'" },
	{ COO, "chen", "{'state':'asked','asked_by':'li'}",
	  "{'state':'granted','asked_by':'chen','decided_by':'chen'}",
	  "'asked_by' says who made it 'asked'" },
	/* The next decision is not the last one's. */
	{ COO, "wang", "{'state':'granted','decided_by':'chen'}",
	  "{'state':'refused','decided_by':'chen'}",
	  "'decided_by' can only be 'wang'" },
	{ COO, "wang", "{'state':'granted','decided_by':'chen'}",
	  "{'state':'granted','decided_by':'wang'}", "changes only then" },
	{ COO, "wang", "{'state':'granted','decided_by':'chen'}",
	  "{'state':'granted'}", "changes only then" },
};

static void who_acts_is_who_writes(void **state)
{
	const struct kind *k = registry_kind(kinds, "plea");

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *before =
			changes[i].before ? quoted(changes[i].before) : NULL;
		json_t *after = quoted(changes[i].after);
		struct err err = { 0 };
		enum rc rc =
			kind_may_change(k, changes[i].role, changes[i].author,
					before, after, &err);

		if (rc != (changes[i].says ? RC_DENIED : RC_OK) ||
		    (changes[i].says && !strstr(err.text, changes[i].says)))
			fail_msg("case %zu: %s '%s'", i, rc_name(rc), err.text);
		json_decref(before);
		json_decref(after);
	}
}

static const struct {
	const char *before, *after, *field, *holds;
} fills[] = {
	{ NULL, "{'state':'asked'}", "asked_by", "li" },
	{ NULL, "{'state':'asked'}", "decided_by", NULL },
	{ NULL, "{'state':'asked','asked_by':'chen'}", "asked_by", "chen" },
	{ "{'state':'asked'}", "{'state':'granted'}", "decided_by", "li" },
	{ "{'state':'asked'}", "{'state':'granted'}", "asked_by", NULL },
	{ "{'state':'granted','decided_by':'chen'}",
	  "{'state':'refused','decided_by':'chen'}", "decided_by", "li" },
	{ "{'state':'granted','decided_by':'chen'}",
	  "{'state':'granted','decided_by':'chen'}", "decided_by", "chen" },
};

static void who_says_nobody_says_itself(void **state)
{
	const struct kind *k = registry_kind(kinds, "plea");

	(void)state;
	for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		json_t *before =
			fills[i].before ? quoted(fills[i].before) : NULL;
		json_t *after = quoted(fills[i].after);
		const char *now;

		acting_fill(k, "li", before, after);
		now = json_text(after, fills[i].field);
		if (!now != !fills[i].holds ||
		    (now && strcmp(now, fills[i].holds) != 0))
			fail_msg("case %zu: '%s'", i, now ? now : "nobody");
		json_decref(before);
		json_decref(after);
	}
}

static void a_declaration_suits_its_field(void **state)
{
	static const char *const wrong[][2] = {
		{ "'text'", "['gone']" },
		{ "'int'", "['granted']" },
		{ "'text'", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct registry *r;
		struct err err = { 0 };

		assert_int_equal(registry_new(&r, &err), RC_OK);
		assert_int_equal(added(r, wrong[i][0], wrong[i][1], &err),
				 RC_INVALID);
		assert_non_null(strstr(err.text, "acting"));
		registry_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_acts_is_who_writes),
		cmocka_unit_test(who_says_nobody_says_itself),
		cmocka_unit_test(a_declaration_suits_its_field),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
