/* tc_keep.h - the fast path in operation: a thread of its own sees to it that the
 * program stays on the interfaces and that its maps stay equal to the table, and takes
 * both away in the end.
 *
 * May include: agentd/dataplane/tc.h, soft.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_TC_KEEP_H
#define AGENTD_DATAPLANE_TC_KEEP_H

#include "agentd/base/counters.h"
#include "agentd/dataplane/bpf/tc_map.h"
#include "agentd/dataplane/soft.h"
#include "agentd/dataplane/tc.h"

/* What the program counted, as of the last tc_keep_count, and what is counted about it. */
#define TC_COUNTERS(X)                                                                             \
	TC_REASONS(X)                                                                              \
	X(HEALED, "tc-healed", 0, "home addresses at which the maps of BPF were put right")        \
	X(FAILURES, "tc-failures", 0, "changes of the maps that the kernel refused")               \
	X(DETACHED, "tc-detached", 0, "looks at which BPF was not on all its interfaces")

enum tc_counter {
#define X(id, name, mib_arc, help) TC_COUNTER_##id,
	TC_COUNTERS(X)
#undef X
	TC_COUNTER_COUNT
};

extern struct counter_set tc_counters;

struct tc_keep;

/* As tc_open, whose errors and sentences these are. */
enum ha_error tc_keep_open(const struct tc_options *options, struct tc_keep **out, char *report,
                           size_t size);

/* For tunnels_new: its rows, as tc_rows. */
struct tunnels_counters *tc_keep_rows(struct tc_keep *keep);

/* Mirror that table from now on, and start the thread, which keeps CAP_NET_ADMIN. Before
 * privileges are dropped, and before anything is in the table; the table outlives the
 * end. `user_device`: index of what user space reads, for all that BPF does not do.
 * HA_E_CAPACITY: the table has too many observers; or thread_begin's. */
enum ha_error tc_keep_begin(struct tc_keep *keep, struct tunnels *tunnels, uint32_t user_device);

/* As tc_user_device: another one since. Any thread. */
void tc_keep_device(struct tc_keep *keep, uint32_t user_device);

/* As tc_agent, before anything is forwarded. */
void tc_keep_agent(struct tc_keep *keep, uint8_t group, struct in_addr address);

/* As tc_mac. */
void tc_keep_mac(struct tc_keep *keep, uint8_t group, struct mac mac);

/* As tc_fence. The first time that something may be forwarded, the table is complete: what
 * was adopted is held against it then. Any thread, no call of the kernel. */
void tc_keep_fence(struct tc_keep *keep, uint8_t group, uint64_t forward_until_ns,
                   uint64_t attract_until_ns);

/* A packet with an ICMP error, after soft state has learnt from it (forward_icmp): what is
 * known about the exit that it is from holds for BPF, too, for as long as it is known.
 * `soft` outlives the end. Any thread. */
void tc_keep_learnt(struct tc_keep *keep, struct soft *soft, struct span packet);

/* Take up what the program has counted. Any thread. */
void tc_keep_count(struct tc_keep *keep);

/* Is the program on all its interfaces, as it was seen last? Any thread. */
bool tc_keep_is_whole(const struct tc_keep *keep);

/* As tc_status. Any thread. */
void tc_keep_status(struct tc_keep *keep, char *text, size_t size);

/* Is a home address bound in the maps? Any thread. */
bool tc_keep_has(struct tc_keep *keep, uint32_t realm, struct in_addr home);

/* Take everything away, the rows of counters as well: nobody looks at the table's any
 * more. Accepts NULL. */
void tc_keep_close(struct tc_keep *keep);

#endif
