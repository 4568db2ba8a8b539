/* log.h - one line per event, once, at the level of who is to blame.
 *
 * What a stranger can cause is debug, or passes a log_limit; what the
 * operator can mend is a warning; what we broke is an error. A line begins
 * with its subject and says what happened and why:
 *     10.0.0.1 via 192.0.2.9: denied 133, identification is outside the window
 * Keys and secrets never enter a log call.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_LOG_H
#define AGENTD_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdatomic.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT,    /* time, level, text: for people */
	LOG_FORMAT_JOURNAL, /* <priority>text: for systemd */
	LOG_FORMAT_JSON,    /* one object per line: for collectors */
};

/* Lines go to standard error. Any time, any thread. */
void log_configure(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

/* Lines of this thread begin with `subject` and a colon from now on; NULL: they do not.
 * Borrowed as long. Returns what it was before. */
const char *log_set_subject(const char *subject);
const char *log_subject(void);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_enabled(LOG_LEVEL_DEBUG))                                                  \
			log_line(LOG_LEVEL_DEBUG, __VA_ARGS__);                                    \
	} while (0)

/* A token bucket for one call site: at most `per_second` lines in a second;
 * the first line after a gap says how many were held back. Zero-initialise
 * all but per_second. Any thread. */
struct log_limit {
	uint32_t per_second;
	_Atomic uint64_t second;
	_Atomic uint32_t used;
	_Atomic uint64_t held_back;
};

/* May this line be written now? `held_back` (never NULL) receives the number
 * of lines suppressed since the last one that was let through. */
bool log_limit_pass(struct log_limit *limit, uint64_t monotonic_ns, uint64_t *held_back);

#endif
