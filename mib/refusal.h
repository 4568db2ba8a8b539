/* refusal.h - what can be wrong with a SET, declared once: what a manager is told, and
 * the counter. docs/mib.md has the table for operators.
 *
 * May include: agentd/base. */
#ifndef MIB_REFUSAL_H
#define MIB_REFUSAL_H

#include "agentd/base/counters.h"
#include "agentd/base/error.h"

/* error-status of RFC 3416 section 3, in its numbers. */
enum mib_status {
	MIB_STATUS_WRONG_TYPE = 7,
	MIB_STATUS_WRONG_LENGTH = 8,
	MIB_STATUS_WRONG_ENCODING = 9,
	MIB_STATUS_WRONG_VALUE = 10,
	MIB_STATUS_NO_CREATION = 11,
	MIB_STATUS_INCONSISTENT_VALUE = 12,
	MIB_STATUS_RESOURCE_UNAVAILABLE = 13,
	MIB_STATUS_COMMIT_FAILED = 14,
	MIB_STATUS_UNDO_FAILED = 15,
	MIB_STATUS_NOT_WRITABLE = 17,
	MIB_STATUS_INCONSISTENT_NAME = 18,
};

/* X(symbol, status, name of the counter, help). */
#define MIB_REFUSALS(X)                                                                            \
	X(REFUSAL_NOT_WRITABLE, MIB_STATUS_NOT_WRITABLE, "snmp-set-not-writable",                  \
	  "SETs refused: no object of that name can be written")                                   \
	X(REFUSAL_TYPE, MIB_STATUS_WRONG_TYPE, "snmp-set-wrong-type",                              \
	  "SETs refused: a value of another type than the object has")                             \
	X(REFUSAL_LENGTH, MIB_STATUS_WRONG_LENGTH, "snmp-set-wrong-length",                        \
	  "SETs refused: a value with fewer or more octets than are allowed")                      \
	X(REFUSAL_ENCODING, MIB_STATUS_WRONG_ENCODING, "snmp-set-wrong-encoding",                  \
	  "SETs refused: a number or an address that its type cannot hold")                        \
	X(REFUSAL_VALUE, MIB_STATUS_WRONG_VALUE, "snmp-set-wrong-value",                           \
	  "SETs refused: a value that the object never has")                                       \
	X(REFUSAL_NO_CREATION, MIB_STATUS_NO_CREATION, "snmp-set-no-creation",                     \
	  "SETs refused: a row that there can never be")                                           \
	X(REFUSAL_NO_ROW, MIB_STATUS_INCONSISTENT_NAME, "snmp-set-no-row",                         \
	  "SETs refused: a row that is not there, and is not made by this request")                \
	X(REFUSAL_INCONSISTENT, MIB_STATUS_INCONSISTENT_VALUE, "snmp-set-inconsistent",            \
	  "SETs refused: a value that does not go with the others, or with what is there")         \
	X(REFUSAL_VERSION, MIB_STATUS_INCONSISTENT_VALUE, "snmp-set-other-version",                \
	  "SETs refused: somebody else was faster, the version is another one")                    \
	X(REFUSAL_STANDBY, MIB_STATUS_RESOURCE_UNAVAILABLE, "snmp-set-standby",                    \
	  "SETs refused: another member leads the group, or none does")                            \
	X(REFUSAL_NOT_AS_ONE, MIB_STATUS_RESOURCE_UNAVAILABLE, "snmp-set-not-as-one",              \
	  "SETs refused: of several groups, or else of what cannot be done all or not at all")     \
	X(REFUSAL_NO_ROOM, MIB_STATUS_RESOURCE_UNAVAILABLE, "snmp-set-no-room",                    \
	  "SETs refused: a capacity is used up, or too much is under way or wanted at once")       \
	X(REFUSAL_COMMIT, MIB_STATUS_COMMIT_FAILED, "snmp-set-not-committed",                      \
	  "SETs that passed all tests and were refused when they were applied")                    \
	X(REFUSAL_LATE, MIB_STATUS_COMMIT_FAILED, "snmp-set-late",                                 \
	  "SETs of which it was not known in time what became of them")                            \
	X(REFUSAL_UNDO, MIB_STATUS_UNDO_FAILED, "snmp-set-not-undone",                             \
	  "SETs that were carried out and could not be undone when another agent failed")

enum mib_refusal {
	REFUSAL_NONE,
#define X(symbol, status, name, help) symbol,
	MIB_REFUSALS(X)
#undef X
	REFUSAL_COUNT,
};

/* What a manager is told; 0 for REFUSAL_NONE. */
enum mib_status mib_refusal_status(enum mib_refusal refusal);
/* Of what passed all tests, and was to be put in order; REFUSAL_NONE for HA_OK. */
enum mib_refusal mib_refusal_of(enum ha_error why);

/* One request more that ended so. */
void mib_refusal_count(enum mib_refusal refusal);

/* The first of them counts requests that were carried out. */
extern struct counter_set mib_set_counters;

#endif
