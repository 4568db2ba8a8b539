/* counters.h - counting, and the one way out for what was counted.
 *
 * A module declares its counters as one X-macro table and one counter_set;
 * a row becomes the enum, the line of `agentctl counters`, the metric, the MIB
 * scalar and the row of docs/counters.md. Counters are relaxed atomics: any
 * thread adds, any thread reads, nobody locks. They start at zero with the
 * process; counters_since_ms() is the discontinuity time.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_COUNTERS_H
#define AGENTD_BASE_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct counter_info {
	const char *name; /* kebab-case, unique over all sets */
	const char *help; /* one line */
	uint32_t mib_arc; /* last arc of its object below the branch of the set, 0 = none */
};

/* Whose counters they are in MIP-MIB: their objects are below 1.3.6.1.2.1.44.1.BRANCH.3. */
enum counter_branch {
	COUNTERS_OF_FOREIGN_AGENT = 5, /* faRegistration */
	COUNTERS_OF_HOME_AGENT = 6,    /* haRegistration */
};

/* Static for the life of the process: infos and values have `count` entries. */
struct counter_set {
	const char *name; /* of the module, for grouping */
	const struct counter_info *infos;
	_Atomic uint64_t *values;
	size_t count;
	enum counter_branch mib_branch; /* of those that have an arc */
	struct counter_set *next;       /* set by counters_register */
};

static inline void counter_add(struct counter_set *set, size_t counter, uint64_t n)
{
	atomic_fetch_add_explicit(&set->values[counter], n, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counter_set *set, size_t counter)
{
	return atomic_load_explicit(&set->values[counter], memory_order_relaxed);
}

/* Make a set visible to counters_visit. Before threads start; registering
 * the same set twice is harmless. */
void counters_register(struct counter_set *set);

/* When the first set was registered: Unix time in milliseconds, and the same moment of
 * clock_monotonic_ns(), which stays where it is when the wall clock is set. */
uint64_t counters_since_ms(void);
uint64_t counters_since_ns(void);

/* Every counter of every registered set, in order of registration and table.
 * Stops at the first visitor result that is not 0 and returns it. */
typedef int counter_visitor(void *context, const struct counter_set *set,
                            const struct counter_info *info, uint64_t value);
int counters_visit(counter_visitor *visit, void *context);

/* Defines the set declared by a module's counters.h from its table of rows
 * X(id, name, mib_arc, help). Once, in one .c file of the module. Arcs are of the home
 * agent's branch unless another one is named. */
#define COUNTER_INFO_ROW(id, name_, arc_, help_) { .name = name_, .help = help_, .mib_arc = arc_ },
#define COUNTERS_DEFINE_OF(branch_, set_, name_, TABLE, count_)                                    \
	static const struct counter_info set_##_infos[count_] = { TABLE(COUNTER_INFO_ROW) };       \
	static _Atomic uint64_t set_##_values[count_];                                             \
	struct counter_set set_ = { .name = name_,                                                 \
		                    .infos = set_##_infos,                                         \
		                    .values = set_##_values,                                       \
		                    .count = count_,                                               \
		                    .mib_branch = branch_ }
#define COUNTERS_DEFINE(set_, name_, TABLE, count_)                                                \
	COUNTERS_DEFINE_OF(COUNTERS_OF_HOME_AGENT, set_, name_, TABLE, count_)

#endif
