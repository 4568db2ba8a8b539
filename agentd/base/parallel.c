/* parallel.c - threads that are made for one piece of work and joined after it. */
#include "agentd/base/parallel.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "agentd/base/background.h"

#define THREADS_MAX 8u

struct share {
	parallel_work *work;
	void *context;
	size_t first, end;
	pthread_t thread;
	bool started;
};

static void *do_share(void *argument)
{
	const struct share *share = argument;

	share->work(share->context, share->first, share->end);
	return NULL;
}

static void *run(void *argument)
{
	background_thread();
	return do_share(argument);
}

static size_t shares_of(size_t count, size_t share_min)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t shares = count / share_min + 1;

	if (processors > 0 && shares > (size_t)processors)
		shares = (size_t)processors;
	return shares < THREADS_MAX ? shares : THREADS_MAX;
}

void parallel_do(size_t count, size_t share_min, parallel_work *work, void *context)
{
	struct share shares[THREADS_MAX];
	size_t share_count = shares_of(count, share_min);

	for (size_t i = 0; i < share_count; i++) {
		struct share *share = &shares[i];

		*share = (struct share){ .work = work,
			                 .context = context,
			                 .first = count * i / share_count,
			                 .end = count * (i + 1) / share_count };
		share->started = i > 0 && pthread_create(&share->thread, NULL, run, share) == 0;
	}
	for (size_t i = 0; i < share_count; i++)
		if (!shares[i].started)
			do_share(&shares[i]);
	for (size_t i = 0; i < share_count; i++)
		if (shares[i].started)
			pthread_join(shares[i].thread, NULL);
}
