/* test_audit.c - the audit trail as the state writes it: what every kind of
 * change leaves behind, guards that keep a change from what has moved, versions
 * of settings, and the octets of both kinds of rows. */
#include "agentd/state/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "agentd/state/seal.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

static const struct state_capacity capacity = { 20, 20, 40 };
static struct state *state;
static uint64_t now;

/* What the newest command left behind. */
static enum ha_error results[8];
static struct audit_row trail[8];
static size_t trail_count;
static unsigned trims;
static struct setting_row written;

static void begin(void)
{
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	now = 0;
}

static void end(void)
{
	state_free(state);
}

/* Its value is sealed octets, no text. */
static bool is_secret(struct span name)
{
	return name.size >= strlen(SECRET_PREFIX) &&
	       memcmp(name.at, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0;
}

static void read_rows(const struct row_log *rows)
{
	struct row_change change;
	size_t at = 0;

	trail_count = trims = 0;
	while (row_log_next(rows, &at, &change)) {
		if (change.kind == ROW_SETTING && change.operation == ROW_PUT &&
		    !is_secret(change.key))
			CU_ASSERT_EQUAL(setting_row_decode(change.key, change.value, &written),
			                HA_OK);
		if (change.kind != ROW_AUDIT)
			continue;
		if (change.operation == ROW_TRIM) {
			struct reader in = reader_over(change.value.at, change.value.size);

			CU_ASSERT_EQUAL(get_u32(&in), AUDIT_KEEP);
			trims++;
			continue;
		}
		CU_ASSERT_EQUAL(change.operation, ROW_PUT);
		CU_ASSERT_EQUAL(audit_row_decode(change.key, change.value, &trail[trail_count++]),
		                HA_OK);
	}
}

static enum ha_error make(const char *who, const struct change *changes, size_t count)
{
	struct state_outcome outcome;
	uint8_t *octets;
	size_t size;

	now++;
	CU_ASSERT_EQUAL_FATAL(
		command_configure(1000 * now, who, NULL, changes, count, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL_FATAL(state_apply(state, now, (struct span){ octets, size }, &outcome),
	                      HA_OK);
	CU_ASSERT_EQUAL_FATAL(outcome.result_count, count);
	memcpy(results, outcome.results, count * sizeof(results[0]));
	read_rows(&outcome.rows);
	state_outcome_free(&outcome);
	free(octets);
	return results[0];
}

static enum ha_error make_one(const struct change *change)
{
	return make("operator (uid 7)", change, 1);
}

static struct change setting(const char *name, const char *value)
{
	struct change change = { .kind = value ? CHANGE_SET : CHANGE_UNSET };

	snprintf(change.name, sizeof(change.name), "%s", name);
	snprintf(change.value, sizeof(change.value), "%s", value ? value : "");
	return change;
}

static struct change association(enum change_kind kind)
{
	struct change change = {
		.kind = kind,
		.peer = PEER_MOBILE_NODE,
		.address = { htonl(0x0a000001) },
		.spi = 256,
		.algorithm = MIP_HMAC_SHA256,
		.key = { 0x4b, 0x4b, 0x4b, 0x4b, 0x4b, 0x4b, 0x4b, 0x4b, 0x4b, 0x4b },
		.key_size = 16,
		.bindings = 2,
		.replay = REPLAY_NONCE,
		.tolerance_s = 9,
	};
	return change;
}

static void a_setting_leaves_old_and_new(void)
{
	struct change change = setting("registration.max-lifetime", "600");

	begin();
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL_FATAL(trail_count, 1);
	CU_ASSERT_EQUAL(trail[0].index, 1);
	CU_ASSERT_EQUAL(trail[0].number, 0);
	CU_ASSERT_EQUAL(trail[0].time_ms, 1000);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_SET);
	CU_ASSERT_STRING_EQUAL(trail[0].who, "operator (uid 7)");
	CU_ASSERT_STRING_EQUAL(trail[0].name, "registration.max-lifetime");
	CU_ASSERT_FALSE(trail[0].old.present);
	CU_ASSERT_TRUE(trail[0].new.present);
	CU_ASSERT_STRING_EQUAL(trail[0].new.text, "600");
	CU_ASSERT_EQUAL(trail[0].undoes.index, 0);
	CU_ASSERT_EQUAL(trims, 1);

	change = setting("registration.max-lifetime", "700");
	change.undoes = (struct change_place){ 1, 3 };
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_STRING_EQUAL(trail[0].old.text, "600");
	CU_ASSERT_STRING_EQUAL(trail[0].new.text, "700");
	CU_ASSERT_EQUAL(trail[0].undoes.index, 1);
	CU_ASSERT_EQUAL(trail[0].undoes.number, 3);

	change = setting("registration.max-lifetime", NULL);
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_UNSET);
	CU_ASSERT_STRING_EQUAL(trail[0].old.text, "700");
	CU_ASSERT_FALSE(trail[0].new.present);

	CU_ASSERT_EQUAL(make_one(&change), HA_E_NOTFOUND); /* what was not done leaves nothing */
	CU_ASSERT_EQUAL(trail_count, 0);
	end();
}

static void an_association_leaves_no_key(void)
{
	struct change change = association(CHANGE_ADD_ASSOCIATION);
	struct audit_octets octets;

	begin();
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL_FATAL(trail_count, 1);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_ADD);
	CU_ASSERT_EQUAL(trail[0].peer, PEER_MOBILE_NODE);
	CU_ASSERT_EQUAL(trail[0].address.s_addr, htonl(0x0a000001));
	CU_ASSERT_EQUAL(trail[0].spi, 256);
	CU_ASSERT_FALSE(trail[0].old.present);
	CU_ASSERT_EQUAL(trail[0].new.algorithm, MIP_HMAC_SHA256);
	CU_ASSERT_EQUAL(trail[0].new.replay, REPLAY_NONCE);
	CU_ASSERT_EQUAL(trail[0].new.tolerance_s, 9);
	audit_row_value(&trail[0], &octets);
	CU_ASSERT_PTR_NULL(memmem(octets.at, octets.size, "KKKK", 4));

	change.replace = true;
	change.algorithm = MIP_HMAC_MD5;
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_REPLACE);
	CU_ASSERT_EQUAL(trail[0].old.algorithm, MIP_HMAC_SHA256);
	CU_ASSERT_EQUAL(trail[0].new.algorithm, MIP_HMAC_MD5);
	CU_ASSERT_FALSE(audit_kind_undoable(trail[0].kind));

	change = association(CHANGE_REMOVE_ASSOCIATION);
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_REMOVE);
	CU_ASSERT_TRUE(trail[0].old.present);
	CU_ASSERT_FALSE(trail[0].new.present);

	change = association(CHANGE_ADD_ASSOCIATION);
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	change = association(CHANGE_REMOVE_PEER);
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(trail[0].kind, AUDIT_REMOVE_PEER);
	CU_ASSERT_EQUAL(trail[0].old.bindings, 2);
	end();
}

static void a_node_leaves_limit_and_policy(void)
{
	struct change changes[3] = { association(CHANGE_ADD_ASSOCIATION),
		                     setting("policy.gold.max-lifetime", "7200"),
		                     association(CHANGE_SET_NODE) };

	begin();
	changes[2].bindings = 5;
	changes[2].set_bindings = changes[2].set_policy = true;
	snprintf(changes[2].policy, sizeof(changes[2].policy), "gold");
	CU_ASSERT_EQUAL(make("somebody", changes, 3), HA_OK);
	CU_ASSERT_EQUAL_FATAL(trail_count, 3);
	CU_ASSERT_EQUAL(trims, 1);
	for (uint16_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(trail[i].index, 1);
		CU_ASSERT_EQUAL(trail[i].number, i);
	}
	CU_ASSERT_EQUAL(trail[2].kind, AUDIT_SET_NODE);
	CU_ASSERT_EQUAL(trail[2].old.bindings, 2);
	CU_ASSERT_STRING_EQUAL(trail[2].old.text, "");
	CU_ASSERT_EQUAL(trail[2].new.bindings, 5);
	CU_ASSERT_STRING_EQUAL(trail[2].new.text, "gold");
	end();
}

static void secrets_leave_nothing(void)
{
	static const uint8_t octets[SECRET_OCTETS] = { 0xff };
	struct change change = { .kind = CHANGE_SECRET, .name = SECRET_NONCE };

	begin();
	CU_ASSERT_EQUAL(seal_secret(universe_ring(), SECRET_NONCE, octets, &change.sealed), HA_OK);
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(trail_count, 0);
	end();
}

static void a_guard_keeps_a_setting_that_moved(void)
{
	struct change change = setting("a.b", "1");

	begin();
	change.guard.set = true; /* only if it is not there */
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(written.version, 1);
	CU_ASSERT_EQUAL(state_setting_version(state, "a.b"), 1);
	CU_ASSERT_EQUAL(make_one(&change), HA_E_CONFLICT);
	CU_ASSERT_EQUAL(trail_count, 0);
	change.guard.version = 1;
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(state_setting_version(state, "a.b"), 3);
	change = setting("a.b", NULL);
	change.guard = (struct change_guard){ .set = true, .version = 1 };
	CU_ASSERT_EQUAL(make_one(&change), HA_E_CONFLICT);
	change.guard.version = 3;
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(state_setting_version(state, "a.b"), 0);
	CU_ASSERT_EQUAL(make_one(&change), HA_E_CONFLICT);
	end();
}

static void a_guard_keeps_an_association_that_was_replaced(void)
{
	struct change change = association(CHANGE_ADD_ASSOCIATION);
	struct change removal = association(CHANGE_REMOVE_ASSOCIATION);

	begin();
	removal.guard = (struct change_guard){ .set = true, .version = 1 };
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	change.replace = true;
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	CU_ASSERT_EQUAL(make_one(&removal), HA_E_CONFLICT);
	removal.guard.version = 2;
	CU_ASSERT_EQUAL(make_one(&removal), HA_OK);
	CU_ASSERT_EQUAL(make_one(&removal), HA_E_NOTFOUND);
	end();
}

static void a_guard_keeps_a_node_that_was_set_again(void)
{
	struct change change = association(CHANGE_ADD_ASSOCIATION);
	struct change set = association(CHANGE_SET_NODE);

	begin();
	CU_ASSERT_EQUAL(make_one(&change), HA_OK);
	set.bindings = 4;
	set.set_bindings = true;
	set.guard = (struct change_guard){ .set = true, .bindings = 3 };
	CU_ASSERT_EQUAL(make_one(&set), HA_E_CONFLICT);
	set.guard.bindings = 2;
	set.set_policy = true;
	snprintf(set.guard.policy, sizeof(set.guard.policy), "gold");
	CU_ASSERT_EQUAL(make_one(&set), HA_E_CONFLICT);
	set.guard.policy[0] = '\0';
	CU_ASSERT_EQUAL(make_one(&set), HA_OK);
	CU_ASSERT_EQUAL(trail[0].old.bindings, 2);
	end();
}

/* ---- octets ---- */

static void settings_of_earlier_programs_are_read(void)
{
	struct row_octets key, value;
	struct setting_row row = { .name = "a.b", .value = "some text", .version = 77 }, again;
	static const uint8_t newer[] = { 3, 0, 0, 0, 0, 0, 0, 0, 1, 'x' };

	setting_row_key(&row, &key);
	setting_row_value(&row, &value);
	CU_ASSERT_EQUAL(setting_row_decode((struct span){ key.at, key.size },
	                                   (struct span){ value.at, value.size }, &again),
	                HA_OK);
	CU_ASSERT_EQUAL(memcmp(&row, &again, sizeof(row)), 0);
	for (size_t size = 1; size < 9; size++)
		CU_ASSERT_EQUAL(setting_row_decode((struct span){ key.at, key.size },
		                                   (struct span){ value.at, size }, &again),
		                HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(setting_row_decode((struct span){ key.at, key.size },
	                                   (struct span){ (const uint8_t *)"600", 3 }, &again),
	                HA_OK);
	CU_ASSERT_STRING_EQUAL(again.value, "600");
	CU_ASSERT_EQUAL(again.version, 1);
	CU_ASSERT_EQUAL(
		setting_row_decode((struct span){ key.at, key.size }, (struct span){ 0 }, &again),
		HA_OK);
	CU_ASSERT_EQUAL(setting_row_decode((struct span){ key.at, key.size },
	                                   (struct span){ newer, sizeof(newer) }, &again),
	                HA_E_NEWER);
	snprintf(row.name, sizeof(row.name), "%s", FEATURE_NODE_COUNTERS);
	setting_row_value(&row, &value);
	CU_ASSERT_EQUAL(value.at[0], 2); /* refused by earlier programs */
	CU_ASSERT_EQUAL(setting_row_decode((struct span){ key.at, 0 },
	                                   (struct span){ value.at, value.size }, &again),
	                HA_E_MALFORMED);
}

static struct audit_row some_row(void)
{
	struct audit_row row = {
		.index = 0x0102030405060708,
		.number = 9,
		.kind = AUDIT_SET_NODE,
		.time_ms = 12345,
		.who = "root (uid 0)",
		.undoes = { 5, 6 },
		.peer = PEER_MOBILE_NODE,
		.realm = 3,
		.address = { htonl(0x0a000001) },
		.nai = "user@realm",
		.spi = 300,
		.use = ASSOCIATION_AAA,
		.old = { true, 1, 1, 2, 7, "gold" },
		.new = { true, 2, 0, 3, 8, "silver" },
	};
	return row;
}

static enum ha_error decode(const struct audit_octets *key, const uint8_t *value, size_t size,
                            struct audit_row *out)
{
	uint8_t *exact = malloc(size ? size : 1); /* one octet too far is seen by the sanitizer */
	enum ha_error error;

	memcpy(exact, value, size);
	error = audit_row_decode((struct span){ key->at, key->size }, (struct span){ exact, size },
	                         out);
	free(exact);
	return error;
}

static void every_prefix_and_bit_of_a_row(void)
{
	struct audit_row row = some_row(), again, zero = { 0 };
	struct audit_octets key, value, back;

	audit_row_key(&row, &key);
	audit_row_value(&row, &value);
	CU_ASSERT_EQUAL(key.size, AUDIT_KEY_SIZE);
	CU_ASSERT_EQUAL(decode(&key, value.at, value.size, &again), HA_OK);
	CU_ASSERT_EQUAL(memcmp(&row, &again, sizeof(row)), 0);
	for (size_t size = 0; size < value.size; size++) {
		CU_ASSERT_NOT_EQUAL(decode(&key, value.at, size, &again), HA_OK);
		CU_ASSERT_EQUAL(memcmp(&again, &zero, sizeof(zero)), 0);
	}
	for (size_t bit = 0; bit < 8 * value.size; bit++) {
		value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (decode(&key, value.at, value.size, &again) == HA_OK) {
			audit_row_value(&again, &back);
			CU_ASSERT_EQUAL(back.size, value.size);
			CU_ASSERT_EQUAL(memcmp(back.at, value.at, back.size), 0);
		}
		value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	value.at[value.size++] = 0;
	CU_ASSERT_EQUAL(decode(&key, value.at, value.size, &again), HA_E_TRAILING);
	value.at[0] = 2;
	CU_ASSERT_EQUAL(decode(&key, value.at, value.size, &again), HA_E_NEWER);
	value.at[0] = 0;
	CU_ASSERT_EQUAL(decode(&key, value.at, value.size, &again), HA_E_MALFORMED);
}

static void the_longest_row_fits(void)
{
	struct audit_row row = some_row(), again;
	struct audit_octets key, value;

	memset(row.who, 'w', sizeof(row.who) - 1);
	memset(row.name, 'n', sizeof(row.name) - 1);
	memset(row.nai, 'a', sizeof(row.nai) - 1);
	memset(row.old.text, 'o', sizeof(row.old.text) - 1);
	memset(row.new.text, 't', sizeof(row.new.text) - 1);
	audit_row_key(&row, &key);
	audit_row_value(&row, &value);
	CU_ASSERT_EQUAL(decode(&key, value.at, value.size, &again), HA_OK);
	CU_ASSERT_EQUAL(memcmp(&row, &again, sizeof(row)), 0);
}

static void keys_are_in_order_of_time(void)
{
	struct audit_row a = { .index = 255, .number = 300 }, b = { .index = 256, .number = 2 };
	struct audit_octets key_a, key_b;

	audit_row_key(&a, &key_a);
	audit_row_key(&b, &key_b);
	CU_ASSERT_TRUE(memcmp(key_a.at, key_b.at, AUDIT_KEY_SIZE) < 0);
}

static CU_TestInfo tests[] = {
	{ "a setting leaves old and new", a_setting_leaves_old_and_new },
	{ "an association leaves no key", an_association_leaves_no_key },
	{ "a node leaves limit and policy", a_node_leaves_limit_and_policy },
	{ "secrets leave nothing", secrets_leave_nothing },
	{ "a guard keeps a setting that moved", a_guard_keeps_a_setting_that_moved },
	{ "a guard keeps an association that was replaced",
	  a_guard_keeps_an_association_that_was_replaced },
	{ "a guard keeps a node that was set again", a_guard_keeps_a_node_that_was_set_again },
	{ "settings of earlier programs are read", settings_of_earlier_programs_are_read },
	{ "every prefix and bit of a row", every_prefix_and_bit_of_a_row },
	{ "the longest row fits", the_longest_row_fits },
	{ "keys are in order of time", keys_are_in_order_of_time },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("audit", tests);
}
