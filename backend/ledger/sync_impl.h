/* ledger/sync_impl.h - what sync.c and answer.c share. */
#ifndef LEDGER_SYNC_IMPL_H
#define LEDGER_SYNC_IMPL_H

#include "ledger/intake.h"
#include "ledger/sync.h"

struct sync {
	struct arena mem;
	struct enrolled who;
	struct wire_request request;
	struct intake **intakes; /* [scope][packet] */
	size_t rows_down;
};

#endif
