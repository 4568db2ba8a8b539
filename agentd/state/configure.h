/* configure.h - for the files that apply configuration; nobody outside
 * agentd/state includes this. */
#ifndef AGENTD_STATE_CONFIGURE_H
#define AGENTD_STATE_CONFIGURE_H

#include "agentd/state/audit.h"
#include "agentd/state/internal.h"

#include "proto/cluster.pb-c.h"

/* Whom a command means: by name where there is one, else by address. */
struct identity {
	enum peer_kind kind;
	uint32_t realm;
	struct in_addr address;
	struct span nai;
	struct name_digest name;
};

struct identity identity_of(unsigned kind, uint32_t realm, uint32_t address,
                            const ProtobufCBinaryData *nai, bool has_nai);
uint32_t identity_find(struct state *state, const struct identity *identity);

/* Room that a change needs, beyond what is used. */
struct need {
	uint32_t peers;
	uint32_t associations;
	uint32_t bindings;
};

/* The room of who put it in order decides, so that all decide alike. */
enum ha_error room_check(struct state *state, const struct state_capacity *allowed,
                         const struct need *need);

/* configure.c: one change, made or refused. */
enum ha_error change_apply(struct state *state, uint64_t index,
                           const struct state_capacity *allowed, const Hearth__Change *change,
                           struct row_log *rows);

/* "" for NULL. */
struct span text_span(const char *text);
/* Cut to what fits. */
void text_copy(char *out, size_t size, struct span text);

/* configure_node.c: what may change about a node */
enum ha_error node_set_policy(struct state *state, uint32_t slot, const char *policy,
                              struct row_log *rows);
enum ha_error node_apply(struct state *state, const struct state_capacity *allowed,
                         const Hearth__SetNode *set, struct row_log *rows);

/* state.c: with room for so many settings and no wheel: nothing ends in a trial, and what
 * is never touched would still be mapped and cleared for every command. HA_E_NOMEM. */
struct state *state_new_trial(const struct state_capacity *capacity, struct keyring *ring,
                              size_t settings, enum ha_error *why);

/* trial.c: a state of its own with what the command could touch of this one, to be
 * ended with state_free. HA_E_NOMEM. */
enum ha_error trial_new(struct state *state, const Hearth__Configure *configure,
                        struct state **out);

/* audit_note.c: what a change leaves behind. Of *row index, number, who and time_ms
 * are given; `finish` when the change was made. */
void audit_begin(struct state *state, const Hearth__Change *change, struct audit_row *row);
void audit_finish(struct state *state, const Hearth__Change *change, struct audit_row *row,
                  struct row_log *rows);
/* After a command: what is too old goes. */
void audit_trim(struct row_log *rows);

#endif
