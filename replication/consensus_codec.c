/* consensus_codec.c - one table says which numbers a type has; encoding and
 * decoding are walks over it. */
#include "replication/consensus_codec.h"

#include "replication/octets.h"
#include "replication/replication.h"

#define MAGIC 0x4d435248u /* "HRCM" */
#define VERSION 1u
#define INDEX_MAX (UINT64_C(1) << 56)
#define TERM_MAX (UINT64_C(1) << 48)

#define FLAG_PRE_VOTE 1u
#define FLAG_HANDED_OVER 2u
#define FLAG_GRANTED 4u

#define NUMBERS_MAX 3u

/* Numbers after the common part, by offset into the message; 0 ends them: no
 * number stands at offset 0. */
static const struct layout {
	uint8_t flags; /* those that may be set */
	size_t numbers[NUMBERS_MAX];
} layouts[] = {
#define AT(member) offsetof(struct consensus_message, member)
	[CONSENSUS_APPEND] = { 0, { AT(index), AT(index_term), AT(commit) } },
	[CONSENSUS_APPENDED] = { 0, { AT(index), AT(rejected) } },
	[CONSENSUS_VOTE] = { FLAG_PRE_VOTE | FLAG_HANDED_OVER, { AT(index), AT(index_term) } },
	[CONSENSUS_VOTED] = { FLAG_PRE_VOTE | FLAG_GRANTED, { 0 } },
	[CONSENSUS_SNAPSHOT] = { 0, { AT(index), AT(index_term) } },
	[CONSENSUS_STAND_NOW] = { 0, { AT(index), AT(index_term) } },
#undef AT
};

#define LAYOUT_COUNT (sizeof(layouts) / sizeof(layouts[0]))

static uint8_t flags_of(const struct consensus_message *m)
{
	return (uint8_t)((m->pre_vote ? FLAG_PRE_VOTE : 0) |
	                 (m->handed_over ? FLAG_HANDED_OVER : 0) | (m->granted ? FLAG_GRANTED : 0));
}

size_t consensus_encode(const struct consensus_message *message, uint8_t out[CONSENSUS_HEADER_MAX])
{
	const struct layout *layout = &layouts[message->type];
	struct octets_out w = octets_out_over(out, CONSENSUS_HEADER_MAX);

	put_number(&w, MAGIC, 4);
	put_number(&w, VERSION, 1);
	put_number(&w, (uint64_t)message->type, 1);
	put_number(&w, flags_of(message), 1);
	put_number(&w, 0, 1);
	put_number(&w, message->term, 8);
	put_number(&w, message->stamp, 8);
	put_number(&w, message->lease_ms, 4);
	put_number(&w, message->entry_count, 4);
	for (size_t i = 0; i < NUMBERS_MAX && layout->numbers[i]; i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)message + layout->numbers[i], sizeof(value));
		put_number(&w, value, 8);
	}
	return octets_used(&w);
}

static void take_numbers(struct octets_in *in, const struct layout *layout,
                         struct consensus_message *m)
{
	for (size_t i = 0; i < NUMBERS_MAX && layout->numbers[i]; i++) {
		uint64_t value = take_u64(in);

		memcpy((uint8_t *)m + layout->numbers[i], &value, sizeof(value));
	}
}

/* Terms ascend from the entry before on, and end with the leader's at most. */
static void check_entries(struct octets_in *in, const struct consensus_message *m)
{
	uint64_t term = m->index_term;

	for (uint32_t i = 0; i < m->entry_count && !in->bad; i++) {
		uint64_t entry_term = take_u64(in);
		uint32_t size = take_u32(in), kind = take_u32(in);

		take_octets(in, size);
		in->bad = in->bad || entry_term < term || entry_term > m->term ||
		          size > REPLICATION_COMMAND_MAX || kind > JOURNAL_ADMIT ||
		          (size == 0) != (kind == JOURNAL_BARRIER);
		term = entry_term;
	}
}

/* What no member that follows the rules says. */
static bool is_possible(const struct consensus_message *m)
{
	bool dated = m->type != CONSENSUS_APPENDED && m->type != CONSENSUS_VOTED;

	if (m->term == 0 || m->term > TERM_MAX || m->index > INDEX_MAX || m->commit > INDEX_MAX ||
	    m->rejected > INDEX_MAX)
		return false;
	if (dated && (m->index == 0 || m->index_term == 0 || m->index_term > m->term))
		return false;
	if (m->type == CONSENSUS_SNAPSHOT)
		return m->entry_count <= REPLICATION_MEMBERS_MAX;
	return m->entry_count <= (m->type == CONSENSUS_APPEND ? CONSENSUS_ENTRIES_MAX : 0);
}

enum ha_error consensus_decode(const void *octets, size_t size, struct consensus_message *out)
{
	struct octets_in in = octets_in_over(octets, size);
	struct consensus_message m = { 0 };
	uint32_t magic = take_u32(&in);
	uint8_t version = take_u8(&in), type = take_u8(&in), flags = take_u8(&in);

	if (in.bad || magic != MAGIC)
		return HA_E_MALFORMED;
	if (version > VERSION)
		return HA_E_NEWER;
	if (version < VERSION || type == 0 || type >= LAYOUT_COUNT || take_u8(&in) != 0 ||
	    flags & ~layouts[type].flags)
		return HA_E_MALFORMED;
	m.type = (enum consensus_type)type;
	m.pre_vote = flags & FLAG_PRE_VOTE;
	m.handed_over = flags & FLAG_HANDED_OVER;
	m.granted = flags & FLAG_GRANTED;
	m.term = take_u64(&in);
	m.stamp = take_u64(&in);
	m.lease_ms = take_u32(&in);
	m.entry_count = take_u32(&in);
	take_numbers(&in, &layouts[type], &m);
	if (in.bad || !is_possible(&m))
		return HA_E_MALFORMED;
	m.entries = in.at;
	m.entry_octets = octets_left(&in);
	check_entries(&in, &m);
	if (in.bad || octets_left(&in) > 0)
		return HA_E_MALFORMED;
	*out = m;
	return HA_OK;
}

uint8_t *consensus_entry_encode(uint8_t *out, uint64_t term, uint8_t kind, const void *command,
                                size_t size)
{
	struct octets_out w = octets_out_over(out, CONSENSUS_ENTRY_HEADER + size);

	put_number(&w, term, 8);
	put_number(&w, size, 4);
	put_number(&w, kind, 4);
	put_octets(&w, command, size);
	return w.at;
}

const uint8_t *consensus_entry_decode(const uint8_t *at, struct journal_entry *out)
{
	struct octets_in in = octets_in_over(at, CONSENSUS_ENTRY_HEADER);

	*out = (struct journal_entry){ .term = take_u64(&in) };
	out->size = take_u32(&in);
	out->kind = (uint8_t)take_u32(&in);
	out->command = in.at;
	return in.at + out->size;
}

void consensus_admit_encode(uint8_t out[CONSENSUS_ADMIT_OCTETS], uint8_t member,
                            uint64_t incarnation)
{
	struct octets_out w = octets_out_over(out, CONSENSUS_ADMIT_OCTETS);

	put_number(&w, member, 1);
	put_number(&w, incarnation, 8);
}

bool consensus_admit_decode(const struct journal_entry *entry, uint8_t *member,
                            uint64_t *incarnation)
{
	struct octets_in in = octets_in_over(entry->command, entry->size);

	*member = take_u8(&in);
	*incarnation = take_u64(&in);
	return !in.bad && octets_left(&in) == 0 && *member >= 1 &&
	       *member <= REPLICATION_MEMBERS_MAX;
}
