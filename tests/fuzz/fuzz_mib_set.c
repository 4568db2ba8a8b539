/* fuzz_mib_set.c - SETs of any names and values, several to a request, of all tables that
 * can be written, over two small stores. The same request has the same verdict twice; one
 * that is refused does nothing; one that is not becomes one command of the log that says
 * what the plan does, or one order, and goes no further than that. */
#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/flow/batch.h"
#include "agentd/flow/events.h"
#include "agentd/flow/internal.h"
#include "agentd/state/command.h"
#include "mib/commit.h"
#include "mib/objects.h"
#include "proto/authenticator.h"
#include "proto/cluster.pb-c.h"
#include "tests/unit/mib_world.h"

#define NODES 3u
#define WISHES_MAX 24u
#define ROWS_MAX 256u
#define COLUMNS_MAX 64u
#define MEMBERS 3u
#define INDEX_OF_COMMAND 1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

/* The world is that of unit tests, and says so when something is wrong there. */
CU_BOOL CU_assertImplementation(CU_BOOL value, unsigned line, const char *condition,
                                const char *file, const char *function, CU_BOOL fatal)
{
	(void)line;
	(void)condition;
	(void)file;
	(void)function;
	(void)fatal;
	check(value);
	return value;
}

/* ---- what can be written ---- */

struct column {
	const struct mib_table *table;
	const struct mib_writable *is;
};

struct place {
	const struct mib_table *table;
	size_t size;
	uint32_t index[MIB_INDEX_MAX];
};

static struct world *world;
static struct column columns[COLUMNS_MAX];
static size_t column_count;
static struct place places[ROWS_MAX]; /* rows that are there */
static size_t place_count;

static void list_rows(const struct mib_table *table)
{
	static struct mib_row row;
	struct mib_key from = { 0 };
	bool after = false;

	for (row.key.size = 0; table->find(&world->view, &from, after, &row.key, row.is);
	     row.key.size = 0) {
		struct place *place = &places[place_count++];

		check(place_count < ROWS_MAX);
		place->table = table;
		place->size = mib_index_arcs(&table->index, &row.key, place->index);
		from = row.key;
		after = true;
	}
}

/* A leader with two others, one of whom is to be left alone. */
static void ask(uint8_t how)
{
	static const uint32_t contexts[] = { MIB_ALL_GROUPS, WORLD_NUMBER_OF(0), WORLD_NUMBER_OF(1),
		                             2 };

	world->leads[0] = how & 4;
	world->leads[1] = how & 8;
	world_ask(world, contexts[how & 3]);
	for (size_t i = 0; i < WORLD_GROUPS; i++) {
		struct replication_status *status = &world->view.groups[i].status.replication;

		world->view.groups[i].paused = (how & 0x70) == 0x10 && i;
		status->member_count = MEMBERS;
		for (uint8_t m = 0; m < MEMBERS; m++)
			status->members[m] = (struct replication_peer){ .number = m + 1,
				                                        .self = m == 0,
				                                        .connected = true,
				                                        .drained = m == 2 };
	}
}

static void close_world(void)
{
	world_free(world);
}

static void open_world(void)
{
	world = world_new(NODES, mib_tables, mib_table_count);
	atexit(close_world);
	ask(0x0c);
	for (size_t i = 0; i < mib_table_count; i++) {
		const struct mib_writing *writing = mib_tables[i]->writing;

		for (size_t c = 0; writing && c < writing->column_count; c++) {
			check(column_count < COLUMNS_MAX);
			columns[column_count++] = (struct column){ mib_tables[i],
				                                   &writing->columns[c] };
		}
		if (writing)
			list_rows(mib_tables[i]);
	}
	check(column_count > 20 && place_count > 20);
}

/* ---- what is wanted ---- */

struct input {
	const uint8_t *at;
	size_t size;
};

/* 0 at its end. */
static uint8_t take(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->at++;
}

static uint32_t take_number(struct input *in)
{
	uint32_t number = 0;

	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | take(in);
	return number;
}

struct wish {
	struct mib_name name;
	struct mib_value value;
};

static void add_row(struct input *in, const struct mib_table *table, struct mib_name *name)
{
	size_t chosen = take(in);

	for (size_t i = 0; i < place_count; i++) {
		const struct place *place = &places[(chosen + i) % place_count];

		if (place->table != table)
			continue;
		memcpy(name->at + name->size, place->index, place->size * sizeof(name->at[0]));
		name->size += place->size;
		return;
	}
}

/* That of a row that is there, or near it, or any. */
static void take_name(struct input *in, const struct column *column, struct mib_name *out)
{
	uint8_t how = take(in);

	out->size = column->table->root_size;
	memcpy(out->at, column->table->root, out->size * sizeof(out->at[0]));
	out->at[out->size++] = column->is->arc;
	if (!(how & 1))
		add_row(in, column->table, out);
	if (how & 2)
		for (size_t i = take(in) % 32u; i && out->size < MIB_NAME_MAX; i--)
			out->at[out->size++] = take(in);
	if (how & 4) {
		uint32_t *arc = &out->at[out->size - 1u - take(in) % out->size];

		*arc = take_number(in);
	}
	if (how & 8)
		out->at[out->size - 1u - take(in) % out->size]++;
	if (how & 16)
		out->size -= take(in) % out->size;
}

static void take_octets(struct input *in, bool word, struct mib_value *out)
{
	static const char *const words[] = { "",
		                             "yes",
		                             "600",
		                             "0",
		                             "dial-in",
		                             "gold",
		                             "ann@example.net",
		                             "10.9.0.1-10.9.0.9 sticky",
		                             "\x0a\x09\x00\x01",
		                             "sixteen octets.." };

	if (word) {
		mib_text(out, words[take(in) % (sizeof(words) / sizeof(words[0]))]);
		return;
	}
	out->type = MIB_OCTETS;
	out->size = take(in) * 2u;
	for (size_t i = 0; i < out->size && i < MIB_OCTETS_MAX; i++)
		out->is.octets[i] = take(in);
}

/* What the object is, or something of its type, or of any. */
static void take_value(struct input *in, const struct column *column, struct wish *wish)
{
	uint8_t how = take(in);
	struct mib_value *out = &wish->value;

	if ((how & 0x40) && mib_tree_get(world->tree, &world->view, &wish->name, out) == MIB_FOUND)
		return;
	memset(out, 0, sizeof(*out));
	out->type = how & 0x80 ? (enum mib_type)(how % (MIB_BROKEN + 1u)) : column->is->type;
	if (out->type == MIB_OCTETS)
		take_octets(in, how & 0x20, out);
	else if (out->type == MIB_INTEGER)
		out->is.integer = (int32_t)(how & 0x20 ? take_number(in) : take(in));
	else if (out->type == MIB_ADDRESS)
		out->is.address.s_addr = take_number(in);
	else
		out->is.number = how & 0x20 ? take_number(in) : take(in);
}

/* Another column of the same row, or of any. */
static void take_wish(struct input *in, const struct wish *before, struct wish *out)
{
	const struct column *column = &columns[take(in) % column_count];
	const struct mib_table *table = column->table;

	if (before && before->name.size > table->root_size && take(in) & 1 &&
	    memcmp(before->name.at, table->root, table->root_size * sizeof(table->root[0])) == 0) {
		out->name = before->name;
		out->name.at[table->root_size] = column->is->arc;
	} else {
		take_name(in, column, &out->name);
	}
	take_value(in, column, out);
}

/* ---- what comes of it ---- */

static struct set_plan *judge(const struct wish *wishes, size_t count)
{
	struct set_plan *plan = set_plan_new(world->tree);

	check(plan != NULL);
	for (size_t i = 0; i < count && plan->refusal == REFUSAL_NONE; i++)
		check(set_add(plan, &wishes[i].name, &wishes[i].value, &wishes[i]) ==
		      plan->refusal);
	if (plan->refusal == REFUSAL_NONE)
		check(set_judge(plan, &world->view) == plan->refusal);
	check(plan->refusal < REFUSAL_COUNT);
	check((plan->refusal != REFUSAL_NONE) == (plan->blamed != NULL));
	if (plan->blamed) {
		const struct wish *blamed = plan->blamed;

		check(blamed >= wishes && blamed < wishes + count);
	}
	return plan;
}

/* The changes of a plan as octets, which have no keys: those are sealed later. */
static uint8_t *pack(const struct set_plan *plan, size_t *size)
{
	static const struct state_capacity capacity = { 10, 10, 10 };
	struct change *changes = calloc(plan->step_count, sizeof(*changes));
	uint8_t *octets = NULL;

	check(changes != NULL);
	for (size_t i = 0; i < plan->step_count; i++)
		changes[i] = plan->steps[i].change;
	check(command_configure_whole(1, "fuzz", &capacity, changes, plan->step_count, &octets,
	                              size) == HA_OK);
	free(changes);
	return octets;
}

static void check_same_steps(const struct set_plan *one, const struct set_plan *other)
{
	size_t sizes[2];
	uint8_t *octets[2] = { pack(one, &sizes[0]), pack(other, &sizes[1]) };

	check(sizes[0] == sizes[1] && memcmp(octets[0], octets[1], sizes[0]) == 0);
	free(octets[0]);
	free(octets[1]);
	for (size_t i = 0; i < one->step_count; i++) {
		const struct set_step *step = &one->steps[i], *again = &other->steps[i];

		check(step->row == again->row);
		check(step->change.key_size == again->change.key_size &&
		      memcmp(step->change.key, again->change.key, step->change.key_size) == 0);
	}
}

static void check_same(const struct set_plan *one, const struct set_plan *other)
{
	check(one->refusal == other->refusal && one->blamed == other->blamed);
	check(one->value_count == other->value_count && one->row_count == other->row_count);
	check(one->group == other->group && one->step_count == other->step_count);
	check(one->order.kind == other->order.kind && one->order.member == other->order.member);
	if (one->refusal == REFUSAL_NONE && one->step_count)
		check_same_steps(one, other);
}

/* ---- where it goes ---- */

static struct {
	unsigned commands, orders;
	size_t changes; /* of the batch under way */
	struct agent *agent;
} told;

enum ha_error __wrap_replication_submit(struct replication *replication,
                                        const struct replication_command *commands, size_t count);
enum ha_error __real_batch_configure(struct agent *agent, const char *who,
                                     const struct change *changes, size_t count, size_t *refused,
                                     batch_done *done, void *context);
enum ha_error __wrap_batch_configure(struct agent *agent, const char *who,
                                     const struct change *changes, size_t count, size_t *refused,
                                     batch_done *done, void *context);
enum ha_error __wrap_agent_transfer(struct agent *agent, uint8_t member);
void __wrap_events_test(void);

/* Who applies it understands it, whatever becomes of it there. */
static void check_applies(struct span octets)
{
	static const struct state_capacity capacity = { 10, 10, 10 };
	struct state_outcome outcome;
	enum ha_error why;
	struct state *state = state_new(&capacity, told.agent->keyring, &why);

	check(state != NULL);
	check(state_apply(state, 1, octets, &outcome) == HA_OK);
	state_outcome_free(&outcome);
	state_free(state);
}

enum ha_error __wrap_replication_submit(struct replication *replication,
                                        const struct replication_command *commands, size_t count)
{
	Hearth__Command *command;

	(void)replication;
	check(count == 1);
	command = hearth__command__unpack(NULL, commands->size, commands->command);
	check(command && command->command_case == HEARTH__COMMAND__COMMAND_CONFIGURE);
	check(command->configure->whole && command->configure->n_changes == told.changes);
	hearth__command__free_unpacked(command, NULL);
	check_applies((struct span){ commands->command, commands->size });
	told.commands++;
	return HA_E_CLOSED;
}

/* As if what was put in order had been applied at once. */
enum ha_error __wrap_batch_configure(struct agent *agent, const char *who,
                                     const struct change *changes, size_t count, size_t *refused,
                                     batch_done *done, void *context)
{
	const struct batch_outcome outcome = { HA_OK, count, INDEX_OF_COMMAND };
	unsigned before = told.commands;
	enum ha_error why;

	for (size_t i = 0; i < count; i++)
		check(changes[i].guard.set);
	told.changes = count;
	told.agent = agent;
	why = __real_batch_configure(agent, who, changes, count, refused, done, context);
	check(why != HA_OK);
	if (told.commands == before)
		return why;
	done(context, &outcome);
	return HA_OK;
}

enum ha_error __wrap_agent_transfer(struct agent *agent, uint8_t member)
{
	(void)agent;
	check(member == 2);
	told.orders++;
	return HA_OK;
}

void __wrap_events_test(void)
{
	told.orders++;
}

/* An association that keeps its key has to be opened, which those of this world cannot be. */
static bool keeps_a_key(const struct set_plan *plan)
{
	for (size_t i = 0; i < plan->step_count; i++)
		if (plan->steps[i].change.keep_key)
			return true;
	return false;
}

static void carry_out(struct set_plan *plan)
{
	bool refused = plan->refusal != REFUSAL_NONE, keeps = keeps_a_key(plan);
	bool ordered = !refused && plan->order.kind != SET_NO_ORDER;
	bool changes = !refused && plan->step_count && !keeps;
	enum mib_refusal verdict;

	told.commands = told.orders = 0;
	check(!(ordered && plan->step_count));
	verdict = set_commit(plan, "snmp fuzz");
	check(told.commands == changes && told.orders == ordered);
	check((verdict == REFUSAL_NONE) == (!refused && !(plan->step_count && keeps)));
	check(set_commit(plan, "snmp fuzz") == verdict);
	check(told.commands == changes && told.orders == ordered);
	/* The audit trail knows nothing of it. */
	verdict = set_undo(plan, "snmp fuzz");
	check((verdict == REFUSAL_UNDO) == (changes || ordered));
	check(told.orders == ordered && told.commands == changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wish wishes[WISHES_MAX];
	struct input in = { data, size };
	struct set_plan *plan, *again;
	uint8_t how = take(&in);
	size_t count = 0;

	if (!world)
		open_world();
	ask(how);
	while (in.size && count < WISHES_MAX) {
		take_wish(&in, count ? &wishes[count - 1u] : NULL, &wishes[count]);
		count++;
	}
	plan = judge(wishes, count);
	ask(how);
	again = judge(wishes, count);
	check_same(plan, again);
	carry_out(plan);
	set_plan_free(plan);
	set_plan_free(again);
	mib_view_end(&world->view);
	return 0;
}
