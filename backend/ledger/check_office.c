/* ledger/check_office.c - the rows that no signature covers: settings,
 * accounts, tokens, sessions, one-time codes, when a terminal was last here.
 * They are held to their form and to what the log says; docs/operations.md says
 * what that leaves open. */
#include "ledger/check_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "sql_store.gen.h"

#define ROLES_ALL (2u * ROLE_SERVER - 1)

/* The text of a column, "" where it has none. */
static const char *text_at(struct query *q, int col)
{
	const char *text =
		query_get_type(q, col) == 't' ? query_get_text(q, col) : NULL;

	return text ? text : "";
}

static bool time_at(struct query *q, int col, int64_t *out)
{
	*out = query_get_int(q, col);
	return query_get_type(q, col) == 'i' && *out >= 0 &&
	       *out < INT64_C(1) << 53;
}

static const char *account_fault(struct check *c, struct query *q)
{
	int64_t roles = query_get_int(q, 1);

	(void)c;
	if (!name_is_id(text_at(q, 0)))
		return "its name is no name of an account";
	if (query_get_type(q, 1) != 'i' || roles <= 0 || roles > ROLES_ALL)
		return "its roles are none that are known";
	if (!account_scopes_are_legal(text_at(q, 2)))
		return "its scopes are no scopes";
	if (!query_is_null(q, 3) && !password_hash_is_legal(text_at(q, 3)))
		return "its password is no hash of one";
	if (!query_is_null(q, 4) &&
	    (!account_agency_is_legal(text_at(q, 4)) || !text_at(q, 4)[0]))
		return "its agencies are no ids";
	if (strcmp(text_at(q, 5), "active") != 0 &&
	    strcmp(text_at(q, 5), "disabled") != 0)
		return "its state is none";
	return NULL;
}

static const char *token_fault(struct check *c, struct query *q)
{
	int64_t roles = query_get_int(q, 1), expires;

	(void)c;
	if (strlen(text_at(q, 0)) != 20 || !name_is_id(text_at(q, 0)))
		return "its id is none";
	if (query_get_type(q, 1) != 'i' || roles <= 0 || roles > ROLES_ALL)
		return "its roles are none that are known";
	if (!account_scopes_are_legal(text_at(q, 2)))
		return "its scopes are no scopes";
	/* "" is read as none at all; such tokens were made once. */
	if (!query_is_null(q, 3) && !account_agency_is_legal(text_at(q, 3)))
		return "its agencies are no ids";
	if (query_get_int(q, 4) != 32)
		return "its hash is none";
	if (!time_at(q, 5, &expires))
		return "its end is no time";
	return query_get_int(q, 6) ? NULL : "there is no such account";
}

static const char *session_fault(struct check *c, struct query *q)
{
	int64_t time;

	(void)c;
	if (query_get_int(q, 1) != 32)
		return "its hash is none";
	if (!time_at(q, 2, &time) || !time_at(q, 3, &time))
		return "its time is none";
	return query_get_int(q, 4) ? NULL : "there is no such account";
}

/* One that ended says what came of it: its answer, or what it was refused with;
 * one that was cut off says neither. */
static const char *job_came(struct query *q, const char *state)
{
	bool is_done = !strcmp(state, "done");
	int64_t code = query_get_int(q, 8), status = query_get_int(q, 9);
	struct err ignored = { 0 };
	json_t *result = NULL;
	bool is_object;

	if (query_is_null(q, 7) == is_done)
		return "it has an answer just where it is done";
	if (is_done && json_read(text_at(q, 7), query_get_len(q, 7), &result,
				 &ignored) != RC_OK)
		return "its answer is no JSON";
	is_object = json_is_object(result);
	json_decref(result);
	if (is_done)
		return is_object ? NULL : "its answer is no object";
	if (query_is_null(q, 8))
		return strcmp(state, "failed") != 0
			       ? NULL
			       : "it does not say what it was refused with";
	if (code <= RC_OK || code >= RC__MAX ||
	    (status && (status < 400 || status > 599)) || !text_at(q, 11)[0])
		return "what it was refused with is no problem";
	return NULL;
}

static const char *job_fault(struct check *c, struct query *q)
{
	const char *state = text_at(q, 4);
	bool is_running = !strcmp(state, "running");
	int64_t begun, ended;

	(void)c;
	if (strlen(text_at(q, 0)) != 32 || !name_is_id(text_at(q, 0)))
		return "its id is none";
	if (!text_at(q, 1)[0] || !name_is_scope(text_at(q, 2)))
		return "its operation or scope is none";
	if (query_get_int(q, 3) != 32)
		return "its request is no hash";
	if (!is_running && strcmp(state, "done") != 0 &&
	    strcmp(state, "failed") != 0 && strcmp(state, "interrupted") != 0)
		return "its state is none";
	if (!time_at(q, 5, &begun))
		return "its beginning is no time";
	if (is_running != query_is_null(q, 6) ||
	    (!is_running && (!time_at(q, 6, &ended) || ended < begun)))
		return "its end is no time, or before it began";
	if (!query_get_int(q, 12))
		return "there is no such account";
	return job_came(q, state);
}

/* "330106,330108" */
static bool are_counties(const char *text)
{
	char scope[7];
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i += 7) {
		snprintf(scope, sizeof(scope), "%s", text + i);
		if (!name_is_scope(scope) ||
		    (text[i + 6] && (text[i + 6] != ',' || !text[i + 7])))
			return false;
	}
	return n > 0;
}

static const char *code_fault(struct check *c, struct query *q)
{
	const char *hash = text_at(q, 0);
	bool is_used = !query_is_null(q, 5);
	int64_t expires;

	if (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64)
		return "it is no hash";
	if (!name_is_id(text_at(q, 1)) || !are_counties(text_at(q, 2)) ||
	    !name_is_id(text_at(q, 3)))
		return "its officer, scope or account is no name of one";
	if (!time_at(q, 4, &expires) ||
	    (!is_used && expires > host_wall_ms(c->s->host) + ENROL_CODE_MS))
		return "it expires later than a code can";
	if (is_used != !query_is_null(q, 6))
		return "it is used by half";
	if (!is_used)
		return NULL;
	if (!name_is_id(text_at(q, 5)) || strlen(text_at(q, 6)) != 20 ||
	    strncmp(text_at(q, 6), hash, 20) != 0)
		return "its enrolment is not its own";
	/* A try that was cut has not written its enrolment yet. */
	if (!query_is_null(q, 7) && (strcmp(text_at(q, 7), text_at(q, 5)) ||
				     strcmp(text_at(q, 8), text_at(q, 1))))
		return "its enrolment is of another terminal or officer";
	return NULL;
}

static const char *contact_fault(struct check *c, struct query *q)
{
	int64_t time;

	(void)c;
	if (!query_get_int(q, 2))
		return "no enrolment names it";
	return time_at(q, 1, &time) ? NULL : "its time is none";
}

static const char *meta_fault(struct check *c, struct query *q)
{
	(void)c;
	(void)q;
	return "no such setting is known";
}

static const struct {
	const char *name, *sql;
	const char *(*fault)(struct check *c, struct query *q);
} tables[] = {
	{ "meta", SQL_CHECK_META, meta_fault },
	{ "account", SQL_CHECK_ACCOUNTS, account_fault },
	{ "token", SQL_CHECK_TOKENS, token_fault },
	{ "session of", SQL_CHECK_SESSIONS, session_fault },
	{ "job", SQL_CHECK_JOBS, job_fault },
	{ "code", SQL_CHECK_CODES, code_fault },
	{ "terminal", SQL_CHECK_CONTACTS, contact_fault },
};

enum rc check_office(struct check *c)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(tables) / sizeof(*tables);
	     i++) {
		struct query *q = query_begin(c->s->db, tables[i].sql);
		const char *why = NULL;
		char what[96];

		while (!why && query_row(q)) {
			why = tables[i].fault(c, q);
			snprintf(what, sizeof(what), "%s %s", tables[i].name,
				 text_at(q, 0));
		}
		rc = query_end(q, c->err);
		if (rc == RC_OK && why)
			rc = check_fault(c, 0, what, "%s", why);
	}
	return rc;
}
