/* extension_write.h - extensions written one by one, behind what the writer
 * holds. Authentications are written by authenticator.h.
 *
 * None returns anything: failure is in out->error, HA_E_NOSPACE for want of room
 * and what each lists; nothing is written then or once the writer had failed
 * before. Spans and texts are borrowed for the call. Addresses are in network
 * order, numbers in host order.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_EXTENSION_WRITE_H
#define PROTO_EXTENSION_WRITE_H

#include "proto/extension.h"

/* 130, RFC 3024 section 3.3: the encapsulating delivery style is asked for. */
void mip_delivery_append(struct writer *out);

/* 131, RFC 2794. HA_E_MALFORMED: not a NAI (mip_nai_is_valid). */
void mip_nai_append(struct writer *out, struct span nai);

/* 132, RFC 4721 section 4. HA_E_RANGE: not 1 to 255 octets. */
void mip_challenge_append(struct writer *out, struct span challenge);

/* 137, RFC 3543 section 3.2. */
void mip_revocation_support_append(struct writer *out, bool inform, uint32_t timestamp);

/* 139, RFC 4433 section 3.4: as that draws it, or in the short layout that the
 * type should have. */
void mip_dynamic_ha_append(struct writer *out, enum mip_dynamic_ha_subtype subtype,
                           struct in_addr address, bool rfc4433_form);

/* 144 and 44, RFC 3519 sections 3.1 and 3.2. */
void mip_udp_tunnel_request_append(struct writer *out, bool forced, bool registration_required,
                                   uint8_t encapsulation);
void mip_udp_tunnel_reply_append(struct writer *out, uint8_t code, bool forced,
                                 uint16_t keepalive_s);

/* 46, RFC 4857 section 9.1. */
void mip_gfa_append(struct writer *out, struct in_addr address);

/* 145, RFC 4917: at most MIP_MESSAGE_MAX octets of `text`, which is UTF-8, cut
 * where a character ends. An empty text is no message: nothing is written. */
void mip_message_string_append(struct writer *out, enum mip_message_subtype subtype,
                               const char *text);

/* 45, RFC 4636. HA_E_RANGE: a status outside 64 to 127. */
void mip_fa_error_append(struct writer *out, uint8_t status);

#endif
