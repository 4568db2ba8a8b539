/* shared_address.h - addresses of a foreign agent that are on the host of whoever leads, each
 * with the interface that it is put on, as the configuration names them:
 *
 *     192.0.2.9@eth0, 198.51.100.1@eth1
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_SHARED_ADDRESS_H
#define AGENTD_BASE_SHARED_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "agentd/base/home_network.h"

#define SHARED_ADDRESSES_MAX 8u

struct shared_address {
	struct in_addr address;
	char interface[HOME_NETWORK_INTERFACE_MAX];
};

/* How it is to be written, as the end of a sentence. */
#define SHARED_ADDRESSES_ALLOWED                                                                   \
	"empty, or up to 8 different addresses with @ and an interface behind each, with commas "  \
	"between them"

/* An empty text is none. false: it is not written as it must be. */
bool shared_addresses_parse(const char *text, struct shared_address out[SHARED_ADDRESSES_MAX],
                            size_t *count);

#endif
