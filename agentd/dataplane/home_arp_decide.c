/* home_arp_decide.c - the rules, in order; the first that speaks has the word. */
#include "agentd/dataplane/home_arp_decide.h"

/* ---- where ---- */

int home_arp_net_of(const struct home_arp_view *view, unsigned link, struct in_addr address)
{
	int best = -1;

	for (size_t i = 0; i < view->count; i++) {
		const struct home_arp_net *net = &view->nets[i];

		if (net->link == link && address_in_prefix(address, &net->prefix) &&
		    (best < 0 || net->prefix.length > view->nets[best].prefix.length))
			best = (int)i;
	}
	return best;
}

int home_arp_net_of_home(const struct home_arp_view *view, uint32_t realm, struct in_addr home)
{
	int best = -1;

	for (size_t i = 0; i < view->count; i++) {
		const struct home_arp_net *net = &view->nets[i];

		if (net->realm == realm && address_in_prefix(home, &net->prefix) &&
		    (best < 0 || net->prefix.length > view->nets[best].prefix.length))
			best = (int)i;
	}
	return best;
}

bool home_arp_may_speak(const struct home_arp_view *view, const struct home_arp_net *net,
                        uint64_t now_ns)
{
	return now_ns < view->ask->until(view->ask->context, net->group);
}

/* ---- who ---- */

static bool is_group(struct mac mac)
{
	return (mac.octets[0] & 1u) != 0;
}

/* Can a frame be sent to it, to one host? An answer to all would let a single
 * request take an address from its owner. */
static bool is_host(struct mac mac)
{
	static const struct mac none;

	return !is_group(mac) && !mac_equal(mac, none);
}

static bool is_ours(const struct home_arp_net *net, const struct arp *heard)
{
	return mac_equal(heard->sender_mac, net->ours) || mac_equal(heard->from, net->ours);
}

/* A node that has come back is no longer asked for by us (and by itself least of
 * all), though its binding is still there. */
static bool is_by_the_node(const struct home_arp_view *view, uint8_t net, const struct arp *heard,
                           uint64_t since_ns)
{
	const struct home_arp_note *note = home_arp_notes_find(view->notes, net, heard->target,
	                                                       since_ns);

	return note && mac_equal(note->mac, heard->sender_mac);
}

/* ---- what ---- */

static enum home_arp_verdict decide_request(const struct home_arp_view *view, int net,
                                            const struct arp *heard, uint64_t since_ns)
{
	const struct home_arp_net *at = &view->nets[net];

	if (address_equal(heard->sender, heard->target))
		return HOME_ARP_IS_GRATUITOUS;
	if (heard->sender.s_addr == 0)
		return HOME_ARP_IS_PROBE;
	if (!is_group(heard->to) && !mac_equal(heard->to, at->ours))
		return HOME_ARP_IS_ELSEWHERE;
	if (is_by_the_node(view, (uint8_t)net, heard, since_ns))
		return HOME_ARP_IS_OWN;
	return view->ask->bound(view->ask->context, (unsigned)net, heard->target)
	               ? HOME_ARP_IS_ANSWER
	               : HOME_ARP_IS_UNBOUND;
}

enum home_arp_verdict home_arp_decide(const struct home_arp_view *view, unsigned link,
                                      const struct arp *heard, uint64_t now_ns, uint64_t since_ns,
                                      int *net)
{
	bool asks = heard->operation == ARP_REQUEST;

	*net = -1;
	if ((!asks && heard->operation != ARP_REPLY) || !is_host(heard->sender_mac))
		return HOME_ARP_IS_MALFORMED;
	*net = home_arp_net_of(view, link, asks ? heard->target : heard->sender);
	if (*net < 0)
		return HOME_ARP_IS_OUTSIDE;
	if (is_ours(&view->nets[*net], heard))
		return HOME_ARP_IS_OWN;
	if (!home_arp_may_speak(view, &view->nets[*net], now_ns))
		return HOME_ARP_IS_FENCED;
	if (asks)
		return decide_request(view, *net, heard, since_ns);
	return address_equal(heard->sender, heard->target) ? HOME_ARP_IS_GRATUITOUS
	                                                   : HOME_ARP_IS_REPLY;
}

bool home_arp_tells_sender(enum home_arp_verdict verdict)
{
	return verdict == HOME_ARP_IS_GRATUITOUS || verdict == HOME_ARP_IS_REPLY ||
	       verdict == HOME_ARP_IS_ANSWER || verdict == HOME_ARP_IS_UNBOUND;
}
