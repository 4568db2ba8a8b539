/* ballot_format.h - the octets of the ballot file: two slots of BALLOT_SLOT
 * octets. Encodes and decodes, with bounds; no I/O. All integers are little-endian.
 *
 *     0  magic u64            8  format u32         12  groups u32
 *    16  number u64: of the write; even ones stand in the first slot, odd ones in
 *        the second
 *    24  cluster u64         32  incarnation u64
 *    40  met: u64 of members 1 to 5
 *    80  groups of 32 octets; there is room for BALLOT_GROUPS_MAX
 *          0 group u32   4 voted for u32   8 term u64   16 base index u64
 *         24 base term u64
 *  4088  checksum u64 of the octets before it
 *
 * What is not used is zero. Magic and format stay where they are in all formats
 * to come.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_BALLOT_FORMAT_H
#define REPLICATION_BALLOT_FORMAT_H

#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/ballot.h"

#define BALLOT_FORMAT 1u
#define BALLOT_SLOT 4096u

/* `slot` has BALLOT_SLOT octets in all of these. */
void ballot_slot_encode(uint8_t *slot, uint64_t number, const struct ballot_state *state);

/* HA_E_NEWER, or HA_E_DAMAGED for everything else that is wrong: magic, checksum,
 * values that cannot be. *number and *out are untouched on failure. */
enum ha_error ballot_slot_decode(const uint8_t *slot, uint64_t *number, struct ballot_state *out);

/* Put the checksum of what stands before it. */
void ballot_slot_seal(uint8_t *slot);

#endif
