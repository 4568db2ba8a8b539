/* fuzz_consensus.c - whatever members say, a group stays in order: the input is
 * a list of steps, each a few octets that say who does what, and the rest is a
 * message. Members are authenticated, so they may be mad, but must not make us
 * read beyond a message, give up an entry that was applied, or forget a vote. */
#include <stdlib.h>
#include <string.h>

#include "replication/consensus.h"
#include "replication/consensus_codec.h"

#define MS UINT64_C(1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct member {
	uint64_t serial, term, applied;
	uint8_t voted_for;
};

static enum ha_error save_ballot(void *context, uint64_t term, uint8_t voted_for)
{
	struct member *m = context;

	if (term < m->term || (term == m->term && m->voted_for && voted_for != m->voted_for))
		abort();
	m->term = term;
	m->voted_for = voted_for;
	return HA_OK;
}

static enum ha_error append(void *context, const struct journal_entry *entries, size_t count,
                            uint64_t *serial)
{
	struct member *m = context;

	if (entries[0].index <= m->applied)
		abort();
	*serial = m->serial + 1;
	m->serial += count;
	return HA_OK;
}

static bool room(void *context, enum journal_use use, size_t count, size_t octets)
{
	(void)context;
	(void)use;
	return count < 1000 && octets < 1u << 20;
}

static void send(void *context, uint8_t member, const struct consensus_octets *pieces, size_t count)
{
	static uint8_t whole[1u << 22];
	struct consensus_message m;
	size_t size = 0;

	(void)context;
	(void)member;
	for (size_t i = 0; i < count; i++) {
		memcpy(whole + size, pieces[i].at, pieces[i].size);
		size += pieces[i].size;
	}
	if (consensus_decode(whole, size, &m) != HA_OK)
		abort();
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct member *m = context;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].index <= m->applied)
			abort();
		m->applied = entries[i].index;
	}
}

static void admit(void *context, uint8_t member, uint64_t incarnation)
{
	(void)context;
	(void)incarnation;
	if (member < 1 || member > REPLICATION_MEMBERS_MAX)
		abort();
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++)
		if (tickets[i] == 0)
			abort();
}

static void role(void *context, enum replication_role role, uint64_t term)
{
	struct member *m = context;

	(void)role;
	if (term != m->term)
		abort();
}

static void want_snapshot(void *context, uint8_t leader, uint64_t index, uint64_t term)
{
	(void)context;
	if (!leader || !index || !term)
		abort();
}

static struct consensus *open_member(struct member *m)
{
	static const struct replication_member members[3] = { { .number = 1 },
		                                              { .number = 2 },
		                                              { .number = 3 } };
	const struct consensus_host host = {
		.context = m,
		.save_ballot = save_ballot,
		.append = append,
		.room = room,
		.send = send,
		.apply = apply,
		.admit = admit,
		.lost = lost,
		.role = role,
		.want_snapshot = want_snapshot,
	};
	const struct consensus_options options = {
		.self = 1,
		.members = members,
		.member_count = 3,
		.timing = consensus_timing(0),
		.base_index = 1,
		.base_term = 1,
		.term = 1,
		.memory_max = 1u << 20,
	};
	enum ha_error why;
	struct consensus *c = consensus_open(&options, &host, &why);

	if (!c || consensus_start(c, MS) != HA_OK)
		abort();
	consensus_set_connected(c, 1u << 2 | 1u << 3);
	return c;
}

/* A message that could be: what random octets hardly ever are. */
static size_t shape(const uint8_t *octets, size_t size, uint8_t out[CONSENSUS_HEADER_MAX])
{
	struct consensus_message m = { .type = (enum consensus_type)(1 + octets[0] % 6) };

	m.term = size > 1 ? octets[1] % 8 + 1 : 1;
	m.stamp = size > 2 ? octets[2] * MS : 0;
	m.lease_ms = size > 3 ? octets[3] : 0;
	m.index = size > 4 ? octets[4] % 16 + 1 : 1;
	m.index_term = size > 5 ? octets[5] % m.term + 1 : 1;
	m.commit = size > 6 ? octets[6] % 16 : 0;
	m.rejected = size > 7 ? octets[7] % 16 : 0;
	m.granted = size > 8 && octets[8] & 1;
	m.pre_vote = size > 8 && octets[8] & 2;
	m.handed_over = size > 8 && octets[8] & 4;
	m.granted = m.granted && m.type == CONSENSUS_VOTED;
	m.pre_vote = m.pre_vote && (m.type == CONSENSUS_VOTE || m.type == CONSENSUS_VOTED);
	m.handed_over = m.handed_over && m.type == CONSENSUS_VOTE;
	return consensus_encode(&m, out);
}

static enum ha_error step(struct consensus *c, struct member *m, uint64_t now_ns, uint8_t what,
                          const uint8_t *octets, size_t size)
{
	const struct replication_command command = { .ticket = 5, .command = "abc", .size = 3 };
	uint8_t header[CONSENSUS_HEADER_MAX];
	enum ha_error error = HA_OK;

	switch (what % 8) {
	case 0:
		return consensus_receive(c, now_ns, 2 + what / 8 % 2, octets, size);
	case 1:
	case 2:
	case 3:
		return size ? consensus_receive(c, now_ns, 2 + what / 8 % 2, header,
		                                shape(octets, size, header))
		            : HA_OK;
	case 4:
		return consensus_stored(c, now_ns, m->serial);
	case 5:
		error = consensus_submit(c, now_ns, &command, 1);
		break;
	case 6:
		error = consensus_transfer(c, now_ns, what / 8 % 4);
		break;
	default:
		consensus_apply(c, 100);
		return consensus_tick(c, now_ns);
	}
	return error == HA_E_NOTLEADER || error == HA_E_NOTFOUND || error == HA_E_BUSY ||
	                       error == HA_E_CAPACITY
	               ? HA_OK
	               : error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct member m = { .term = 1, .applied = 1 };
	struct consensus *c = open_member(&m);
	uint64_t now_ns = 2 * MS;
	enum ha_error error = HA_OK;

	while (size >= 3 && (error == HA_OK || error == HA_E_MALFORMED)) {
		size_t length = data[2] < size - 3 ? data[2] : size - 3;

		now_ns += data[1] * MS;
		error = step(c, &m, now_ns, data[0], data + 3, length);
		data += 3 + length;
		size -= 3 + length;
	}
	/* Two committed entries that differ end a member: that is all they can do. */
	if (error != HA_OK && error != HA_E_MALFORMED && error != HA_E_DAMAGED)
		abort();
	consensus_close(c);
	return 0;
}
