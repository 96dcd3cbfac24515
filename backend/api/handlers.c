#include "api/handlers.h"

#include <string.h>

static const struct {
	const char *name;
	call_fn *run;
} handlers[] = {
	{ "record_list", record_list },
	{ "record_get", record_get },
	{ "record_create", record_create },
	{ "record_change", record_change },
	{ "record_history", record_history },
	{ "record_blame", record_blame },
	{ "record_move", record_move },
	{ "session_make", session_make },
	{ "session_drop", session_drop },
	{ "token_create", token_create },
	{ "token_list", token_list },
	{ "token_drop", token_drop },
	{ "account_all", account_all },
	{ "account_one", account_one },
	{ "account_create", account_create },
	{ "account_edit", account_edit },
	{ "password_set", password_set },
	{ "audit_page", audit_page },
	{ "audit_top", audit_top },
	{ "assignment_reassign", assignment_reassign },
	{ "conflict_decide", conflict_decide },
	{ "visit_verdict", visit_verdict },
	{ "rectification_extend", rectification_extend },
	{ "deadline_list", deadline_list },
	{ "quarantine_page", quarantine_page },
	{ "quarantine_get", quarantine_get },
	{ "quarantine_adopt", quarantine_adopt },
	{ "quarantine_reject", quarantine_reject },
	{ "draw_make", draw_make },
	{ "draw_seed", draw_seed },
	{ "draw_do", draw_do },
	{ "draw_exchange", draw_exchange },
	{ "draw_annul", draw_annul },
	{ "draw_published", draw_published },
	{ "draw_checked", draw_checked },
	{ "draw_fair", draw_fair },
	{ "rating_of", rating_of },
	{ "ratings_run", ratings_run },
	{ "ratings_check", ratings_check },
	{ "job_get", job_get },
	{ "form_create", form_create },
	{ "export_get", export_get },
	{ "import_take", import_take },
	{ "scheme_create", scheme_create },
	{ "kind_load", kind_load },
	{ "terminal_code", terminal_code },
	{ "terminal_join", terminal_join },
	{ "terminal_leave", terminal_leave },
	{ "terminal_list", terminal_list },
	{ "terminal_revoke", terminal_revoke },
	{ "terminal_wipe", terminal_wipe },
	{ "evidence_upload_make", evidence_upload_make },
	{ "evidence_upload_look", evidence_upload_look },
	{ "evidence_upload_send", evidence_upload_send },
	{ "evidence_upload_drop", evidence_upload_drop },
	{ "evidence_file_get", evidence_file_get },
	{ "search", search_page },
	{ "change_list", change_page },
	{ "change_stream", change_stream },
	{ "me", about_me },
	{ "scope_list", about_scopes },
	{ "document", about_document },
	{ "pages", about_pages },
	{ "problem_page", about_problem },
};

call_fn *handler_named(const char *name)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (!strcmp(handlers[i].name, name))
			return handlers[i].run;
	return NULL;
}
