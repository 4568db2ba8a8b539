/* tc_exits.c - see the header. */
#include "agentd/dataplane/tc_exits.h"

#include <stddef.h>

/* Only an MTU can be heeded by BPF. UINT32_MAX: nothing is known. */
static uint32_t limit_of(struct soft *soft, struct in_addr remote, uint64_t now_ns)
{
	struct soft_exit known = soft_look(soft, remote, now_ns);

	if (known.broken || known.length)
		return 0;
	return known.mtu ? known.mtu : UINT32_MAX;
}

static struct tc_exit_row *set_of(struct tc_exits *exits, struct in_addr remote)
{
	return exits->rows[remote.s_addr * 2654435761u >> 21];
}
_Static_assert(TC_EXIT_SETS == 1u << (32 - 21), "set_of");

static struct tc_exit_row *find(struct tc_exits *exits, struct in_addr remote)
{
	struct tc_exit_row *set = set_of(exits, remote);

	for (size_t i = 0; i < TC_EXIT_WAYS; i++)
		if (set[i].remote.s_addr == remote.s_addr)
			return &set[i];
	return NULL;
}

/* What BPF was told last stays with the row until BPF has taken something else. */
static void tell(struct tc_exit_row *row, struct tc *tc, uint32_t octets)
{
	if (octets != row->octets && tc_exit(tc, row->remote, octets) == HA_OK)
		row->octets = octets;
	if (row->octets == UINT32_MAX)
		row->remote.s_addr = 0;
}

/* NULL: BPF does not forget the one whose row it would be. */
static struct tc_exit_row *take(struct tc_exits *exits, struct tc *tc, struct in_addr remote)
{
	struct tc_exit_row *set = set_of(exits, remote), *row = NULL;

	for (size_t i = 0; i < TC_EXIT_WAYS && !row; i++)
		if (set[i].remote.s_addr == 0)
			row = &set[i];
	if (!row) {
		row = &set[exits->turn++ % TC_EXIT_WAYS];
		tell(row, tc, UINT32_MAX);
	}
	if (row->remote.s_addr != 0)
		return NULL;
	*row = (struct tc_exit_row){ .remote = remote, .octets = UINT32_MAX };
	return row;
}

void tc_exits_learn(struct tc_exits *exits, struct tc *tc, struct soft *soft, struct in_addr remote,
                    uint64_t now_ns)
{
	uint32_t octets = limit_of(soft, remote, now_ns);
	struct tc_exit_row *row = remote.s_addr ? find(exits, remote) : NULL;

	/* Anybody can send an ICMP error; a row is for exits of which something is known. */
	if (!row && octets != UINT32_MAX && remote.s_addr)
		row = take(exits, tc, remote);
	if (row)
		tell(row, tc, octets);
}

void tc_exits_look(struct tc_exits *exits, struct tc *tc, struct soft *soft, uint64_t now_ns)
{
	struct tc_exit_row *row = &exits->rows[0][0];

	for (size_t i = 0; i < (size_t)TC_EXIT_SETS * TC_EXIT_WAYS; i++, row++)
		if (row->remote.s_addr)
			tell(row, tc, limit_of(soft, row->remote, now_ns));
}
