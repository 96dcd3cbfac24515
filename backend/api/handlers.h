/* api/handlers.h - the functions that schema/api.json names. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/call.h"

call_fn record_list, record_get, record_create, record_change, record_history,
	record_blame, record_move;
call_fn session_make, session_drop, token_create, token_list, token_drop,
	account_all, account_one, account_create, account_edit, password_set,
	audit_page, audit_top;
call_fn assignment_reassign, conflict_decide, visit_verdict,
	rectification_extend, deadline_list, quarantine_page, quarantine_get,
	quarantine_adopt, quarantine_reject;
call_fn draw_make, draw_seed, draw_do, draw_annul, draw_exchange,
	draw_published, draw_checked, draw_fair;
call_fn rating_of, ratings_run, ratings_check, job_get;
call_fn export_get, import_take;
call_fn form_create, scheme_create, kind_load;
call_fn terminal_code, terminal_list, terminal_revoke, terminal_join,
	terminal_leave, terminal_wipe;
call_fn evidence_upload_make, evidence_upload_look, evidence_upload_send,
	evidence_upload_drop, evidence_file_get;
call_fn search_page, change_page, change_stream;
call_fn about_me, about_scopes, about_document, about_pages, about_problem;

#endif
