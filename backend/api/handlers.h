/* api/handlers.h - the functions that schema/api.json names. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/call.h"

call_fn record_list, record_get, record_create, record_change, record_history,
	record_move;
call_fn about_me, about_scopes, about_document, about_pages;

#endif
