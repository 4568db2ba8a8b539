/* association.h - associations that a manager wants made, changed or removed: what is there,
 * and the steps of a plan. The tables of both modules find out what is wanted.
 *
 * May include: mib/set.h, agentd/state/rows.h, proto/name.h. */
#ifndef MIB_ASSOCIATION_H
#define MIB_ASSOCIATION_H

#include "agentd/state/rows.h"
#include "mib/set.h"

/* Which association: by the address of its peer, or by the digest of its name. */
struct association_place {
	enum peer_kind kind;
	uint32_t realm;
	bool by_name;
	struct in_addr address;
	struct name_digest name;
	uint32_t spi;
	enum association_use use;
};

/* What the snapshot has of it. */
struct association_known {
	bool has_peer;
	struct peer_row peer;
	bool exists;
	uint8_t algorithm, replay;
	uint16_t tolerance_s;
	uint64_t version; /* 0: it is not there */
};

/* What is wanted. */
struct association_wish {
	uint8_t algorithm;           /* enum mip_algorithm */
	const struct mib_value *key; /* NULL: it keeps the one that it has */
	uint8_t replay;
	uint16_t tolerance_s;
	char nai[MIP_NAI_MAX + 1]; /* of a new node */
	char pool[LABEL_MAX];
};

/* Both modules have these numbers; the first is other(1) in MIP-MIB and none(1) in ours. */
enum association_replay {
	ASSOCIATION_UNPROTECTED = 1, /* as those towards AAA, and of foreign agents */
	ASSOCIATION_TIMESTAMPS = 2,
	ASSOCIATION_NONCES = 3,
};

/* Are requests protected from replays by such an association? */
bool association_protects(enum peer_kind kind, unsigned use);
/* What is shown of one that is there; `replay` is enum replay_style. */
enum association_replay association_replay_of(enum peer_kind kind, unsigned use, uint8_t replay);
/* What is wanted of it in the column of that arc: into the wish, or refused. */
void association_take_replay(struct set_row *row, uint32_t arc,
                             const struct association_place *place,
                             const struct association_known *known, struct association_wish *wish);

/* One of those that MIP-MIB calls MD5. */
bool association_is_md5(uint8_t algorithm);

/* false: there can be no association in such a place, of any algorithm. */
bool association_place_is_valid(const struct association_place *place);
void association_look(struct mib_group *group, const struct association_place *place,
                      struct association_known *out);
/* Does this SPI go with the algorithm and the use? */
bool association_spi_is_valid(const struct association_place *place, uint8_t algorithm);

/* Make it, or change it as it was seen. Refused when there is no more room. */
void association_want(struct set_row *row, struct mib_group *group,
                      const struct association_place *place, const struct association_known *known,
                      const struct association_wish *wish);
void association_unwant(struct set_row *row, const struct association_place *place,
                        const struct association_known *known);

#endif
