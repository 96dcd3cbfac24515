/* kind/kind_words.c - the words of kind files: types, rules, roles, and the
 * names that no kind or field can have. */
#include "kind/kind_impl.h"

#include <string.h>

#include "base/hex.h"

static const char *const type_words[FIELD__MAX] = {
	[FIELD_TEXT] = "text",
	[FIELD_INT] = "int",
	[FIELD_BOOL] = "bool",
	[FIELD_DATE] = "date",
	[FIELD_TIME] = "time",
	[FIELD_MONEY] = "money",
	[FIELD_COORDINATE] = "coordinate",
	[FIELD_REF] = "ref",
	[FIELD_SET] = "set",
	[FIELD_JSON] = "json",
};

static const char *const rule_words[MERGE_UNKNOWN] = {
	[MERGE_THREEWAY] = "threeway", [MERGE_SERVER] = "server",
	[MERGE_LWW] = "lww",           [MERGE_MAX] = "max",
	[MERGE_MIN] = "min",           [MERGE_SET] = "set",
	[MERGE_GSET] = "gset",         [MERGE_ONCE] = "once",
	[MERGE_SAFE] = "safe",         [MERGE_FSM] = "fsm",
	[MERGE_TEXT] = "text",         [MERGE_SUM] = "sum",
	[MERGE_OWN] = "own",           [MERGE_REF] = "ref",
	[MERGE_CALC] = "calc",
};

static const char *const role_words[] = {
	"inspector",     "coordinator", "analyst", "auditor",
	"administrator", "server",      "import",  "draw",
};
#define ROLES (sizeof(role_words) / sizeof(*role_words))

/* Words that cannot stand unquoted as a table or a column in SQLite or in
 * PostgreSQL. */
static const char *const reserved[] = {
	"add",
	"all",
	"alter",
	"analyse",
	"analyze",
	"and",
	"any",
	"array",
	"as",
	"asc",
	"asymmetric",
	"authorization",
	"autoincrement",
	"between",
	"binary",
	"both",
	"case",
	"cast",
	"check",
	"collate",
	"collation",
	"column",
	"commit",
	"concurrently",
	"constraint",
	"create",
	"cross",
	"default",
	"deferrable",
	"delete",
	"desc",
	"distinct",
	"do",
	"drop",
	"else",
	"end",
	"escape",
	"except",
	"exists",
	"false",
	"fetch",
	"for",
	"foreign",
	"freeze",
	"from",
	"full",
	"grant",
	"group",
	"having",
	"ilike",
	"in",
	"index",
	"initially",
	"inner",
	"insert",
	"intersect",
	"into",
	"is",
	"isnull",
	"join",
	"lateral",
	"leading",
	"left",
	"like",
	"limit",
	"localtime",
	"localtimestamp",
	"natural",
	"not",
	"nothing",
	"notnull",
	"null",
	"offset",
	"on",
	"only",
	"or",
	"order",
	"outer",
	"overlaps",
	"placing",
	"primary",
	"references",
	"returning",
	"right",
	"select",
	"set",
	"similar",
	"some",
	"symmetric",
	"table",
	"tablesample",
	"then",
	"to",
	"trailing",
	"transaction",
	"true",
	"union",
	"unique",
	"update",
	"user",
	"using",
	"values",
	"variadic",
	"verbose",
	"when",
	"where",
	"window",
	"with",
	"current_date",
	"current_role",
	"current_time",
	"current_user",
	"current_catalog",
	"current_schema",
	"current_timestamp",
	"session_user",
};

enum field_type type_parse(const char *word)
{
	for (size_t i = 0; i < FIELD__MAX; i++)
		if (strcmp(type_words[i], word) == 0)
			return (enum field_type)i;
	return FIELD__MAX;
}

enum merge_rule rule_parse(const char *word)
{
	for (size_t i = 0; i < MERGE_UNKNOWN; i++)
		if (strcmp(rule_words[i], word) == 0)
			return (enum merge_rule)i;
	return MERGE_UNKNOWN;
}

const char *rule_name(enum merge_rule rule)
{
	return rule_words[rule < MERGE_UNKNOWN ? rule : MERGE_THREEWAY];
}

unsigned role_parse(const char *word)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(role_words[i], word) == 0)
			return 1u << i;
	return 0;
}

const char *role_name(unsigned role)
{
	for (size_t i = 0; i < ROLES; i++)
		if (role == 1u << i)
			return role_words[i];
	return "unknown";
}

bool name_is_column(const char *name)
{
	if (!name_is_field(name))
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(reserved[i], name) == 0)
			return false;
	return true;
}
