/* snapshot_loans.c - see snapshot_loans.h. */
#include "replication/snapshot_loans.h"

void loans_init(struct loans *loans)
{
	*loans = (struct loans){ .of = { { .lent = false } } };
	pthread_mutex_init(&loans->mutex, NULL);
	pthread_cond_init(&loans->let_go, NULL);
}

void loans_destroy(struct loans *loans)
{
	pthread_cond_destroy(&loans->let_go);
	pthread_mutex_destroy(&loans->mutex);
}

/* With the lock. Whether `withdrawn` or not; NULL: there is none. */
static struct loan *find(struct loans *loans, uint32_t group, bool withdrawn)
{
	for (size_t i = 0; i < REPLICATION_GROUPS_MAX; i++) {
		struct loan *loan = &loans->of[i];

		if (loan->lent && loan->withdrawn == withdrawn && loan->of.group == group)
			return loan;
	}
	return NULL;
}

static struct loan *free_place(struct loans *loans)
{
	for (size_t i = 0; i < REPLICATION_GROUPS_MAX; i++)
		if (!loans->of[i].lent)
			return &loans->of[i];
	return NULL;
}

enum ha_error loans_lend(struct loans *loans, const struct snapshot_loan *loan)
{
	enum ha_error why = HA_E_EXISTS;
	struct loan *place;

	pthread_mutex_lock(&loans->mutex);
	if (!find(loans, loan->group, false) && !find(loans, loan->group, true)) {
		place = free_place(loans);
		why = place ? HA_OK : HA_E_CAPACITY;
		if (place)
			*place = (struct loan){ .of = *loan, .lent = true };
	}
	pthread_mutex_unlock(&loans->mutex);
	return why;
}

const struct loan *loans_withdraw(struct loans *loans, uint32_t group)
{
	struct loan *loan;

	pthread_mutex_lock(&loans->mutex);
	loan = find(loans, group, false);
	if (loan)
		loan->withdrawn = true;
	pthread_mutex_unlock(&loans->mutex);
	return loan;
}

void loans_await(struct loans *loans, const struct loan *loan)
{
	pthread_mutex_lock(&loans->mutex);
	while (loan->lent && loan->withdrawn)
		pthread_cond_wait(&loans->let_go, &loans->mutex);
	pthread_mutex_unlock(&loans->mutex);
}

const struct loan *loans_find(struct loans *loans, uint32_t group)
{
	const struct loan *loan;

	pthread_mutex_lock(&loans->mutex);
	loan = find(loans, group, false);
	pthread_mutex_unlock(&loans->mutex);
	return loan;
}

const struct loan *loans_withdrawn(struct loans *loans)
{
	const struct loan *found = NULL;

	pthread_mutex_lock(&loans->mutex);
	for (size_t i = 0; i < REPLICATION_GROUPS_MAX && !found; i++)
		if (loans->of[i].lent && loans->of[i].withdrawn)
			found = &loans->of[i];
	pthread_mutex_unlock(&loans->mutex);
	return found;
}

void loans_let_go(struct loans *loans, const struct loan *loan)
{
	pthread_mutex_lock(&loans->mutex);
	loans->of[loan - loans->of].lent = false;
	pthread_cond_broadcast(&loans->let_go);
	pthread_mutex_unlock(&loans->mutex);
}
