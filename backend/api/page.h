/* api/page.h - what every list has: cursor, limit, fields. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "api/call.h"

/* What page_next was told of the page before, or NULL for the first one.
 * RC_INVALID for what is no cursor, or that of another list or scope. Borrowed
 * from the arguments. */
enum rc page_behind(struct call *c, const char **last);
/* The same where it is an id; "" for the first one. */
enum rc page_after(struct call *c, const char **after);
/* Does `fields` name only fields of the kind? */
enum rc page_fields(struct call *c);
/* The same for a list whose items are no records: does it name only members
 * that the items of the reply are declared with? page_cut asks by itself. */
enum rc page_members(struct call *c);
/* For a list in an order of its own that only grows: how many items the pages
 * before had. RC_INVALID for what is no cursor. */
enum rc page_from(struct call *c, int64_t *from);
/* Set `next` of the result, so that the next page begins behind `last`. */
void page_next(struct call *c, const char *last);
/* An item with its key and the members that `fields` names, or all of it. A new
 * reference. */
json_t *page_item(const struct call *c, json_t *item, const char *key);
/* For a list that is made whole, as it is short: c->result's items become the
 * page that is asked for, in the order of their text member `key` (an id), each
 * with the members that `fields` names beside the key. */
enum rc page_cut(struct call *c, const char *key);

/* "a,b" as a new array of texts. */
json_t *page_words(const char *list);
/* Set a member to a time of RFC 3339; 0: there is none. */
void page_time(json_t *item, const char *name, int64_t ms);

#endif
