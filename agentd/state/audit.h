/* audit.h - who changed what of the configuration, when, from what to what: rows
 * of the store that every change leaves behind, the newest AUDIT_KEEP of them.
 * Never a key, and nothing of the secrets that members share.
 *
 * All members have the same rows: they are made where changes are applied, and
 * what is too old goes by number.
 *
 * May include: proto, agentd/base, agentd/state/change.h. */
#ifndef AGENTD_STATE_AUDIT_H
#define AGENTD_STATE_AUDIT_H

#include "agentd/base/error.h"
#include "agentd/state/change.h"

#define AUDIT_KEEP 65536u /* rows */
#define AUDIT_KEY_SIZE 10u
#define AUDIT_VALUE_MAX 1024u
#define AUDIT_WHO_MAX 64u /* octets, with its NUL; more is cut */

/* X(symbol, number on the disk, name, whether it can be undone). Append only. */
#define AUDIT_KINDS(X)                                                                             \
	X(AUDIT_SET, 1, "setting set", true)                                                       \
	X(AUDIT_UNSET, 2, "setting unset", true)                                                   \
	X(AUDIT_ADD, 3, "association added", true)                                                 \
	X(AUDIT_REPLACE, 4, "association replaced", false)                                         \
	X(AUDIT_REMOVE, 5, "association removed", false)                                           \
	X(AUDIT_REMOVE_PEER, 6, "peer removed", false)                                             \
	X(AUDIT_SET_NODE, 7, "node set", true)                                                     \
	X(AUDIT_CHANGE, 8, "association changed", true) /* its key stays */

enum audit_kind {
#define X(symbol, number, name, undoable) symbol = number,
	AUDIT_KINDS(X)
#undef X
};

/* "unknown" for a kind of a newer program. Static. */
const char *audit_kind_name(enum audit_kind kind);
bool audit_kind_undoable(enum audit_kind kind);

/* What was so, or is so since. Of a setting: text. Of an association: algorithm,
 * replay, tolerance_s. Of a node: bindings, and its policy as text. */
struct audit_value {
	bool present;
	uint8_t algorithm;
	uint8_t replay; /* enum replay_style */
	uint8_t bindings;
	uint16_t tolerance_s;
	char text[256];
};

struct audit_row {
	/* the key */
	uint64_t index;  /* of the command in the log */
	uint16_t number; /* of the change in it, from 0 */
	/* the value */
	enum audit_kind kind;
	uint64_t time_ms; /* cluster time */
	char who[AUDIT_WHO_MAX];
	struct change_place undoes; /* index 0 = nothing */
	char name[64];              /* of a setting; "" = about a peer */
	enum peer_kind peer;
	uint32_t realm;
	struct in_addr address; /* 0 = by name */
	char nai[MIP_NAI_MAX + 1];
	uint32_t spi;
	uint8_t use; /* enum association_use */
	struct audit_value old, new;
};

struct audit_octets {
	size_t size;
	uint8_t at[AUDIT_VALUE_MAX];
};

/* Who it was, as it can be shown anywhere: `kind` as it is, and of the octets only what
 * is printable ASCII as it is, the rest as \xNN; cut where it is full. */
void audit_who(const char *kind, const void *octets, size_t size, char out[AUDIT_WHO_MAX]);

void audit_row_key(const struct audit_row *row, struct audit_octets *out);
void audit_row_value(const struct audit_row *row, struct audit_octets *out);
/* HA_E_TRUNCATED, HA_E_TRAILING, HA_E_MALFORMED; HA_E_NEWER for a format above
 * ours. *out is zeroed on failure. */
enum ha_error audit_row_decode(struct span key, struct span value, struct audit_row *out);

#endif
