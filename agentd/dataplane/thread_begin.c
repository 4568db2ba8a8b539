/* thread_begin.c - see the header. */
#include "agentd/dataplane/thread_begin.h"

#include <signal.h>
#include <stdlib.h>

#include "agentd/base/log.h"

struct beginning {
	void *(*run)(void *context);
	void *context;
	const char *subject;
};

static void *begin(void *argument)
{
	const struct beginning beginning = *(const struct beginning *)argument;

	free(argument);
	log_set_subject(beginning.subject);
	return beginning.run(beginning.context);
}

enum ha_error thread_begin(pthread_t *thread, void *(*run)(void *context), void *context)
{
	struct beginning *beginning = malloc(sizeof(*beginning));
	sigset_t all, before;
	int number;

	if (!beginning)
		return HA_E_NOMEM;
	*beginning = (struct beginning){ run, context, log_subject() };
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	number = pthread_create(thread, NULL, begin, beginning);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (number)
		free(beginning);
	return ha_error_of_errno(number);
}
