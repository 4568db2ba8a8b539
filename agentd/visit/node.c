/* node.c - what is said to a mobile node: to the link address that it spoke from. */
#include "agentd/visit/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/counters.h"

#define UDP_HEADER 8u
#define TTL 64u
#define MESSAGE_MAX 3072u /* octets */
#define CHALLENGE_SIZE 16u

static struct served_link *link_of(struct visit *visit, unsigned interface)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (interface && visit->links[i].interface.index == interface)
			return &visit->links[i];
	return NULL;
}

struct keys_peer node_peer(const struct foreign_registration *registration)
{
	return (struct keys_peer){
		.kind = PEER_MOBILE_NODE,
		.address = registration->home,
		.nai = { registration->nai, registration->nai_size },
	};
}

void node_answer_of(struct visit *visit, const struct foreign_registration *to, uint32_t spi,
                    struct node_answer *out)
{
	const struct keys_peer peer = node_peer(to);
	struct foreign_signer *signer = &out->answer.mobile;

	*out = (struct node_answer){ 0 };
	signer->key = keys_find(visit->keys, &peer, spi, &signer->spi);
	if (!visit->settings.policy.challenges)
		return;
	visit_random_octets(out->challenge, CHALLENGE_SIZE);
	out->answer.challenge = (struct span){ out->challenge, CHALLENGE_SIZE };
	node_note(&nodes_place(visit->nodes, to->interface, to->link)->offered,
	          out->answer.challenge);
}

static void put_udp(struct writer *out, const struct ip4 *ip, uint16_t port, struct span message)
{
	const size_t size = UDP_HEADER + message.size;
	uint8_t *begin = out->at;
	struct writer again;
	uint16_t sum;

	put_u16(out, MIP_PORT);
	put_u16(out, port);
	put_u16(out, (uint16_t)size);
	put_u16(out, 0);
	put_octets(out, message.at, message.size);
	if (out->error != HA_OK)
		return;
	sum = ip4_sum_finish(ip4_sum(ip4_sum_pseudo(ip->source, ip->destination, IP4_UDP, size),
	                             (struct span){ begin, size }));
	again = writer_over(begin + 6, 2);
	put_u16(&again, sum ? sum : UINT16_MAX);
}

void node_tell(struct visit *visit, const struct foreign_registration *to, struct in_addr home,
               struct span message)
{
	struct served_link *link = link_of(visit, to->interface);
	uint8_t octets[MESSAGE_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	struct foreign_addresses addresses;
	struct ip4 header = { .ttl = TTL, .protocol = IP4_UDP };

	if (link) {
		addresses = foreign_addresses_of(to->destination, visit_address(visit, link), home);
		header.source = addresses.source;
		header.destination = addresses.destination;
		put_udp(&out, &header, to->source_port, message);
	}
	if (!link || out.error != HA_OK ||
	    !visit_send(visit, link, &header, to->link, writer_span(&out)))
		visiting_count(VISITING_SEND_FAILED);
}

static void tell_log(const struct foreign_registration *to, enum foreign_code code)
{
	static struct log_limit limit = { .per_second = 10 };
	const struct foreign_code_info *info = foreign_code_info(code);
	uint64_t held_back;

	if (log_enabled(LOG_LEVEL_INFO) && log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_info("visitor %s: %u, %s", address_format(to->home).text, code,
		         info ? info->text : "denied");
}

void node_deny(struct visit *visit, const struct foreign_registration *to, enum foreign_code code,
               const char *reason, uint16_t lifetime_s, uint64_t now_ms)
{
	struct node *node = nodes_place(visit->nodes, to->interface, to->link);
	struct foreign_denial denial = foreign_denial_of_pending(
		to, code, visit->settings.policy.message_strings ? reason : NULL);
	uint8_t octets[FOREIGN_DENIAL_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	struct node_answer answer;

	if (node_was_denied(node, now_ms))
		return;
	denial.lifetime_s = lifetime_s;
	node->denied = true;
	node->denied_ms = now_ms;
	node_answer_of(visit, to, 0, &answer);
	foreign_denial_write(&denial, &answer.answer, &out);
	foreign_code_count(code);
	tell_log(to, code);
	if (out.error == HA_OK)
		node_tell(visit, to, to->home, writer_span(&out));
}
