/* command.c - commands and rows by the schema, with every length and every number looked at:
 * what does not fit into what it is for is malformed. */
#include "agentd/visitors/command.h"

#include <string.h>

#include "proto/visitors.pb-c.h"

/* ---- writing ---- */

static ProtobufCBinaryData bytes(const uint8_t *at, size_t size)
{
	return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)at }; /* only read */
}

static Hearth__Asked asked_of(const struct foreign_registration *from)
{
	Hearth__Asked asked = HEARTH__ASKED__INIT;

	asked.home = ntohl(from->home.s_addr);
	asked.home_agent = ntohl(from->home_agent.s_addr);
	asked.relayed_to = ntohl(from->relayed_to.s_addr);
	asked.care_of = ntohl(from->care_of.s_addr);
	asked.source = ntohl(from->source.s_addr);
	asked.destination = ntohl(from->destination.s_addr);
	asked.identification = from->identification;
	asked.link = from->interface;
	asked.revocation_stamp = from->revocation_stamp;
	asked.source_port = from->source_port;
	asked.lifetime_s = from->lifetime_s;
	asked.flags = from->flags;
	asked.features = from->features;
	asked.link_address = bytes(from->link, sizeof(from->link));
	asked.has_challenge = from->challenge_size != 0;
	asked.challenge = bytes(from->challenge, from->challenge_size);
	asked.has_nai = from->nai_size != 0;
	asked.nai = bytes(from->nai, from->nai_size);
	return asked;
}

static Hearth__Visitor visitor_of(const struct foreign_visitor *from, Hearth__Asked *asked)
{
	Hearth__Visitor visitor = HEARTH__VISITOR__INIT;

	*asked = asked_of(&from->asked);
	visitor.asked = asked;
	visitor.home = ntohl(from->home.s_addr);
	visitor.home_agent = ntohl(from->home_agent.s_addr);
	visitor.has_began_ms = true;
	visitor.began_ms = from->began_ms;
	visitor.granted_ms = from->granted_ms;
	visitor.expires_ms = from->expires_ms;
	visitor.home_agent_stamp = from->home_agent_stamp;
	visitor.mobile_spi = from->mobile_spi;
	visitor.granted_s = from->granted_s;
	visitor.keepalive_s = from->keepalive_s;
	visitor.encapsulation = from->encapsulation;
	visitor.features = from->features;
	visitor.has_offered = from->offered_size != 0;
	visitor.offered = bytes(from->offered, from->offered_size);
	return visitor;
}

size_t visitor_command_write(const struct visitor_command *from, uint64_t time_ms,
                             uint8_t out[VISITOR_COMMAND_MAX])
{
	Hearth__VisitorCommand command = HEARTH__VISITOR_COMMAND__INIT;
	Hearth__VisitorGone gone = HEARTH__VISITOR_GONE__INIT;
	Hearth__Visitor visitor;
	Hearth__Asked asked;

	command.version = VISITOR_COMMAND_VERSION;
	command.time_ms = time_ms;
	if (from->kind == VISITOR_PUT) {
		visitor = visitor_of(&from->visitor, &asked);
		command.command_case = HEARTH__VISITOR_COMMAND__COMMAND_PUT;
		command.put = &visitor;
	} else {
		gone.home = ntohl(from->visitor.home.s_addr);
		gone.home_agent = ntohl(from->visitor.home_agent.s_addr);
		gone.has_over_ms = from->kind == VISITOR_OVER;
		gone.over_ms = gone.has_over_ms ? from->visitor.expires_ms : 0;
		command.command_case = HEARTH__VISITOR_COMMAND__COMMAND_GONE;
		command.gone = &gone;
	}
	return hearth__visitor_command__pack(&command, out);
}

size_t visitor_row_write(const struct foreign_visitor *from, uint8_t out[VISITOR_ROW_MAX])
{
	Hearth__Asked asked;
	Hearth__Visitor visitor = visitor_of(from, &asked);

	return hearth__visitor__pack(&visitor, out);
}

/* ---- reading ---- */

/* false: it is longer than the room. */
static bool copy(const ProtobufCBinaryData *from, uint8_t *to, size_t room, uint8_t *size)
{
	if (from->len > room)
		return false;
	if (from->len)
		memcpy(to, from->data, from->len);
	*size = (uint8_t)from->len;
	return true;
}

static bool take_asked(const Hearth__Asked *from, struct foreign_registration *to)
{
	uint8_t link_size;

	if (from->source_port > UINT16_MAX || from->lifetime_s > UINT16_MAX ||
	    from->flags > UINT8_MAX || from->features > UINT8_MAX)
		return false;
	*to = (struct foreign_registration){
		.home.s_addr = htonl(from->home),
		.home_agent.s_addr = htonl(from->home_agent),
		.relayed_to.s_addr = htonl(from->relayed_to),
		.care_of.s_addr = htonl(from->care_of),
		.source.s_addr = htonl(from->source),
		.destination.s_addr = htonl(from->destination),
		.identification = from->identification,
		.interface = from->link,
		.revocation_stamp = from->revocation_stamp,
		.source_port = (uint16_t)from->source_port,
		.lifetime_s = (uint16_t)from->lifetime_s,
		.flags = (uint8_t)from->flags,
		.features = (uint8_t)from->features,
	};
	return copy(&from->link_address, to->link, sizeof(to->link), &link_size) &&
	       link_size == sizeof(to->link) &&
	       copy(&from->challenge, to->challenge, sizeof(to->challenge), &to->challenge_size) &&
	       copy(&from->nai, to->nai, sizeof(to->nai), &to->nai_size);
}

static bool take_visitor(const Hearth__Visitor *from, struct foreign_visitor *to)
{
	if (from->granted_s > UINT16_MAX || from->keepalive_s > UINT16_MAX ||
	    from->encapsulation > UINT8_MAX || from->features > UINT8_MAX)
		return false;
	*to = (struct foreign_visitor){
		.home.s_addr = htonl(from->home),
		.home_agent.s_addr = htonl(from->home_agent),
		.began_ms = from->has_began_ms ? from->began_ms : from->granted_ms,
		.granted_ms = from->granted_ms,
		.expires_ms = from->expires_ms,
		.home_agent_stamp = from->home_agent_stamp,
		.mobile_spi = from->mobile_spi,
		.granted_s = (uint16_t)from->granted_s,
		.keepalive_s = (uint16_t)from->keepalive_s,
		.encapsulation = (uint8_t)from->encapsulation,
		.features = (uint8_t)from->features,
	};
	return take_asked(from->asked, &to->asked) &&
	       copy(&from->offered, to->offered, sizeof(to->offered), &to->offered_size);
}

static enum ha_error take_command(const Hearth__VisitorCommand *from, struct visitor_command *to)
{
	if (from->version == 0)
		return HA_E_MALFORMED;
	if (from->version > VISITOR_COMMAND_VERSION)
		return HA_E_NEWER;
	if (from->command_case == HEARTH__VISITOR_COMMAND__COMMAND_PUT) {
		to->kind = VISITOR_PUT;
		return take_visitor(from->put, &to->visitor) ? HA_OK : HA_E_MALFORMED;
	}
	if (from->command_case != HEARTH__VISITOR_COMMAND__COMMAND_GONE)
		return HA_E_MALFORMED;
	to->kind = from->gone->has_over_ms ? VISITOR_OVER : VISITOR_GONE;
	to->visitor = (struct foreign_visitor){
		.home.s_addr = htonl(from->gone->home),
		.home_agent.s_addr = htonl(from->gone->home_agent),
		.expires_ms = from->gone->over_ms,
	};
	return HA_OK;
}

enum ha_error visitor_command_read(struct span octets, struct visitor_command *out,
                                   uint64_t *time_ms)
{
	Hearth__VisitorCommand *command = hearth__visitor_command__unpack(NULL, octets.size,
	                                                                  octets.at);
	struct visitor_command taken;
	enum ha_error why;

	if (!command)
		return HA_E_MALFORMED;
	why = take_command(command, &taken);
	if (why == HA_OK) {
		*out = taken;
		*time_ms = command->time_ms;
	}
	hearth__visitor_command__free_unpacked(command, NULL);
	return why;
}

enum ha_error visitor_row_read(struct span octets, struct foreign_visitor *out)
{
	Hearth__Visitor *visitor = hearth__visitor__unpack(NULL, octets.size, octets.at);
	struct foreign_visitor taken;
	bool well = visitor && take_visitor(visitor, &taken);

	if (visitor)
		hearth__visitor__free_unpacked(visitor, NULL);
	if (!well)
		return HA_E_MALFORMED;
	*out = taken;
	return HA_OK;
}
