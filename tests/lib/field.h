/* lib/field.h - a district in this process: a server and enrolled tablets. */
#ifndef LIB_FIELD_H
#define LIB_FIELD_H

#include "lib/loop.h"
#include "replica/replica.h"

#define FIELD_TABLETS_MAX 8
#define FIELD_SCOPE "330106"
#define FIELD_PIN "246810"

struct field_world {
	struct loop loop;
	char dir[64];
	struct replica *tablets[FIELD_TABLETS_MAX];
	char files[FIELD_TABLETS_MAX][128];
	int ntablets;
	struct err err;
};

/* SQL of a tablet: today in the district, and noon of it in milliseconds. */
#define FIELD_TODAY "date('now','+8 hours')"
#define FIELD_NOON "(unixepoch(date('now','+8 hours'))*1000+14400000)"

/* A server with officers o1..on, subjects s1..s40 in two towns, and n tablets
 * that are enrolled, cloned and unlocked. Fails the test on any error. */
void field_begin(struct field_world *w, int tablets);
void field_end(struct field_world *w);
/* Everything succeeds, or the test fails with the message. */
void field_exec(struct field_world *w, int tablet, const char *sql);
/* The tablet sends its edit of this record, whatever its officer may write, as
 * one that was made under former rights: the server judges it. */
void field_former(struct field_world *w, int tablet, const char *kind,
		  const char *id);
/* From now on these roles write the kind, `["administrator","inspector"]`; the
 * tablets learn it by their next sync. */
void field_writers(struct field_world *w, const char *kind,
		   const char *writers);
struct sync_summary field_sync(struct field_world *w, int tablet);
void field_office(struct field_world *w, const char *kind, const char *id,
		  const char *json);
/* One text of the replica's tables, "" for null; static memory. */
const char *field_live(struct field_world *w, int tablet, const char *sql);
/* One text of the server's tables. */
const char *field_server(struct field_world *w, const char *sql);
/* The tablet's root of the district equals the server's. */
void field_assert_equal(struct field_world *w, int tablet);

#endif
