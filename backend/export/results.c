/* export/results.c - the columns of `results`.
 *
 * id             of the visit
 * scope, town    of the visit
 * subject, assignment, visited_on, visit_type, visit_state, visit_flags
 * result         code, answer or violation; none where the visit has none
 * record         id of the answer or violation
 * code           the result code, the answer's point, the violation's code
 * value          the answer, the violation's description
 * severity, reason, author, state    of the answer or violation */
#include "export/export_impl.h"

#define TEXT(member)                                                           \
	{                                                                      \
		.name = member, .type = FIELD_TEXT                             \
	}

static const struct field fields[] = {
	TEXT("subject"),
	TEXT("assignment"),
	{ .name = "visited_on", .type = FIELD_DATE },
	TEXT("visit_type"),
	TEXT("visit_state"),
	{ .name = "visit_flags", .type = FIELD_SET },
	TEXT("result"),
	TEXT("record"),
	TEXT("code"),
	TEXT("value"),
	TEXT("severity"),
	TEXT("reason"),
	TEXT("author"),
	TEXT("state"),
};

const struct kind export_results = {
	.name = "results",
	.privacy = 2,
	.nfields = sizeof(fields) / sizeof(*fields),
	.fields = fields,
};

const char *const export_results_kinds[] = { "visit", "answer", "violation",
					     NULL };
