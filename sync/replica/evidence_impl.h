/* replica/evidence_impl.h - what evidence.c and evidence_send.c share. */
#ifndef REPLICA_EVIDENCE_IMPL_H
#define REPLICA_EVIDENCE_IMPL_H

#include "replica/evidence.h"

/* FILE.evidence; malloc'd, or NULL. */
char *evidence_folder(const struct replica *r);

#endif
