/* log.c - one line per event on standard error, in one write each, so that
 * lines of threads and processes do not mix. Whatever is not printable text is
 * escaped: a stranger cannot forge a line. Nothing is queued and nothing is
 * allocated; a line that cannot be written is lost. */
#include "agentd/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_OCTETS_MAX 1024u                       /* of one event, before escaping */
#define LINE_OCTETS_MAX (6 * TEXT_OCTETS_MAX + 128) /* an octet becomes six at most */

static _Atomic int threshold = LOG_LEVEL_NOTICE;
static _Atomic int form = LOG_FORMAT_TEXT;
static _Thread_local const char *subject;

static const struct {
	const char *name;
	int priority; /* of syslog */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },   [LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_NOTICE] = { "notice", 5 }, [LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

struct line {
	size_t length;
	char at[LINE_OCTETS_MAX];
};

void log_configure(enum log_level level, enum log_format format)
{
	threshold = (int)level;
	form = (int)format;
}

const char *log_set_subject(const char *next)
{
	const char *before = subject;

	subject = next;
	return before;
}

const char *log_subject(void)
{
	return subject;
}

bool log_enabled(enum log_level level)
{
	return (int)level <= threshold;
}

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->at) - line->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line->at + line->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		line->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* Octets of the UTF-8 character at `text`; 0 when it is none that may be
 * printed (control characters, overlong forms, surrogates, a lone octet). */
static size_t printable(const unsigned char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = text[0];
	size_t size = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	uint32_t point = size < 2 ? c : c & (0x7fu >> size);

	if (size < 2)
		return size == 1 && c >= 0x20 && c != 0x7f;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3fu);
	}
	if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	return point < 0xa0 ? 0 : size;
}

static void add_escaped(struct line *line, const char *text, bool json)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		size_t size = printable(c);

		if (size == 1 && json && (*c == '"' || *c == '\\'))
			add(line, "\\%c", *c);
		else if (size)
			add(line, "%.*s", (int)size, (const char *)c);
		else if (json)
			add(line, "\\u%04x", *c < 0x80 ? *c : 0xfffdu);
		else
			add(line, "\\x%02x", *c);
		c += size ? size : 1;
	}
}

static void add_time(struct line *line)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	add(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
	    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(now.tv_nsec / 1000000));
}

static void compose(struct line *line, enum log_level level, enum log_format format,
                    const char *text)
{
	switch (format) {
	case LOG_FORMAT_TEXT:
		add_time(line);
		add(line, " %s ", levels[level].name);
		add_escaped(line, text, false);
		break;
	case LOG_FORMAT_JOURNAL:
		add(line, "<%d>", levels[level].priority);
		add_escaped(line, text, false);
		break;
	case LOG_FORMAT_JSON:
		add(line, "{\"time\":\"");
		add_time(line);
		add(line, "\",\"level\":\"%s\",\"text\":\"", levels[level].name);
		add_escaped(line, text, true);
		add(line, "\"}");
		break;
	}
	add(line, "\n");
}

void log_line(enum log_level level, const char *format, ...)
{
	struct line line = { .length = 0 };
	char text[TEXT_OCTETS_MAX];
	int saved = errno;
	va_list arguments;
	int length = 0;

	if (!log_enabled(level))
		return;
	if (subject)
		length = snprintf(text, sizeof(text), "%.60s: ", subject);
	va_start(arguments, format);
	length += vsnprintf(text + length, sizeof(text) - (size_t)length, format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	compose(&line, level, (enum log_format)form, text);
	while (write(STDERR_FILENO, line.at, line.length) < 0 && errno == EINTR)
		;
	errno = saved;
}

bool log_limit_pass(struct log_limit *limit, uint64_t monotonic_ns, uint64_t *held_back)
{
	uint64_t second = monotonic_ns / 1000000000u;
	uint64_t last = atomic_load(&limit->second);

	if (second > last && atomic_compare_exchange_strong(&limit->second, &last, second))
		atomic_store(&limit->used, 0);
	*held_back = 0;
	if (atomic_fetch_add(&limit->used, 1) >= limit->per_second) {
		atomic_fetch_sub(&limit->used, 1);
		atomic_fetch_add(&limit->held_back, 1);
		return false;
	}
	*held_back = atomic_exchange(&limit->held_back, 0);
	return true;
}
