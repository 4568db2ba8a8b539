/* visits.c - asked for once in a request. */
#include "mib/visits.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"

#define REST 10u       /* times what a copy took until the next one */
#define MORE_ROOM 256u /* for who comes while the room is made */

const struct visit_agent *mib_visits_agent(struct mib_visits *visits)
{
	if (!visits->visit)
		return NULL;
	if (!visits->has_agent)
		visit_agent(visits->visit, &visits->agent);
	visits->has_agent = true;
	return &visits->agent;
}

/* Of a node that is known and asks again, what was accepted. */
static int compare_rows(const void *one, const void *other)
{
	const struct visit_row *a = one, *b = other;
	int order = memcmp(&a->source, &b->source, sizeof(a->source));

	if (order == 0)
		order = (int)b->accepted - (int)a->accepted;
	if (order == 0)
		order = memcmp(&a->home_agent, &b->home_agent, sizeof(a->home_agent));
	return order ? order
	             : (a->identification > b->identification) -
	                       (a->identification < b->identification);
}

static void sort(struct mib_visits *visits)
{
	size_t kept = 0;

	if (visits->row_count == 0)
		return;
	qsort(visits->rows, visits->row_count, sizeof(visits->rows[0]), compare_rows);
	for (size_t i = 1; i < visits->row_count; i++)
		if (!address_equal(visits->rows[i].source, visits->rows[kept].source))
			visits->rows[++kept] = visits->rows[i];
	visits->row_count = kept + 1;
}

/* Without memory the rows are those of before. */
static bool make_room(struct mib_visits *visits)
{
	size_t wanted = visit_row_count(visits->visit) + MORE_ROOM;
	struct visit_row *rows;

	if (wanted <= visits->room && visits->room < 4 * wanted)
		return true;
	rows = calloc(wanted, sizeof(*rows));
	if (!rows)
		return false;
	free(visits->rows);
	visits->rows = rows;
	visits->room = wanted;
	visits->row_count = 0;
	return true;
}

static void copy(struct mib_visits *visits)
{
	uint64_t began_ms = clock_monotonic_ms();

	if (visits->copied_ms && began_ms - visits->copied_ms < REST * visits->cost_ms)
		return;
	if (!make_room(visits))
		return;
	visits->row_count = visit_rows(visits->visit, visits->rows, visits->room);
	sort(visits);
	visits->copied_ms = clock_monotonic_ms();
	visits->cost_ms = visits->copied_ms - began_ms;
}

size_t mib_visits_rows(struct mib_visits *visits, const struct visit_row **out)
{
	if (visits->visit && !visits->has_rows)
		copy(visits);
	visits->has_rows = true;
	*out = visits->rows;
	return visits->row_count;
}

void mib_visits_forget(struct mib_visits *visits)
{
	visits->has_agent = visits->has_rows = false;
}

void mib_visits_close(struct mib_visits *visits)
{
	free(visits->rows);
	*visits = (struct mib_visits){ 0 };
}
