/* evidence/evidence_impl.h - what the files of this room share. */
#ifndef EVIDENCE_EVIDENCE_IMPL_H
#define EVIDENCE_EVIDENCE_IMPL_H

#include <pthread.h>

#include "evidence/evidence.h"

struct evidence {
	char *folder; /* DIR/evidence */
	struct evidence_limits limits;
	pthread_mutex_t lock; /* of what follows */
	bool is_counted;
	int64_t whole_bytes;
};

enum rc evidence_no_memory(struct err *err);
/* Malloc'd, or NULL. */
char *evidence_part_path(const char *folder, const struct evidence_file *f);
/* So much more is there. */
void evidence_count(struct evidence *e, int64_t bytes);

#endif
