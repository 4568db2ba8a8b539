/* internal.h - the agent's parts and who owns them; nobody outside
 * agentd/flow includes this.
 *
 *   network threads  receiver.c, messages.c, request.c, revocation.c: datagram to
 *                    proposal, and replies
 *   engine's thread  applier.c: entries to state, results to whom they concern;
 *                    leadership.c: won and lost;
 *                    revocation_send.c: revocations to foreign agents
 *   store thread     checkpoint.c: state to store, configuration written through
 */
#ifndef AGENTD_FLOW_INTERNAL_H
#define AGENTD_FLOW_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/base/clock.h"
#include "agentd/base/clock_agreement.h"
#include "agentd/base/violations.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/batch.h"
#include "agentd/flow/completions.h"
#include "agentd/flow/figures.h"
#include "agentd/flow/membership.h"
#include "agentd/flow/reign.h"
#include "agentd/flow/revoker.h"
#include "agentd/flow/room.h"
#include "agentd/flow/trace.h"
#include "agentd/registration/registration.h"
#include "agentd/state/command.h"
#include "agentd/state/state.h"

#define RECEIVERS_MAX REIGN_THREADS_MAX
#define TICKET_CONFIGURE (UINT64_C(1) << 63)
#define TICKET_DROP (UINT64_C(1) << 62) /* neither: receiver + 1 above, pending below */
#define TICKET_NOBODY UINT64_C(1)       /* below any receiver's: nobody waits for it */

/* A configuration on its way: put in order, applied, written through. */
struct configure_job {
	struct configure_job *next;
	struct agent *agent; /* whose count it is in */
	uint64_t ticket;
	uint64_t index;
	uint64_t next_id; /* of peers, after it */
	struct row_log rows;
	enum ha_error *results;
	size_t count;
	agent_changed *done;    /* these are NULL when nobody waits */
	batch_done *batch_done; /* the changes are made together or not at all */
	void *context;
};

struct job_list {
	struct configure_job *first;
	struct configure_job **last;
};

/* The store thread's affairs. */
struct checkpoint {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_list jobs; /* applied, to be written */
	struct checkpoint_waiter *waiters;
	bool stopping;
	bool idle; /* waits for the first change */
	_Atomic uint64_t stored_index;
	_Atomic uint64_t dirty_since_ns; /* oldest change that no pass has taken; 0 = none */
	_Atomic uint64_t taken_since_ns; /* oldest change of the pass under way; 0 = none */
	_Atomic uint64_t passes, rows, duration_ms;
	_Atomic bool failing;
	uint64_t told_ns;      /* when the log told so last */
	_Atomic unsigned lent; /* moments of the store that other members read */
};

/* Most bindings at once. */
struct peak {
	pthread_mutex_t lock; /* of what is shown */
	uint32_t bindings;    /* shown */
	uint64_t at_ms;
	uint32_t reached; /* engine's thread, or while there is none */
};

/* What the agents of a cluster's member share. */
struct membership {
	struct replication_cluster cluster;
	bool witness;
	char log_directory[CONFIG_TEXT_MAX + 16];
	struct replication_node *replication;
	struct snapshot_server *snapshots; /* NULL: not started yet, or a witness */
	uint64_t store_id;                 /* of group 0's, and of the log */
	bool started;
	struct agent *agents[CONFIG_GROUPS_MAX]; /* that are open at the start */
	size_t agent_count;
};

struct agent {
	struct agent_options options;
	uint32_t group;
	char name[16]; /* in lines of the log; "" where there is one group */
	pthread_mutex_t config_lock;
	struct config config; /* the node's file */
	uint64_t started_ms;
	uint32_t realm; /* of requests; they will come with interfaces later */
	_Atomic uint32_t checkpoint_interval_ms;

	struct membership *member; /* of a cluster; NULL: this agent is alone */
	bool witness;              /* of a cluster: it votes; its store and state stay empty */
	struct store *store;
	struct state *state;
	struct replication *replication;
	struct reign reign;
	bool led;                      /* as it was said last; engine's thread */
	struct replication_reign seen; /* who led when the last run was closed */
	_Atomic bool prepared;         /* the state has its first configuration */
	struct watch *watch;           /* of all runs */
	struct chores *chores;         /* NULL until the agent is started */
	struct ownership *ownership;   /* NULL: others see to the address */
	pthread_mutex_t answer_lock;   /* of the next; held while it is made use of */
	bool answering;                /* `replication` may be asked */
	pthread_mutex_t applied_lock;  /* index and term belong together */
	_Atomic uint64_t applied_index;
	uint64_t applied_term;
	_Atomic bool failed;
	struct peak peak;

	pthread_mutex_t clock_lock;
	struct cluster_clock clock;
	struct clock_agreement wall; /* of a cluster */

	pthread_mutex_t policy_lock;
	struct registration_policy policy;
	struct registration_policy policies[LABEL_NONE]; /* by number in the state */
	unsigned policy_count;
	struct mip_key_state nonce_secret;
	_Atomic uint32_t bindings_per_node;
	_Atomic uint32_t request_age_ms;  /* 0 = no limit */
	_Atomic uint32_t source_failures; /* per second; 0 = no limit */

	struct receiver *receivers[RECEIVERS_MAX];
	unsigned receiver_count;
	int socket; /* the first one's, for what nobody asked for; -1 before agent_listen */
	_Atomic bool stopping; /* take no more requests */
	_Atomic bool finished; /* no more completions will come */

	struct revoker *revoker;

	struct traces traces;
	struct violations violations; /* of requests, since the start of the process */
	struct checkpoint checkpoint;
	struct room room;
	pthread_mutex_t jobs_lock;
	struct configure_job *jobs; /* put in order, not yet applied */
	struct drop_job *drops;     /* likewise */
	uint64_t next_ticket;
	_Atomic uint32_t configuring; /* jobs from there until they are in the store */

	struct keyring *keyring;   /* what seals and opens; its keys change at a reload */
	pthread_mutex_t keys_lock; /* from sealing until the job is in the list */
	struct rotation *rotation;
	struct refill *refill;
	struct forwarding *forwarding; /* NULL: packets are not forwarded here */
	bool lends;                    /* its store, to members that lag */
};

/* time.c */
uint64_t agent_cluster_ms(struct agent *agent);
uint64_t agent_wall_ms(struct agent *agent); /* Unix time; of the cluster, if there is one */
/* `floor_ms`: the newest time that the store and the log carry. */
void time_start(struct agent *agent, uint64_t floor_ms);
/* A command of another member was applied. Engine's thread. */
void time_follow(struct agent *agent, uint64_t time_ms);
void time_lead(struct agent *agent);
/* The clocks of the others, as they are known now. One thread. */
void time_agree(struct agent *agent, const struct replication_status *status);

void agent_fail(struct agent *agent, enum ha_error why, const char *what);
/* A thread of the agent begins. */
void agent_thread(const struct agent *agent, const char *name);

/* policy.c: the settings in force, for network threads */
void policy_refresh(struct agent *agent);
void policy_read(struct agent *agent, struct registration_policy *out);
/* Of the nodes of this policy; *out stays as it is when there is none. */
void policy_read_label(struct agent *agent, uint8_t label, struct registration_policy *out);
/* The option that a setting `policy.NAME.OPTION` overrides; NULL when it is none
 * of this policy (NULL: of any). */
const struct config_option *policy_option(const char *name, const char *policy);

/* secret.c */
void secret_refresh(struct agent *agent);
void secret_read(struct agent *agent, struct mip_key_state *out);
bool secret_is_made(struct agent *agent);
enum ha_error secret_run(struct agent *agent, char *report, size_t size);

/* load.c: the store's rows into memory */
struct store_reader;
enum ha_error load_run(struct agent *agent, struct store_reader *reader, char *report, size_t size);

/* recovery.c: store and log into memory */
enum ha_error recovery_run(struct agent *agent, char *report, size_t size);
/* A restore that was cut off may not be started over: HA_E_DAMAGED. */
enum ha_error recovery_check_interrupted(const char *data_directory, char *report, size_t size);

/* upgrade.c: keys that an earlier program left unsealed */
enum ha_error upgrade_run(struct agent *agent, char *report, size_t size);

/* seed.c: the first configuration of an empty store */
bool seed_is_done(struct agent *agent);
enum ha_error seed_run(struct agent *agent, char *report, size_t size);
/* Put changes in order and wait until the store has them. *failed receives
 * which one was refused. */
enum ha_error seed_configure(struct agent *agent, const struct change *changes, size_t count,
                             size_t *failed);

/* applier.c */
struct applied {
	uint64_t index, term; /* of the newest entry that the state has */
};
struct applied applier_position(struct agent *agent);
void applier_machine(struct agent *agent, struct replication_machine *out);

/* leadership.c */
enum ha_error leadership_open(struct agent *agent, char *report, size_t size); /* with all rights */
void leadership_alone(struct agent *agent); /* there is one voter */
void leadership_stop(struct agent *agent);  /* before the replication is closed */
void leadership_leave(struct agent *agent); /* the home agent's address is given up */
void leadership_close(struct agent *agent); /* after what forwards, which asks who has it */
/* clock_monotonic_ns() until which this node may answer; 0 when it does not lead. Any
 * thread, does not wait for the network. */
uint64_t leadership_answer_until(void *agent);
/* Of struct replication_machine. */
void leadership_lose(void *context, const uint64_t *tickets, size_t count);
void leadership_change(void *context, enum replication_role role, uint64_t term);
void leadership_answers(void *context);
void leadership_moment(void *context);

/* configure.c */
void configure_lose(struct agent *agent, uint64_t ticket);
void configure_applied(struct agent *agent, uint64_t ticket, uint64_t index,
                       struct state_outcome *outcome);
void configure_abandon(struct agent *agent);

/* drop.c */
void drop_applied(struct agent *agent, uint64_t ticket, const struct state_outcome *outcome);
void drop_lose(struct agent *agent, uint64_t ticket);
void drop_abandon(struct agent *agent);

/* checkpoint.c */
enum ha_error checkpoint_start(struct agent *agent);
void checkpoint_stop(struct agent *agent);
void checkpoint_dirty(struct agent *agent); /* something was applied */
void checkpoint_wake(struct agent *agent);  /* what it waited for may be different */
void checkpoint_write_through(struct agent *agent, struct configure_job *job);
void job_list_append(struct job_list *list, struct configure_job *job);
/* Who waits is told once: what is known, or that nothing is. */
void job_tell(struct configure_job *job, bool known);
void job_free(struct configure_job *job);

/* pace.c: when the store thread works */
void pace_wait(struct checkpoint *c, uint64_t deadline_ns); /* with the lock */
/* Not before `at_ns`, or later when the store is lent and that can wait. */
uint64_t pace_unless_lent(struct agent *agent, uint64_t at_ns);
/* After a transaction of a pass that took so long. */
void pace_rest(struct agent *agent, uint64_t worked_ns);
/* After a pass. */
uint64_t pace_pause_ms(struct agent *agent, enum ha_error error);

/* waiters.c */
bool waiters_served(const struct checkpoint *c); /* with the lock: can one be told? */
/* Tell those whom the store serves now, or after a failure all of them. */
void waiters_tell(struct checkpoint *c, enum ha_error why);
void waiters_abandon(struct checkpoint *c);

/* receiver.c */
enum ha_error receiver_open(struct agent *agent, unsigned number, struct receiver **out,
                            char *report, size_t size);
enum ha_error receiver_start(struct receiver *receiver);
void receiver_join(struct receiver *receiver);
void receiver_close(struct receiver *receiver);
struct completions *receiver_completions(struct receiver *receiver);
/* What becomes of a proposal is not known: its claim goes, it gets no reply.
 * Engine's thread. */
void receiver_lose(struct receiver *receiver, uint32_t place);

/* request.c: one datagram */
struct request_clock {
	uint64_t wall_ms;
	uint64_t cluster_ms;
};

/* A datagram as it came. Borrowed. */
struct request_datagram {
	struct span payload;
	struct in_addr source;
	uint16_t source_port; /* host order */
	bool broadcast;       /* sent to a broadcast address */
};

enum request_fate {
	REQUEST_DROPPED,
	REQUEST_ANSWERED, /* `reply` can be sent now */
	REQUEST_PROPOSED, /* `command` is to be put in order, then `reply` sent */
	REQUEST_OUTRUN,   /* dropped: another proposal of the node is under way */
};

struct request_result {
	enum request_fate fate;
	uint8_t type; /* enum mip_type of the datagram */
	uint8_t kind; /* enum request_kind; as it was when it was looked at first */
	bool claimed; /* `hold` is kept until what was proposed is applied or released */
	enum mip_code code;
	bool deregistration;
	bool genuine;        /* authentic, new, and not sooner than it may come */
	uint64_t arrived_ns; /* clock_monotonic_ns(), of the datagram; set by who received it */
	uint64_t traced;     /* who watches the node; 0 = nobody */
	const char *reason;  /* of the verdict; static */
	struct state_hold hold;
	uint8_t reply[REGISTRATION_REPLY_MAX];
	size_t reply_size;
	uint8_t command[COMMAND_REGISTRATION_MAX];
	size_t command_size;
};

/* Decide one datagram. `no_resources`: a proposal cannot be taken, deny it. */
typedef void datagram_handler(struct agent *agent, const struct registration_policy *policy,
                              struct request_clock clock, const struct request_datagram *datagram,
                              bool no_resources, struct request_result *out);
datagram_handler request_handle;
/* What was proposed was not taken: its claim goes. */
void request_release(struct agent *agent, const struct request_result *result);
/* Count a reply that was handed to the network. */
void request_count_reply(enum mip_code code, bool deregistration);

/* messages.c: by the type of message */
datagram_handler message_handle;
void message_count_reply(uint8_t type, enum mip_code code, bool deregistration);

/* revocation.c: what foreign agents send, RFC 3543 */
datagram_handler revocation_handle, revocation_ack_handle;
void revocation_count_reply(enum mip_code code, bool deregistration);

/* revocation_send.c: what they are sent. Engine's thread. */
void revocation_note(struct agent *agent, const struct state_outcome *outcome);
void revocation_tick(struct agent *agent);

#endif
