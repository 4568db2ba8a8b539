/* node_settings.c - one line of numbers in a file. */
#include "agentd/dataplane/node_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALL_REDIRECTS "/proc/sys/net/ipv4/conf/all/accept_redirects"
#define LINE_MAX_SIZE 128u
#define VALUE_MAX 8u /* of any of these settings */
#define FORMAT "%u %u %u %u %u %u\n"

/* The size of what was read, which has an end; 0: nothing. */
static size_t read_line(const char *path, char line[LINE_MAX_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = fd >= 0 ? read(fd, line, LINE_MAX_SIZE - 1) : -1;

	if (fd >= 0)
		close(fd);
	line[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

static bool write_line(const char *path, int flags, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	bool written = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	int trouble = errno;

	if (fd >= 0)
		close(fd);
	errno = trouble;
	return written;
}

bool node_settings_recall(const char *path, struct node_settings *out)
{
	char line[LINE_MAX_SIZE];
	struct node_settings s;

	if (read_line(path, line) == 0 ||
	    sscanf(line, FORMAT, &s.link, &s.arp_ignore, &s.arp_announce, &s.rp_filter,
	           &s.redirects, &s.all_redirects) != 6)
		return false;
	if (s.arp_ignore > VALUE_MAX || s.arp_announce > VALUE_MAX || s.rp_filter > VALUE_MAX ||
	    s.redirects > VALUE_MAX || s.all_redirects > VALUE_MAX)
		return false;
	*out = s;
	return true;
}

/* A line that was cut short is no line: who was killed meanwhile has changed nothing yet. */
bool node_settings_remember(const char *path, const struct node_settings *s)
{
	char line[LINE_MAX_SIZE];

	snprintf(line, sizeof(line), FORMAT, s->link, s->arp_ignore, s->arp_announce, s->rp_filter,
	         s->redirects, s->all_redirects);
	return write_line(path, O_CREAT | O_TRUNC, line);
}

void node_settings_forget(const char *path)
{
	(void)unlink(path);
}

uint32_t node_settings_all_redirects(void)
{
	char line[LINE_MAX_SIZE];
	unsigned value;

	return read_line(ALL_REDIRECTS, line) > 0 && sscanf(line, "%u", &value) == 1 ? value : 0;
}

bool node_settings_set_all_redirects(uint32_t value)
{
	char line[LINE_MAX_SIZE];

	snprintf(line, sizeof(line), "%u\n", value);
	return write_line(ALL_REDIRECTS, 0, line);
}
