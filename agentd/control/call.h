/* call.h - for agentd/control only: one request on its way, and the functions
 * that answer it. A function makes one page and returns; it never waits.
 *
 * May include: agentd/flow, agentd/control/codec.h, verbs.h. */
#ifndef AGENTD_CONTROL_CALL_H
#define AGENTD_CONTROL_CALL_H

#include <stdbool.h>

#include "agentd/control/codec.h"
#include "agentd/control/verbs.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/drop.h"
#include "agentd/flow/guest.h"
#include "agentd/state/rows.h"

#define CALL_PAGE_ROWS 512u

enum call_progress {
	CALL_DONE,
	CALL_MORE, /* call again when this page is written */
	CALL_WAIT, /* call again when the change is made, the store written, or there is
	            * something to watch */
};

/* What the words of a request mean, by verb. */
struct call_options {
	bool replace;
	bool has_limit, has_after, has_realm, has_version;
	uint32_t limit, realm;
	uint64_t version; /* --if-version */
	const char *after;
	const char *words[CONTROL_ARGUMENTS_MAX]; /* that are not options */
	size_t word_count;
};

/* Of an association within its peer. */
struct call_place {
	uint32_t spi;
	uint8_t use;
};

/* Bindings to be ended, and what became of it. */
struct call_drop {
	bool made;
	struct agent_drop what;
	enum ha_error error;
	size_t count; /* that ended */
};

/* A node that is watched. */
struct call_trace {
	bool open;
	bool octets;  /* are wanted too */
	bool counted; /* `left` entries, and it ends */
	uint32_t left;
	unsigned number;
};

/* A home agent of the process. */
struct call_group {
	struct agent *agent;
	bool paused; /* it must not be asked anything */
};

struct call_groups {
	size_t count; /* ascending by their numbers; 0 = this is no home agent */
	struct call_group of[CONFIG_GROUPS_MAX];
	struct guest *guest; /* borrowed; NULL = no foreign agent is shared with other members */
	struct visit *visit; /* borrowed; NULL = no foreign agent, and nothing is advertised */
	const struct config *config; /* of the process, borrowed */
};

struct call {
	const struct call_groups *groups; /* all there are */
	const struct call_group *group;   /* that is asked; not paused; NULL where there is none */
	struct agent *agent;              /* its; NULL likewise: VERB_PROCESS alone */
	struct guest *guest; /* where CONFIG_GROUP_VISITORS is asked, of which there is no agent */
	const char *who;     /* for the audit */
	enum verb_id verb;
	struct control_request request;
	struct call_options options;
	struct answer answer;
	/* The end. */
	enum ha_error error;
	char message[512]; /* "" = the text of the error */
	/* A listing: where to go on. */
	bool resumed;
	struct row_octets key;
	struct call_place place; /* within the row at `key` */
	uint64_t given;          /* rows so far */
	/* A change: what was asked, and what became of it. */
	bool changed;
	struct change *changes; /* owned, wiped */
	uint64_t *lines;        /* owned, of each change; imports only */
	size_t change_count;
	enum ha_error *results; /* owned, one per change */
	size_t result_count;    /* room for so many */
	uint64_t refused;       /* lines */
	bool stored;            /* asked for a checkpoint: results[0] says what came of it */
	struct call_drop drop;
	struct call_trace trace;
	/* Hand-over from the store thread. */
	void (*finished)(struct call *call); /* any thread */
	void *connection;
	struct call *next;
};

typedef enum call_progress call_function(struct call *call);

#define X(id, name, arguments, shape, place, help) call_function call_##id;
CONTROL_VERBS(X)
#undef X

/* Take one step: finds the verb's function at the first one. */
enum call_progress call_step(struct call *call);
/* Forget everything of this request; keeps the answer's memory. */
void call_clear(struct call *call);

/* A call that waits for something to watch need not be waited for any more. false:
 * it waits for something else, or it is just being resumed. */
bool call_cancel(struct call *call);
void call_end_trace(struct call *call); /* if there is one */

/* End with an error and a sentence. Returns CALL_DONE. */
enum call_progress call_refuse(struct call *call, enum ha_error error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* End with what is wrong with the words, and the usage from the table. */
enum call_progress call_wrong(struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, for whom it is enough to count the words. What call_wrong has said
 * before stands. */
enum call_progress call_usage(struct call *call);

/* Put changes[change_count] in order: CALL_WAIT, or the end with an error. */
enum call_progress call_configure(struct call *call);
/* Wait until the store holds what was acknowledged: CALL_WAIT with `stored`, or
 * the end with an error. */
enum call_progress call_checkpoint(struct call *call);
/* Allocate for `count` changes and their results. */
bool call_reserve(struct call *call, size_t count);

/* What the first change is about, for the log; never a key. */
void call_subject(const struct call *call, char *out, size_t size);

/* What this member knows of its cluster, for agentctl status and cluster status. */
#define CLUSTER_WARNINGS_TEXT 1024u
void cluster_facts(struct answer *answer, const struct replication_status *status);
/* "" when there is nothing to be seen to. */
void cluster_warnings_text(const struct replication_status *status, char *out, size_t size);

/* The figures of a group, for agentctl status and groups. */
struct group_figures;
void figures_leader(struct answer *answer, const struct group_figures *figures);
void figures_bindings(struct answer *answer, const struct group_figures *figures);
/* And those of the process. */
void figures_replies(struct answer *answer);

/* How many alarms are raised in this process, and how bad the worst is. */
void alarms_facts(struct answer *answer);

/* agentctl status of a process that is no home agent. */
void visit_status(struct call *call);
/* And what either status says of a foreign agent; nothing where there is none. */
void visit_facts(struct call *call);

/* What this process is in a group. */
const char *call_role(enum replication_role role);

/* Where there are several groups: which one this is, and all of them in one line. */
void groups_facts(struct call *call);

/* Realm of addresses given without one. */
uint32_t call_realm(struct call *call);

#endif
