/* reign.h - whether this member of a cluster leads, and that nothing which a
 * network thread decided in an earlier reign is still in its hands when the next
 * one begins.
 *
 * What a thread decides is claimed: the node, perhaps an address of a pool. It is
 * put in order, or let go, before the thread's batch ends. When leadership is lost
 * and won again meanwhile, a claim of before could be let go when somebody else
 * has it by now. So no thread takes a batch while another one still has one of an
 * earlier reign; what came is dropped, and comes again.
 *
 * How long a reign lasts only the engine knows (replication_may_answer_until):
 * both are asked. One engine's thread, any number of others; no lock.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_FLOW_REIGN_H
#define AGENTD_FLOW_REIGN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define REIGN_THREADS_MAX 16u

struct reign {
	bool shared; /* there are other members; else it has begun and never ends */
	_Atomic bool leads;
	_Atomic uint64_t ended;                     /* reigns; the number of the present one */
	_Atomic uint64_t within[REIGN_THREADS_MAX]; /* 1 + number of the reign of the batch
	                                              * that the thread has; 0 = none */
};

void reign_init(struct reign *reign, bool shared);

/* Engine's thread; harmless when repeated. */
void reign_begin(struct reign *reign);
void reign_end(struct reign *reign);

static inline bool reign_is_on(const struct reign *reign)
{
	return !reign->shared || atomic_load_explicit(&reign->leads, memory_order_acquire);
}

/* Thread `thread` takes a batch. false: it must not; there is nothing to leave. */
bool reign_enter(struct reign *reign, unsigned thread);
/* Everything that it claimed is put in order, or let go. */
void reign_leave(struct reign *reign, unsigned thread);

#endif
