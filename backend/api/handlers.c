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
	{ "record_move", record_move },
	{ "me", about_me },
	{ "scope_list", about_scopes },
	{ "document", about_document },
	{ "pages", about_pages },
};

call_fn *handler_named(const char *name)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (!strcmp(handlers[i].name, name))
			return handlers[i].run;
	return NULL;
}
