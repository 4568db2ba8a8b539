/* identity.h - who the mobile nodes of a load are: home address, security
 * association and care-of addresses, all computed from a number and a seed, so
 * that two programs that share the seed agree without sharing a file.
 *
 *     home address  = first home address + number
 *     SPI           = the same for all
 *     key           = HMAC-MD5(seed text, home address in network order)
 *     care-of       = first care-of address + offset, 20 bits of offset; or one for all
 *
 * The keys are for tests: who knows the seed knows them all.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_LOAD_IDENTITY_H
#define AGENTD_LOAD_IDENTITY_H

#include <netinet/in.h>
#include <stdint.h>

#include "proto/authenticator.h"

#define LOAD_KEY_SIZE 16u
#define LOAD_CARE_OF_MASK 0xfffffu /* offsets of care-of addresses */

struct load_identity {
	struct mip_key_state seed;
	struct in_addr first_home;
	struct in_addr first_care_of;
	struct in_addr
		care_of; /* of a foreign agent, and of all nodes; zero: they have their own */
	struct in_addr home_agent;
	uint32_t spi;
	uint8_t algorithm; /* enum mip_algorithm */
};

/* HA_E_RANGE for a seed text that is empty or longer than MIP_KEY_SIZE_MAX. */
enum ha_error load_seed_init(struct mip_key_state *out, const char *text);

struct in_addr load_home(const struct load_identity *identity, uint32_t node);
/* The number of a home address; anything when it is not one of the load's. */
uint32_t load_node_of(const struct load_identity *identity, struct in_addr home);
struct in_addr load_care_of(const struct load_identity *identity, uint32_t offset);
/* Where a node is first: an offset for load_care_of. */
uint32_t load_first_offset(uint32_t node);

void load_key(const struct load_identity *identity, struct in_addr home,
              uint8_t key[LOAD_KEY_SIZE]);
void load_key_state(const struct load_identity *identity, struct in_addr home,
                    struct mip_key_state *out);

#endif
