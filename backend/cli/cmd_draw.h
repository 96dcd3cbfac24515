/* cli/cmd_draw.h - what the files of `hufud draw` share. */
#ifndef CLI_CMD_DRAW_H
#define CLI_CMD_DRAW_H

#include "cli/cli.h"
#include "domain/draw.h"

/* The words of the command as they were given. */
struct draw_words {
	struct draw_options options;
	const char *count, *officers, *load, *period; /* numbers */
	const char *from, *to, *format; /* of the report */
	const char *seed, *out, *paper, *officer, *schema;
	bool is_public;
};

int cmd_draw_commit(struct cli *c, struct draw_words *w);
int cmd_draw_report(struct cli *c, const struct draw_words *w);

#endif
