/* tunnel_forms.h - every form of a tunnel, for tests of tunnels: three encapsulations,
 * GRE with each set of fields, all of them also inside UDP.
 *
 * May include: proto/tunnel.h, tests/unit. */
#ifndef TESTS_UNIT_TUNNEL_FORMS_H
#define TESTS_UNIT_TUNNEL_FORMS_H

#include "proto/tunnel.h"
#include "tests/unit/packets.h"

#define TUNNEL_FORMS 20u
#define FORM_KEY 0xa1b2c3d4u
#define FORM_SEQUENCE 0x01020304u

/* Home agent 192.0.2.1, care-of address 198.51.100.2. */
static inline struct tunnel_end form_end(unsigned form)
{
	unsigned kind = form / 2; /* 0 IP in IP, 1 minimal, then GRE by its fields */
	struct tunnel_end end = {
		.local = address4(192, 0, 2, 1),
		.remote = address4(198, 51, 100, 2),
		.udp = form % 2,
		.local_port = form % 2 ? TUNNEL_UDP_PORT : 0,
		.remote_port = form % 2 ? 62001 : 0,
		.encapsulation = (uint8_t)(kind < 2 ? kind : ENCAPSULATION_GRE),
	};

	if (kind >= 2) {
		end.has_checksum = (kind - 2) & 4;
		end.has_key = (kind - 2) & 2;
		end.has_sequence = (kind - 2) & 1;
		end.key = end.has_key ? FORM_KEY : 0;
	}
	return end;
}

static inline struct tunnel_outer form_outer(void)
{
	return (struct tunnel_outer){
		.ttl = 64, .tos = 0x28, .id = 0x4321, .sequence = FORM_SEQUENCE
	};
}

/* The packet in its tunnel. The caller frees .at. Aborts where it cannot be. */
static inline struct octets form_wrapped(const struct tunnel_end *end, struct octets inner)
{
	static uint8_t room[IP4_TOTAL_MAX];
	struct tunnel_outer outer = form_outer();
	struct writer out = writer_over(room, sizeof(room));

	if (tunnel_wrap(end, &outer, span_of(inner), &out) != HA_OK)
		abort();
	return octets_copy(room, writer_used(&out));
}

#endif
