/* merged_reader.c - packets and the notes about them, brought together. */
#include "agentd/dataplane/merged_reader.h"

#include <poll.h>
#include <string.h>

#include "agentd/base/clock.h"

#define WAIT_MS 2 /* for what the kernel says about a packet that it handed out */
#define WAIT_AGAIN_NS UINT64_C(1000000000) /* after it did not */
#define READ_MAX 4096u

static bool take_kept(struct merged_reader *reader, const uint8_t *key, struct merged_note *out)
{
	for (size_t i = 0; i < MERGED_NOTES; i++) {
		struct merged_note *note = &reader->notes[i];

		if (memcmp(note->key, key, MERGED_KEY) != 0)
			continue;
		*out = *note;
		*note = (struct merged_note){ .size = 0 };
		return true;
	}
	return false;
}

/* Of packets that were not handed out, such as by a filter of the host, notes stay. */
static void keep(struct merged_reader *reader, const struct merged_note *note)
{
	reader->notes[reader->note_at++ % MERGED_NOTES] = *note;
}

/* Whoever sends packets about which nothing will ever be said must not hold others up. */
static bool wait_for_note(struct merged_reader *reader)
{
	struct pollfd about = { .fd = reader->fd, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns < reader->wait_again_ns)
		return false;
	if (poll(&about, 1, WAIT_MS) > 0)
		return true;
	reader->wait_again_ns = now_ns + WAIT_AGAIN_NS;
	return false;
}

static bool find_note(struct merged_reader *reader, const struct segments *segments,
                      struct merged_note *out)
{
	uint8_t key[MERGED_KEY];

	merged_key(segments, key);
	if (take_kept(reader, key, out))
		return true;
	for (unsigned i = 0; i < READ_MAX; i++) {
		if (!merged_socket_read(reader->fd, out)) {
			if (!wait_for_note(reader))
				return false;
			continue;
		}
		if (memcmp(out->key, key, MERGED_KEY) == 0)
			return true;
		keep(reader, out);
	}
	return false;
}

enum merged merged_reader_ask(struct merged_reader *reader, struct span packet,
                              struct segments *out)
{
	struct merged_note note;
	bool known;

	if (!segments_find(packet, out) || !segments_is_begun(out))
		return MERGED_NOT;
	known = find_note(reader, out, &note);
	if (known ? !note.begun && !note.size : segments_is_complete(out))
		return MERGED_NOT;
	if (!known)
		return MERGED_UNKNOWN;
	if (note.size)
		out->size = note.size;
	out->marked = note.marked;
	return MERGED_KNOWN;
}
