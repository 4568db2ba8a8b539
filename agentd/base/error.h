/* error.h - every failure Hearth can report, declared once.
 *
 * Functions that can fail return enum ha_error and nothing else. Codes of
 * foreign libraries and errno are translated in the one file that includes
 * the library. */
#ifndef AGENTD_BASE_ERROR_H
#define AGENTD_BASE_ERROR_H

#include <stddef.h>

/* X(symbol, text). Values are negative, 0 is success. Append only: values
 * travel in the control protocol. Text says what is wrong, in lower case,
 * without a full stop, so that it can follow a colon in a log line. */
#define HA_ERRORS(X)                                                                               \
	X(HA_E_NOMEM, "out of memory")                                                             \
	X(HA_E_TRUNCATED, "message ends before its contents do")                                   \
	X(HA_E_TRAILING, "octets left over after the last field")                                  \
	X(HA_E_NOSPACE, "output buffer is too small")                                              \
	X(HA_E_MALFORMED, "value is not allowed there")                                            \
	X(HA_E_UNKNOWN_EXTENSION, "unknown extension that must not be skipped")                    \
	X(HA_E_NOTFOUND, "not found")                                                              \
	X(HA_E_EXISTS, "exists already")                                                           \
	X(HA_E_RANGE, "outside the allowed range")                                                 \
	X(HA_E_SYNTAX, "cannot be read")                                                           \
	X(HA_E_CAPACITY, "configured capacity is used up")                                         \
	X(HA_E_CONFLICT, "was changed by somebody else meanwhile")                                 \
	X(HA_E_STALE, "older than what was accepted before")                                       \
	X(HA_E_LIMIT, "limit of bindings for this mobile node is reached")                         \
	X(HA_E_BUSY, "queue is full, try again")                                                   \
	X(HA_E_NOTLEADER, "this node is not the leader")                                           \
	X(HA_E_IO, "input or output failed")                                                       \
	X(HA_E_NODISK, "no space left on the disk")                                                \
	X(HA_E_DAMAGED, "contents on disk are damaged")                                            \
	X(HA_E_FOREIGN, "file does not belong to this store")                                      \
	X(HA_E_NEWER, "written by a newer version of the program")                                 \
	X(HA_E_PERMISSION, "not permitted")                                                        \
	X(HA_E_INUSE, "in use by another process")                                                 \
	X(HA_E_CLOSED, "is shutting down")                                                         \
	X(HA_E_UNSUPPORTED, "not supported by this program")                                       \
	X(HA_E_OTHER_LIMIT, "has another limit of bindings: `node set` changes it")                \
	X(HA_E_NO_KEY, "sealed under a cluster key that is not in the key file")                   \
	X(HA_E_OTHER_KEY, "does not open with the cluster key of its number")                      \
	X(HA_E_OTHER_IDENTITY, "is known with another home address, name, pool or policy")         \
	X(HA_E_NO_POOL, "there is no such pool of home addresses")                                 \
	X(HA_E_NO_POLICY, "there is no such policy")                                               \
	X(HA_E_IN_USE, "mobile nodes still use it")                                                \
	X(HA_E_TOO_SOON, "comes sooner after the one before than is allowed")                      \
	X(HA_E_TAKEN, "has addresses that belong to another pool or mobile node already")          \
	X(HA_E_TIMEOUT, "does not answer")                                                         \
	X(HA_E_UNCERTAIN, "it is not known whether it was done")                                   \
	X(HA_E_NOT_DONE, "not carried out, because what was asked for with it was refused")        \
	X(HA_E_OLD_MEMBER, "a member of the cluster runs a program too old for it")

enum ha_error {
	HA_OK = 0,
#define X(symbol, text) symbol##_ordinal_,
	HA_ERRORS(X)
#undef X
#define X(symbol, text) symbol = -symbol##_ordinal_,
	HA_ERRORS(X)
#undef X
};

/* Static string, never NULL, also for values this build does not know. */
const char *ha_strerror(enum ha_error error);

/* Refuse with a sentence: printed into `text` of `size` octets, cut where it is
 * full. Returns `why`. */
enum ha_error ha_refuse(char *text, size_t size, enum ha_error why, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The nearest of ours to an errno value; HA_E_IO when none is nearer. */
enum ha_error ha_error_of_errno(int number);

#endif
