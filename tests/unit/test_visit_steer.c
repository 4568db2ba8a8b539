/* test_visit_steer.c - what an operator changes in the running foreign agent, and takes back. The
 * thread of the agent is played here. */
#include <stdlib.h>

#include "agentd/visit/internal.h"
#include "agentd/visit/steer.h"
#include "tests/unit/suite.h"

#define LINKS 3u

static struct visit *visit;

struct request {
	const struct visit_change *change;
	struct visit_change undo;
	enum ha_error why;
	_Atomic bool done;
};

static void *ask(void *argument)
{
	struct request *request = argument;
	size_t refused;

	request->why = visit_steer(visit, request->change, 1, &request->undo, &refused);
	atomic_store(&request->done, true);
	return NULL;
}

/* Make it; returns what takes it back. */
static struct visit_change make(const struct visit_change *change)
{
	struct request request = { .change = change };
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask, &request), 0);
	while (!atomic_load(&request.done)) {
		pthread_mutex_lock(&visit->lock);
		steer_work(visit, 0);
		pthread_mutex_unlock(&visit->lock);
	}
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(request.why, HA_OK);
	return request.undo;
}

static bool required(size_t link)
{
	return visit->settings.links[link].of.required;
}

static void registration_required_is_taken_back_link_by_link(void)
{
	const struct visit_change all = { .kind = VISIT_REQUIRED, .on = true };
	const struct visit_change none = { .kind = VISIT_REQUIRED, .on = false };
	struct visit_change undo;

	visit = calloc(1, sizeof(*visit));
	CU_ASSERT_PTR_NOT_NULL_FATAL(visit);
	pthread_mutex_init(&visit->lock, NULL);
	atomic_store(&visit->running, true);
	visit->wake = -1;
	visit->settings.link_count = LINKS;
	for (size_t i = 0; i < LINKS; i++)
		visit->settings.links[i].of.roles = i < 2 ? ADVERTISED_FOREIGN : ADVERTISED_HOME;
	visit->settings.links[1].of.required = true;
	undo = make(&all);
	CU_ASSERT_TRUE(required(0) && required(1) && !required(2));
	undo = make(&undo);
	CU_ASSERT_TRUE(!required(0) && required(1) && !required(2));
	undo = make(&undo); /* which is taken back as well */
	CU_ASSERT_TRUE(required(0) && required(1) && !required(2));
	undo = make(&none);
	CU_ASSERT_TRUE(!required(0) && !required(1));
	(void)make(&undo);
	CU_ASSERT_TRUE(required(0) && required(1));
	pthread_mutex_destroy(&visit->lock);
	free(visit);
}

static CU_TestInfo tests[] = {
	{ "registration required is taken back link by link",
	  registration_required_is_taken_back_link_by_link },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visit_steer", tests);
}
