/* test_secret.c - secrets that all members of a cluster share: made once, sealed
 * again, loaded, and never to be seen among the settings. */
#include <stdio.h>

#include "tests/unit/sealed_member.h"

static struct change secret_of(struct keyring *ring, const char *name, uint8_t fill,
                               uint32_t replaces)
{
	struct change change = { .kind = CHANGE_SECRET, .replaces = replaces };
	uint8_t secret[SECRET_OCTETS];

	memset(secret, fill, sizeof(secret));
	snprintf(change.name, sizeof(change.name), "%s", name);
	CU_ASSERT_EQUAL(seal_secret(ring, name, secret, &change.sealed), HA_OK);
	return change;
}

static bool has_secret(struct member *m, uint8_t fill, uint32_t id)
{
	uint8_t secret[SECRET_OCTETS], expected[SECRET_OCTETS];

	memset(expected, fill, sizeof(expected));
	return state_secret(m->state, SECRET_NONCE, secret) == id &&
	       memcmp(secret, expected, sizeof(secret)) == 0;
}

static void a_secret_is_made_once_and_sealed_again(void)
{
	struct member m = member_of(ring_of_one(1)), next = member_of(ring_of_one(2));
	struct keyring *fresh = ring_of_one(2), *both = ring_of(0, (const uint32_t[]){ 2, 1, 0 });
	struct change change = secret_of(m.ring, SECRET_NONCE, 's', 0);
	struct row_change row;

	CU_ASSERT_TRUE(has_secret(&m, 0, 0));
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_TRUE(has_secret(&m, 's', 1));
	change = secret_of(m.ring, SECRET_NONCE, 't', 0);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_EXISTS);
	change = secret_of(m.ring, SECRET_NONCE, 't', 5);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_CONFLICT);
	CU_ASSERT_TRUE(has_secret(&m, 's', 1));
	keyring_take(m.ring, both);
	change = secret_of(fresh, SECRET_NONCE, 's', 1);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_TRUE(has_secret(&m, 's', 2));

	row = row_of(&m, ROW_SETTING);
	CU_ASSERT_EQUAL(row.key.size, strlen(SECRET_NONCE));
	CU_ASSERT_EQUAL(state_load_secret(next.state, SECRET_NONCE, row.value), HA_OK);
	CU_ASSERT_TRUE(has_secret(&next, 's', 2));
	keyring_free(fresh);
	keyring_free(both);
	member_end(&m);
	member_end(&next);
}

static void secrets_that_may_not_be_so(void)
{
	struct member m = member_of(ring_of_one(1));
	struct keyring *fresh = ring_of_one(2);
	struct change change = secret_of(m.ring, "registration.max-lifetime", 's', 0);
	static const char *const names[] = { SECRET_PREFIX "1", SECRET_PREFIX "2",
		                             SECRET_PREFIX "3", SECRET_PREFIX "4" };
	struct command command;

	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_RANGE);
	change = secret_of(m.ring, SECRET_NONCE, 's', 0);
	change.sealed.size = 3;
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_RANGE);
	CU_ASSERT_EQUAL(state_load_secret(m.state, SECRET_NONCE, (struct span){ 0 }), HA_E_DAMAGED);
	for (size_t i = 0; i < 4; i++) {
		change = secret_of(m.ring, names[i], 's', 0);
		CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	}
	change = secret_of(m.ring, SECRET_NONCE, 's', 0);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_RANGE); /* no room for a fifth */
	change = secret_of(fresh, names[0], 's', 1);
	command = command_of(&change);
	CU_ASSERT_EQUAL(apply(&m, command), HA_E_NO_KEY);
	free(command.at);
	keyring_free(fresh);
	member_end(&m);
}

static void count_setting(void *context, const char *name, const char *value)
{
	(void)name;
	(void)value;
	++*(unsigned *)context;
}

static void secrets_are_no_settings(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change secret = secret_of(m.ring, SECRET_NONCE, 's', 0);
	struct change set = { .kind = CHANGE_SET, .name = SECRET_NONCE, .value = "mine" };
	unsigned count = 0;

	CU_ASSERT_EQUAL(configure(&m, &set), HA_E_RANGE);
	CU_ASSERT_EQUAL(configure(&m, &secret), HA_OK);
	CU_ASSERT_EQUAL(configure(&m, &set), HA_E_RANGE);
	set.kind = CHANGE_UNSET;
	CU_ASSERT_NOT_EQUAL(configure(&m, &set), HA_OK);
	state_settings(m.state, count_setting, &count);
	CU_ASSERT_EQUAL(count, 0);
	CU_ASSERT_TRUE(has_secret(&m, 's', 1));
	member_end(&m);
}

static CU_TestInfo tests[] = {
	{ "a secret is made once, and sealed again", a_secret_is_made_once_and_sealed_again },
	{ "secrets that may not be so", secrets_that_may_not_be_so },
	{ "secrets are no settings", secrets_are_no_settings },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("secret", tests);
}
