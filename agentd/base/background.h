/* background.h - threads whose work can wait where processors are short.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_BACKGROUND_H
#define AGENTD_BASE_BACKGROUND_H

/* The calling thread lets others go first from now on; threads that it makes do,
 * too. It cannot be taken back. */
void background_thread(void);

#endif
