/* api/kinds_asked.h - the parameter `kinds` of a call: which kinds it is about.
 */
#ifndef API_KINDS_ASKED_H
#define API_KINDS_ASKED_H

#include "api/call.h"

/* Refuse kinds that there are not (400) and those that the account may not read
 * (403). `fits`, where it is given, says which others make no sense. */
enum rc kinds_asked_check(struct call *c, const json_t *kinds,
			  bool (*fits)(const struct kind *k),
			  const char *otherwise);
/* Refuse a name among the parameter `fields` that none of these kinds has. */
enum rc fields_asked_check(struct call *c, const json_t *kinds,
			   bool (*fits)(const struct kind *k));
/* Is it one of them (NULL: all) and may the account read it? */
bool kind_is_asked(const struct call *c, const json_t *kinds,
		   const struct kind *k);

#endif
