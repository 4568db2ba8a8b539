/* secret.c - read one line that nobody else shall see. */
#include "agentd/programs/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "proto/authenticator.h"

#define refuse(secret, why, ...)                                                                   \
	ha_refuse((secret)->report, sizeof((secret)->report), why, __VA_ARGS__)

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(struct secret *secret)
{
	size_t first = 0;

	while (secret->size && is_space(secret->text[secret->size - 1]))
		secret->size--;
	while (first < secret->size && is_space(secret->text[first]))
		first++;
	secret->size -= first;
	memmove(secret->text, secret->text + first, secret->size);
}

/* Up to the end of the line, or of the file. */
static enum ha_error read_line(struct secret *secret, int descriptor, const char *name)
{
	while (!memchr(secret->text, '\n', secret->size)) {
		ssize_t n;

		if (secret->size == sizeof(secret->text))
			return refuse(secret, HA_E_RANGE, "%.120s: longer than any key", name);
		n = read(descriptor, secret->text + secret->size,
		         sizeof(secret->text) - secret->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(secret, HA_E_IO, "%.120s: %s", name, strerror(errno));
		if (n == 0)
			break;
		secret->size += (size_t)n;
	}
	trim(secret);
	if (memchr(secret->text, '\n', secret->size))
		return refuse(secret, HA_E_RANGE, "%.120s: more than one line", name);
	if (secret->size == 0)
		return refuse(secret, HA_E_RANGE, "%.120s: there is no key in it", name);
	return HA_OK;
}

static enum ha_error read_terminal(struct secret *secret)
{
	struct termios before, silent;
	enum ha_error why;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return refuse(secret, HA_E_IO, "standard input: %s", strerror(errno));
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	fputs("key: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	why = read_line(secret, STDIN_FILENO, "standard input");
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return why;
}

enum ha_error secret_read(struct secret *secret, const char *path)
{
	struct stat status;
	enum ha_error why;
	int descriptor;

	*secret = (struct secret){ .size = 0 };
	if (!path)
		return isatty(STDIN_FILENO) ? read_terminal(secret)
		                            : read_line(secret, STDIN_FILENO, "standard input");
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return refuse(secret, HA_E_IO, "%.120s: %s", path, strerror(errno));
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_mode & 077)
		why = refuse(secret, HA_E_PERMISSION,
		             "%.120s holds a key, but its mode %04o lets others open it; "
		             "chmod 600 mends that",
		             path, (unsigned)(status.st_mode & 07777));
	else
		why = read_line(secret, descriptor, path);
	close(descriptor);
	return why;
}

void secret_wipe(struct secret *secret)
{
	mip_wipe(secret->text, sizeof(secret->text));
	secret->size = 0;
}
