/* consensus_send.c - the library's messages in our octets, with what it does not
 * know: stamps, and what must not leave as it says it. */
#include "replication/consensus_internal.h"

#define PIECES_MAX 512u

static size_t octets_of(const struct window_cut *cut)
{
	size_t octets = 0;

	for (size_t i = 0; i < cut->piece_count; i++)
		octets += cut->pieces[i].size;
	return octets;
}

static void send(struct consensus *c, uint8_t member, const struct consensus_message *m,
                 const struct consensus_octets *pieces, size_t count)
{
	struct consensus_octets all[PIECES_MAX + 1];
	uint8_t header[CONSENSUS_HEADER_MAX];

	all[0] = (struct consensus_octets){ header, consensus_encode(m, header) };
	for (size_t i = 0; i < count; i++)
		all[i + 1] = pieces[i];
	c->host.send(c->host.context, member, all, count + 1);
}

#define ADMIT_ENTRY (CONSENSUS_ENTRY_HEADER + CONSENSUS_ADMIT_OCTETS)

/* Whom we let in, as entries. Returns how many. */
static uint32_t put_admitted(const struct consensus *c, uint64_t term,
                             uint8_t out[REPLICATION_MEMBERS_MAX * ADMIT_ENTRY])
{
	uint8_t octets[CONSENSUS_ADMIT_OCTETS];
	uint32_t count = 0;

	for (size_t i = 0; i < c->options.member_count && c->host.met; i++) {
		uint8_t number = c->members[i].number;
		uint64_t incarnation = c->host.met(c->host.context, number);

		if (incarnation == 0 || number == c->options.self)
			continue;
		consensus_admit_encode(octets, number, incarnation);
		out = consensus_entry_encode(out, term, JOURNAL_ADMIT, octets, sizeof(octets));
		count++;
	}
	return count;
}

static void send_snapshot(struct consensus *c, uint8_t member, uint64_t index, uint64_t term)
{
	uint8_t admitted[REPLICATION_MEMBERS_MAX * ADMIT_ENTRY];
	const struct consensus_message m = {
		.type = CONSENSUS_SNAPSHOT,
		.term = c->raft.current_term,
		.index = index,
		.index_term = term,
		.entry_count = put_admitted(c, term, admitted),
	};
	const struct consensus_octets entries = { admitted, m.entry_count * ADMIT_ENTRY };

	c->installing[member] = true;
	send(c, member, &m, &entries, m.entry_count > 0);
}

/* In as many messages as it takes, up to a bound: the library counts entries, not
 * octets, and says everything again with each heartbeat to who has not answered
 * yet, so that a slow line would have to queue it many times. What is left out is
 * lost on the way, as it were. It also counts the entry before those that we keep,
 * for the sake of its term. */
static void send_append(struct consensus *c, uint8_t member, const struct raft_append_entries *from)
{
	struct consensus_octets pieces[PIECES_MAX];
	size_t left = from->n_entries, octets = 0;
	struct consensus_message m = {
		.type = CONSENSUS_APPEND,
		.term = from->term,
		.lease_ms = c->timing.lease_ms,
		.index = from->prev_log_index,
		.index_term = from->prev_log_term,
		.commit = from->leader_commit,
	};

	if (left > 0 && from->prev_log_index + 1 < c->window.first) {
		send_snapshot(c, member, c->base_index, c->base_term);
		return;
	}
	do {
		struct window_cut cut = {
			.octets_max = PIECE_OCTETS,
			.entries_max = left < CONSENSUS_ENTRIES_MAX ? left : CONSENSUS_ENTRIES_MAX,
			.pieces = pieces,
			.pieces_max = PIECES_MAX,
		};

		m.entry_count = (uint32_t)window_cut(&c->window, m.index + 1, &cut);
		m.stamp = lease_stamp(&c->lease, c->now_ns);
		send(c, member, &m, pieces, cut.piece_count);
		left -= m.entry_count;
		octets += octets_of(&cut);
		m.index += m.entry_count;
		m.index_term = consensus_term_of(c, m.index);
	} while (left > 0 && m.entry_count > 0 && octets < APPEND_OCTETS);
}

/* The newest stamp of the leader, for that leader only. */
static uint64_t echo(const struct consensus *c, uint8_t member)
{
	bool is_leader = c->heard.leader == member && c->heard.term == c->raft.current_term;

	return is_leader ? c->heard.stamp : 0;
}

/* What is applied was committed, so any leader has it: one that looks for where
 * our log and its own meet need not look further back. */
static void send_least(struct consensus *c, uint8_t member)
{
	const struct consensus_message m = {
		.type = CONSENSUS_APPENDED,
		.term = c->raft.current_term,
		.stamp = echo(c, member),
		.index = c->applied,
	};

	send(c, member, &m, NULL, 0);
}

static void send_appended(struct consensus *c, uint8_t member,
                          const struct raft_append_entries_result *from)
{
	bool of_old_term = c->receiving && c->receiving->type == CONSENSUS_APPEND &&
	                   c->receiving->term < from->term;
	struct consensus_message m = {
		.type = CONSENSUS_APPENDED,
		.term = from->term,
		.stamp = echo(c, member),
		.index = from->last_log_index,
		.rejected = from->rejected,
	};

	/* The library leaves the index as it happens to be when it refuses a leader
	 * of an old term, and may call that a success. */
	if (of_old_term) {
		m.rejected = from->rejected ? from->rejected : 1;
		m.index = 0;
	} else if (m.rejected) {
		send_least(c, member);
	}
	send(c, member, &m, NULL, 0);
}

static void send_vote(struct consensus *c, uint8_t member, const struct raft_request_vote *from)
{
	const struct consensus_message m = {
		.type = CONSENSUS_VOTE,
		.term = from->term,
		.index = from->last_log_index,
		.index_term = from->last_log_term,
		.pre_vote = from->pre_vote,
		/* The library says so of later terms, too, in which there may be a leader
		 * that nobody asked. */
		.handed_over = from->disrupt_leader && from->term == c->handed_term,
	};

	send(c, member, &m, NULL, 0);
}

static void send_voted(struct consensus *c, uint8_t member,
                       const struct raft_request_vote_result *from)
{
	const struct consensus_message m = {
		.type = CONSENSUS_VOTED,
		.term = from->term,
		.pre_vote = from->pre_vote,
		.granted = from->vote_granted,
	};

	send(c, member, &m, NULL, 0);
}

static void send_stand_now(struct consensus *c, uint8_t member, const struct raft_timeout_now *from)
{
	const struct consensus_message m = {
		.type = CONSENSUS_STAND_NOW,
		.term = from->term,
		.index = from->last_log_index,
		.index_term = from->last_log_term,
	};

	send(c, member, &m, NULL, 0);
}

void consensus_send_message(struct consensus *c, const struct raft_message *message)
{
	uint8_t member = (uint8_t)message->server_id;

	switch (message->type) {
	case RAFT_APPEND_ENTRIES:
		send_append(c, member, &message->append_entries);
		break;
	case RAFT_APPEND_ENTRIES_RESULT:
		send_appended(c, member, &message->append_entries_result);
		break;
	case RAFT_REQUEST_VOTE:
		send_vote(c, member, &message->request_vote);
		break;
	case RAFT_REQUEST_VOTE_RESULT:
		send_voted(c, member, &message->request_vote_result);
		break;
	case RAFT_INSTALL_SNAPSHOT:
		send_snapshot(c, member, message->install_snapshot.last_index,
		              message->install_snapshot.last_term);
		break;
	case RAFT_TIMEOUT_NOW:
		send_stand_now(c, member, &message->timeout_now);
		break;
	}
}
