/* judge_internal.h - what the judge's files share. */
#ifndef TESTS_SIM_JUDGE_INTERNAL_H
#define TESTS_SIM_JUDGE_INTERNAL_H

#include "tests/sim/world.h"

/* With room for it; of term 0 when there was none. */
struct mark *judge_mark(struct marks *marks, uint64_t index);

/* A mobile node as a replica knows it. */
bool judge_look_at(struct replica *replica, unsigned number, struct state_view *view);

#endif
