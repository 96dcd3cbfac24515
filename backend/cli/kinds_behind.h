/* cli/kinds_behind.h - kinds of a data folder that an earlier version made. */
#ifndef CLI_KINDS_BEHIND_H
#define CLI_KINDS_BEHIND_H

#include "cli/cli.h"

/* One line on stderr when kinds of the store lack a field, or a member of one,
 * that the kind files beside the program have, with the command that loads
 * them. Silent where there are no such files. */
void kinds_behind_say(struct cli *c);

#endif
