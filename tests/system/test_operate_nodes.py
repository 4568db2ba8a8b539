"""Mobile nodes in agentctl: names, pools, policies, uses of associations; each verb in both forms, each refusal with its
sentence and status."""

import re

import pytest
from agent import Agent, Refused
from named import KEY, Association, Mobile, Named
from steady import steady_agent
from waiting import wait_for

POOL = ("config", "set", "pool.dial-in", "10.64.0.1-10.64.0.3 sticky")
GOLD = ("config", "set", "policy.gold.max-lifetime", "600")
ANN = "ann@example.net"


def add(agent, *words):
    return agent.ctl("association", "add", *words, stdin=KEY)


def populate(agent):
    """A pool, a policy, a node of the pool with two associations, and a named one of its own address."""
    agent.ctl(*POOL)
    agent.ctl(*GOLD)
    add(agent, "mobile", f"nai={ANN}", "pool=dial-in", "policy=gold", "spi=256", "algorithm=hmac-md5")
    add(agent, "mobile", f"nai={ANN}", "spi=2", "algorithm=chap", "use=mn-aaa")
    add(agent, "mobile", "home=10.0.0.7", "nai=bob@example.net", "spi=257", "algorithm=hmac-sha1", "replay=nonce")
    return agent


@pytest.fixture
def populated(agent):
    return populate(agent)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """The same, one for all cases that change nothing."""
    with steady_agent(tmp_path_factory.mktemp("settled"), populate) as running:
        yield running


def one(rows):
    assert len(rows) == 1, rows
    return rows[0]


def refusal(agent, *words, stdin=KEY):
    with pytest.raises(Refused) as refused:
        agent.ctl(*words, stdin=stdin)
    return refused.value


# ---- associations ----


def test_an_association_shows_everything_but_its_key(settled):
    rows = settled.ctl("association", "list")
    assert [(row["nai"], row["address"], row["spi"], row["use"], row["algorithm"], row["replay"]) for row in rows] == [
        (ANN, None, 2, "mn-aaa", "chap", None),
        (ANN, None, 256, "mn-ha", "hmac-md5", "timestamps"),
        (None, "10.0.0.1", 256, "mn-ha", "hmac-md5", "timestamps"),
        (None, "10.0.0.2", 256, "mn-ha", "hmac-md5", "timestamps"),
        ("bob@example.net", "10.0.0.7", 257, "mn-ha", "hmac-sha1", "nonces"),
    ]
    assert (rows[1]["policy"], rows[1]["pool"], rows[1]["bindings"], rows[1]["tolerance_s"]) == ("gold", "dial-in", 2, 7)
    assert (rows[2]["policy"], rows[2]["pool"]) == (None, None)
    assert rows[4]["tolerance_s"] is None and rows[0]["tolerance_s"] is None
    assert all(row["last_used"] is None for row in rows)
    table = settled.ctl_raw("association", "list", json_output=False).stdout
    assert KEY not in table and ANN in table


def test_the_tolerance_shown_is_the_one_in_force(populated):
    populated.ctl("config", "set", "policy.gold.replay-tolerance", "60")
    assert populated.ctl("association", "list", ANN)[1]["tolerance_s"] == 60
    populated.ctl("config", "set", "registration.replay-tolerance", "9")
    assert one(populated.ctl("association", "list", "10.0.0.1"))["tolerance_s"] == 9
    assert populated.ctl("association", "list", ANN)[1]["tolerance_s"] == 60


def test_the_last_use_is_known_once_there_was_one(populated):
    mobile = Named(populated, ANN)
    assert mobile.register().code == 0
    rows = populated.ctl("association", "list", ANN)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[1]["last_used"])
    assert rows[0]["last_used"] is None
    assert rows[1]["address"] == mobile.home
    mobile.close()


@pytest.mark.parametrize("whom", [ANN, "ann@EXAMPLE.NET", "10.0.0.7", "bob@example.net"])
def test_associations_are_found_by_name_and_by_address(settled, whom):
    rows = settled.ctl("association", "list", whom)
    assert {row["nai"] for row in rows} == {ANN if whom.startswith("ann") else "bob@example.net"}


def test_associations_are_found_by_an_address_of_a_pool(populated):
    mobile = Named(populated, ANN)
    mobile.register()
    assert [row["spi"] for row in populated.ctl("association", "list", mobile.home)] == [2, 256]
    mobile.close()


@pytest.mark.parametrize("verb", ["association list", "nodes", "bindings"])
@pytest.mark.parametrize("whom", ["nobody@example.net", "10.9.9.9", "nobody"])
def test_who_is_not_known_is_told(settled, verb, whom):
    with pytest.raises(Refused) as refused:
        settled.ctl(*verb.split(), whom)
    assert refused.value.status == 1
    assert refused.value.text.startswith("agentctl: there is no mobile node") and f"{whom} in realm 0" in refused.value.text


@pytest.mark.parametrize("verb", ["nodes", "bindings", "bindings remove", "association list", "association remove", "trace",
                                  "node set", "pool release"])
@pytest.mark.parametrize("whom", ["300.1.1.1", "10.20.0.999", "10.20.0", "10.20.0.1.", "10.20.0.1/32", "10.0.0.0/8"])
def test_what_looks_like_an_address_is_no_name(settled, verb, whom):
    with pytest.raises(Refused) as refused:
        settled.ctl(*verb.split(), whom)
    assert refused.value.status == 2 and f"'{whom}' is no IPv4 address" in refused.value.text
    assert ("length of a prefix" in refused.value.text) == ("/" in whom)


def test_digits_alone_are_a_name(populated):
    add(populated, "mobile", "nai=310150123456789", "pool=dial-in", "spi=256", "algorithm=hmac-md5")
    assert one(populated.ctl("nodes", "310150123456789"))["nai"] == "310150123456789"


def test_a_known_node_may_have_no_bindings(settled):
    table = settled.ctl_raw("bindings", "10.0.0.1", json_output=False)
    assert table.returncode == 0 and table.stdout.startswith("0 rows")


def test_two_uses_under_one_spi_are_two_associations(populated):
    add(populated, "mobile", f"nai={ANN}", "spi=256", "algorithm=hmac-sha256", "use=mn-aaa")
    assert [(row["spi"], row["use"]) for row in populated.ctl("association", "list", ANN)] == [
        (2, "mn-aaa"), (256, "mn-ha"), (256, "mn-aaa")]
    removed = populated.ctl("association", "remove", ANN, "256", "use=mn-aaa")
    assert removed == {"result": "removed", "address": None, "nai": ANN, "spi": 256, "use": "mn-aaa"}
    assert [(row["spi"], row["use"]) for row in populated.ctl("association", "list", ANN)] == [
        (2, "mn-aaa"), (256, "mn-ha")]
    populated.ctl("association", "remove", ANN, "256", "use=mn-ha")
    assert [row["spi"] for row in populated.ctl("association", "list", ANN)] == [2]
    populated.ctl("association", "remove", "mobile", ANN)
    assert ANN not in [row["nai"] for row in populated.ctl("nodes")]


def test_a_node_of_a_pool_is_removed_by_the_address_that_it_has(populated):
    mobile = Named(populated, ANN)
    mobile.register()
    populated.ctl("association", "remove", mobile.home, "2", "use=mn-aaa")
    populated.ctl("association", "remove", mobile.home)
    assert ANN not in [row["nai"] for row in populated.ctl("association", "list")]
    mobile.close()


def test_a_listing_longer_than_a_page_has_both_uses_of_an_spi(tmp_path):
    count = 700
    lines = [f"mobile home=10.2.{i >> 8}.{i & 255} spi=256 algorithm=hmac-md5 key={i:032x} use={use}\n"
             for i in range(count) for use in ("mn-ha", "mn-aaa")]
    path = tmp_path / "list"
    path.write_text("".join(lines))
    path.chmod(0o600)
    with Agent(str(tmp_path / "a"), associations=[]) as agent:
        assert agent.ctl("association", "import", str(path))["done"] == 2 * count
        rows = [(row["address"], row["use"]) for row in agent.ctl("association", "list")]
        assert len(rows) == 2 * count == len(set(rows))
        assert len(agent.ctl("nodes")) == count


@pytest.mark.parametrize("words, status, expected", [
    (["mobile", "nai=new@example.net", "spi=256", "algorithm=hmac-md5"], 1,
     "there is no mobile node new@example.net yet: the first association of one needs home=ADDRESS or pool=NAME"),
    (["mobile", "nai=new@example.net", "pool=none-such", "spi=256", "algorithm=hmac-md5"], 1,
     "there is no pool none-such; agentctl pool set makes one"),
    (["mobile", "home=10.1.0.1", "policy=lead", "spi=256", "algorithm=hmac-md5"], 1,
     "there is no policy lead; agentctl config set policy.lead.OPTION makes one"),
    (["mobile", "home=10.0.0.1", "nai=new@example.net", "spi=257", "algorithm=hmac-md5"], 1,
     "mobile node 10.0.0.1 or new@example.net is known with another home address, name, pool or policy"),
    (["mobile", f"nai={ANN}", "policy=gold", "pool=dial-in", "bindings=5", "spi=300", "algorithm=hmac-md5"], 1,
     "has another limit of bindings: `node set` changes it"),
    (["mobile", "home=10.0.0.7", "policy=gold", "spi=300", "algorithm=hmac-md5"], 1,
     "mobile node 10.0.0.7 is known with another home address, name, pool or policy; agentctl nodes 10.0.0.7 shows them"),
    (["mobile", f"nai={ANN}", "spi=2", "algorithm=chap", "use=mn-aaa"], 1,
     f"mobile node {ANN} has an mn-aaa association with SPI 2 already; --replace overwrites it"),
    (["mobile", "home=10.1.0.1", "nai=\u00e9", "spi=256", "algorithm=hmac-md5"], 1, "field nai must be a name"),
    (["mobile", "home=10.1.0.1", "pool=dial-in", "spi=256", "algorithm=hmac-md5"], 2, "fields home and pool"),
    (["mobile", "home=10.1.0.1", "spi=2", "algorithm=chap"], 2, "go together, and with use=mn-aaa"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5", "replay=never"], 1, "field replay must be timestamp or nonce"),
    (["set", "policy.x.max-lifetime", "600"], 2, "usage"),
])
def test_additions_that_are_refused(settled, words, status, expected):
    before = settled.ctl("association", "list")
    refused = refusal(settled, "association", "add", *words)
    assert refused.status == status and expected in refused.text
    assert KEY not in refused.text
    assert settled.ctl("association", "list") == before


@pytest.mark.parametrize("words, status, expected", [
    (["nobody@example.net"], 1, "nobody@example.net has no association"),
    (["mobile", "nobody@example.net"], 1, "there is no mobile node nobody@example.net"),
    (["mobile", "nobody@example.net", "256"], 1, "mobile node nobody@example.net has no association with SPI 256"),
    ([ANN, "256", "use=mn-aaa"], 1, f"mobile node {ANN} has no mn-aaa association with SPI 256"),
    (["foreign-agent", ANN], 2, "usage"), (["foreign-agent", ANN, "256"], 2, "usage"),
    ([ANN, "256", "use=fa-ha"], 2, "usage"), ([ANN, "use=mn-aaa"], 2, "usage"), (["\u00e9"], 2, "usage"),
])
def test_removals_that_are_refused(settled, words, status, expected):
    before = settled.ctl("association", "list")
    refused = refusal(settled, "association", "remove", *words)
    assert refused.status == status and expected in refused.text
    assert settled.ctl("association", "list") == before


def test_an_import_brings_pools_and_policies_along(agent, tmp_path):
    path = tmp_path / "list"
    path.write_text(
        "set pool.dial-in 10.64.0.1-10.64.0.9 released\n"
        "set policy.gold.max-lifetime 600\n"
        f"mobile nai={ANN} pool=dial-in policy=gold spi=256 algorithm=hmac-md5 key={KEY} replay=nonce\n"
        f"mobile nai={ANN} spi=2 algorithm=chap key={KEY} use=mn-aaa\n"
        "set registration.max-lifetime 0\n"
        "set home-agent.port 435\n"
        "set secret.nonce 00\n"
        "set pool.other 10.64.0.9-10.64.0.20\n"
        "set policy.gold.max-lifetime 0\n"
        f"mobile nai=bob@example.net pool=other spi=256 algorithm=hmac-md5 key={KEY}\n")
    path.chmod(0o600)
    done = agent.ctl_raw("association", "import", str(path), json_output=False)
    assert done.returncode == 1 and done.stdout == "4 done, 6 refused\n"
    said = {int(line.split(":")[1]): line for line in done.stderr.splitlines()}
    assert "a whole number from 1 to 65535 seconds" in said[5]
    assert "belongs to the node" in said[6]
    assert "there is no option 'secret.nonce'" in said[7]
    assert "pool.other was not changed: it would share addresses with another pool" in said[8]
    assert said[9].split(": ")[1:3] == ["policy.gold.max-lifetime", "'0' is not allowed"]
    assert "there is no pool other" in said[10]
    assert one(agent.ctl("nodes", ANN))["policy"] == "gold"


# ---- nodes ----


def timeless(agent, whom):
    """One node without what the time changes."""
    row = one(agent.ctl("nodes", whom))
    del row["served_s"], row["accepted_last"]
    return row


def test_nodes_are_listed_with_what_they_have(populated):
    assert populated.ctl("nodes")[:2] == [
        {"nai": ANN, "home": None, "held": "none", "pool": "dial-in", "policy": "gold", "limit": 2, "bindings": 0,
         "node": 3, "realm": 0},
        {"nai": None, "home": "10.0.0.1", "held": "own", "pool": None, "policy": None, "limit": 2, "bindings": 0,
         "node": 1, "realm": 0},
    ]
    mobile = Named(populated, ANN)
    assert mobile.register().code == 0
    assert timeless(populated, mobile.home) == timeless(populated, ANN) == {
        "nai": ANN, "home": mobile.home, "held": "leased", "pool": "dial-in", "policy": "gold", "limit": 2, "bindings": 1,
        "node": 3, "realm": 0, "accepted": 1, "denied": 0, "denied_last": None, "denied_code": None}
    assert ANN in populated.ctl_raw("nodes", json_output=False).stdout
    with pytest.raises(Refused) as refused:
        populated.ctl("nodes", "10.0.0.1", "--realm", "1")
    assert "no mobile node 10.0.0.1 in realm 1" in refused.value.text
    mobile.close()


def test_a_former_address_is_shown_as_such(populated):
    populated.ctl("config", "set", "pool.dial-in", "10.64.0.1-10.64.0.3 released")
    mobile = Named(populated, ANN)
    mobile.register()
    assert mobile.deregister().code == 0
    row = one(populated.ctl("nodes", ANN))
    assert (row["home"], row["held"], row["bindings"]) == (mobile.home, "former", 0)
    mobile.close()


def test_policy_and_limit_of_a_node_change_while_it_is_bound(populated):
    mobile = Named(populated, ANN)
    assert mobile.register(lifetime=900).lifetime == 600
    assert populated.ctl("node", "set", ANN, "policy=none") == {
        "result": "changed", "who": ANN, "policy": None, "limit": 2}
    assert mobile.register(lifetime=900).lifetime == 900
    assert populated.ctl("node", "set", mobile.home, "policy=gold", "bindings=4") == {
        "result": "changed", "who": mobile.home, "policy": "gold", "limit": 4}
    row = timeless(populated, ANN)
    assert (row["policy"], row["limit"], row["bindings"], row["accepted"]) == ("gold", 4, 1, 2)
    populated.restart()
    assert timeless(populated, ANN) == row
    assert "ann@example.net: node set by" in populated.log()
    mobile.close()


@pytest.mark.parametrize("words, status, expected", [
    ([ANN, "policy=none-such"], 1, "there is no policy none-such"),
    (["nobody@example.net", "bindings=1"], 1, "there is no mobile node nobody@example.net"),
    (["10.0.0.1", "bindings=9"], 1, "bindings must be a number from 1 to 8"),
    (["10.0.0.1", "bindings=0"], 1, "bindings must be a number from 1 to 8"),
    (["10.0.0.1", "policy=Gold"], 1, "policy must be the name of a policy"),
    (["10.0.0.1"], 2, "usage"), ([], 2, "usage"), (["10.0.0.1", "pool=dial-in"], 2, "usage"),
])
def test_what_may_not_be_set(settled, words, status, expected):
    before = settled.ctl("nodes")
    refused = refusal(settled, "node", "set", *words)
    assert refused.status == status and expected in refused.text
    assert settled.ctl("nodes") == before


# ---- policies ----


def test_policies_are_listed_with_who_has_them(populated):
    populated.ctl("config", "set", "policy.gold.burst", "3")
    populated.ctl("config", "set", "policy.bare.reverse-tunnel", "required")
    assert populated.ctl("policy", "list") == populated.ctl("policy") == [
        {"policy": "bare", "option": "reverse-tunnel", "value": "required", "unit": "", "nodes": 0},
        {"policy": "gold", "option": "burst", "value": "3", "unit": "", "nodes": 1},
        {"policy": "gold", "option": "max-lifetime", "value": "600", "unit": "seconds", "nodes": 1},
    ]
    assert "bare" in populated.ctl_raw("policy", json_output=False).stdout
    populated.ctl("association", "remove", ANN)
    assert {row["nodes"] for row in populated.ctl("policy")} == {0}


@pytest.mark.parametrize("name, value, expected", [
    ("policy.gold.max-lifetime", "0", "a whole number from 1 to 65535 seconds"),
    ("policy.gold.max-lifetime", "", "agentctl: policy.gold.max-lifetime: '' is not allowed"),
    ("registration.max-lifetime", "", "agentctl: registration.max-lifetime: '' is not allowed"),
    ("policy.gold.discovery", "yes", "policy.NAME.OPTION, with OPTION one of max-lifetime"),
    ("policy.Gold.burst", "1", "1 to 31 small letters, digits and hyphens"),
    ("policy.none.burst", "1", "and not none"),
    ("policy." + "x" * 32 + ".burst", "1", "1 to 31 small letters"),
    ("policy.gold", "1", "policy.NAME.OPTION"),
    ("pool.dial-in", "10.64.0.1", "a pool is FIRST-LAST sticky|released [realm=N]"),
    ("pool.dial-in", "10.64.0.9-10.64.0.1 sticky", "from the first to the last address"),
    ("pool.dial-in", "10.64.0.1-10.64.0.9 sticky realm=x", "a pool is FIRST-LAST"),
    ("pool.b_c", "10.65.0.1-10.65.0.9", "1 to 31 small letters"),
    ("pool.b", "10.64.0.3-10.64.0.9", "it would share addresses with another pool"),
    ("secret.nonce", "00", "there is no option 'secret.nonce'"),
])
def test_settings_of_pools_and_policies_that_may_not_be_so(settled, name, value, expected):
    before = settled.ctl("policy")
    refused = refusal(settled, "config", "set", name, value)
    assert refused.status == 1 and expected in refused.text
    assert settled.ctl("policy") == before


# ---- bindings ----


def test_bindings_say_whose_they_are_and_how_they_are_tunnelled(populated):
    bob = Named(populated, "bob@example.net", Association(257, KEY, "hmac-sha1"), home="10.0.0.7")
    reply = bob.register()
    assert reply.code == 133
    assert bob.register(identification=reply.identification, flags=0x08).code == 0
    plain = Mobile("10.0.0.1", Association(256, bytes(range(16))), (populated.address, populated.port))
    udp_request = bytes([144, 6, 0, 0, 0x80, 0, 0, 0])
    assert plain.register("198.51.100.9", flags=0x20, extensions=udp_request).code == 0
    wait_for(lambda: len(populated.ctl("bindings")) == 2, "both bindings are in the store")
    rows = populated.ctl("bindings")
    assert [(row["home"], row["nai"], row["encapsulation"]) for row in rows] == [
        ("10.0.0.1", None, "udp/ipip"), ("10.0.0.7", "bob@example.net", "gre")]
    assert rows[0]["features"] == "udp-forced" or rows[0]["features"] == ""
    assert re.fullmatch(r"127\.0\.0\.1:\d+", rows[0]["endpoint"]) and rows[1]["endpoint"] == "198.51.100.7"
    assert populated.ctl("bindings", "bob@EXAMPLE.net") == rows[1:]
    assert populated.ctl("bindings", ANN) == []
    table = populated.ctl_raw("bindings", json_output=False).stdout
    assert "udp/ipip" in table and "bob@example.net" in table
    bob.close()
    plain.close()
