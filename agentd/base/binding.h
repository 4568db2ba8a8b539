/* binding.h - one mobility binding (RFC 5944 section 3.8.1): plain data,
 * copied by value, owns nothing.
 *
 * Times are cluster time in milliseconds (clock.h). */
#ifndef AGENTD_BASE_BINDING_H
#define AGENTD_BASE_BINDING_H

#include <netinet/in.h>
#include <stdint.h>

#define BINDING_LIMIT_MAX 8u /* simultaneous bindings a node can be granted */
#define BINDING_NEVER_EXPIRES UINT64_MAX
#define LIFETIME_INFINITE 0xffffu /* seconds field of a request or reply */

enum encapsulation {
	ENCAPSULATION_IPIP = 0,    /* RFC 2003 */
	ENCAPSULATION_MINIMAL = 1, /* RFC 2004 */
	ENCAPSULATION_GRE = 2,     /* RFC 2784 */
};

struct binding {
	struct in_addr care_of;
	struct in_addr endpoint; /* of the tunnel; equals care_of without NAT */
	struct in_addr source;   /* of the datagram that registered it */
	uint16_t endpoint_port;  /* host order; 0 without NAT */
	uint16_t source_port;    /* host order */
	uint16_t granted_s;      /* lifetime granted; LIFETIME_INFINITE */
	uint8_t flags;           /* enum mip_request_flag of the request */
	uint8_t encapsulation;   /* enum encapsulation */
	uint64_t identification; /* of the reply */
	uint64_t granted_ms;
	uint64_t expires_ms; /* or BINDING_NEVER_EXPIRES */
};

#endif
