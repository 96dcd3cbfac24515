#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void line_end_cut(char *text)
{
	text[strcspn(text, "\r\n")] = '\0';
}

static int pin_from_file(struct verb *v, const char *path, char pin[PIN_SIZE])
{
	FILE *file = fopen(path, "r");
	bool ok;

	if (!file)
		return verb_complain(v, "cannot read '%s': %s", path,
				     strerror(errno));
	ok = fgets(pin, PIN_SIZE, file) != NULL;
	fclose(file);
	if (!ok)
		return verb_complain(v, "'%s' holds no pin", path);
	line_end_cut(pin);
	return EXIT_DONE;
}

/* Ask without echo. */
static int pin_ask(struct verb *v, FILE *tty, const char *prompt,
		   char pin[PIN_SIZE])
{
	struct termios before, quiet;
	bool ok;

	if (tcgetattr(fileno(tty), &before) != 0)
		return verb_complain(v, "cannot ask for the pin: %s",
				     strerror(errno));
	quiet = before;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	fputs(prompt, tty);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	ok = fgets(pin, PIN_SIZE, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', tty);
	if (!ok)
		return verb_complain(v, "no pin was given");
	line_end_cut(pin);
	return EXIT_DONE;
}

static int pin_ask_twice(struct verb *v, FILE *tty, char pin[PIN_SIZE])
{
	char again[PIN_SIZE];
	int code = pin_ask(v, tty, "new PIN (6 characters or more): ", pin);

	if (code == EXIT_DONE)
		code = pin_ask(v, tty, "the same again: ", again);
	if (code == EXIT_DONE && strcmp(pin, again) != 0)
		code = verb_complain(v, "these were two different pins");
	explicit_bzero(again, sizeof(again));
	return code;
}

int pin_get(struct verb *v, bool is_new, char pin[PIN_SIZE])
{
	FILE *tty;
	int code;

	if (v->pin_file)
		return pin_from_file(v, v->pin_file, pin);
	tty = fopen("/dev/tty", "r+");
	if (!tty)
		return verb_complain(v, "a PIN is needed, and nobody can be "
					"asked here: use --pin-file");
	code = is_new ? pin_ask_twice(v, tty, pin)
		      : pin_ask(v, tty, "PIN: ", pin);
	fclose(tty);
	return code;
}

bool pin_is_at_hand(const struct verb *v)
{
	int fd;

	if (v->pin_file)
		return true;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int verb_unlock(struct verb *v)
{
	char pin[PIN_SIZE];
	int code = pin_get(v, false, pin);

	if (code == EXIT_DONE && hufu_unlock(v->h, pin) != HUFU_OK)
		code = verb_fail(v);
	explicit_bzero(pin, sizeof(pin));
	return code;
}
