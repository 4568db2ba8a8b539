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

/* What was agreed on beside the flags of the request. Stored: append only. */
enum binding_feature {
	BINDING_UDP = 0x0001,               /* tunnelled in UDP to endpoint and port, RFC 3519 */
	BINDING_UDP_FORCED = 0x0002,        /* though no NAT was seen */
	BINDING_REVOCABLE = 0x0004,         /* both sides support revocation, RFC 3543 */
	BINDING_REVOCATION_INFORM = 0x0008, /* and the mobile node is to be told */
};

struct binding {
	struct in_addr care_of;
	struct in_addr endpoint; /* of the tunnel; equals care_of without NAT */
	struct in_addr source;   /* of the datagram that registered it */
	uint16_t endpoint_port;  /* host order; 0 without NAT */
	uint16_t source_port;    /* host order */
	uint16_t granted_s;      /* lifetime granted; LIFETIME_INFINITE */
	uint8_t flags;           /* enum mip_request_flag of the request */
	uint8_t encapsulation;   /* enum encapsulation; inside UDP where that is agreed */
	uint16_t features;       /* enum binding_feature */
	uint16_t keepalive_s;    /* of the UDP tunnel; 0 without */
	uint32_t agent_stamp;    /* by the foreign agent's clock, where revocable */
	uint64_t identification; /* of the reply */
	uint64_t granted_ms;
	uint64_t expires_ms; /* or BINDING_NEVER_EXPIRES */
};

#endif
