/* thread_begin.h - how a thread of the data plane begins: signals are for the main
 * thread, and its lines of the log begin as those of who starts it.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_THREAD_BEGIN_H
#define AGENTD_DATAPLANE_THREAD_BEGIN_H

#include <pthread.h>

#include "agentd/base/error.h"

/* As pthread_create, of which the error is; the subject of the log outlives the thread. */
enum ha_error thread_begin(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
