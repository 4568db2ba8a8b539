"""The audit trail: who changed what, from what to what; taking it back; versions of settings; and what does not come back."""

import os
import sys

import pytest
from agent import ASSOCIATIONS, Agent, Refused

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

LIFETIME = "registration.max-lifetime"
KEY = "00112233445566778899aabbccddeeff"
ADD = ("association", "add", "mobile", "home=10.9.0.1", "spi=300", "algorithm=hmac-md5")


def settings(agent):
    return {row["name"]: row for row in agent.ctl("config", "list")}


def newest(agent, *words):
    return agent.ctl("audit", *words)[0]


def refused(agent, *words, stdin=None):
    with pytest.raises(Refused) as why:
        agent.ctl(*words, stdin=stdin)
    assert why.value.status == 1
    return why.value.text


def policies(agent):
    return {(row["policy"], row["option"]): row["value"] for row in agent.ctl("policy", "list")}


# ---- the trail ----


def test_every_change_is_there_the_newest_first(agent):
    agent.ctl("config", "set", LIFETIME, "600")
    agent.ctl("config", "set", LIFETIME, "700")
    agent.ctl(*ADD, stdin=KEY)
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200")
    agent.ctl("node", "set", "10.9.0.1", "policy=gold", "bindings=3")
    agent.ctl("association", "remove", "10.9.0.1", "300")
    rows = agent.ctl("audit", "--limit", "6")
    assert [(row["what"], row["subject"], row["old"], row["new"]) for row in rows] == [
        ("association removed", "10.9.0.1 SPI 300", "hmac-md5 timestamp", None),
        ("node set", "10.9.0.1", "bindings=2 policy=none", "bindings=3 policy=gold"),
        ("setting set", "policy.gold.max-lifetime", None, "7200"),
        ("association added", "10.9.0.1 SPI 300", None, "hmac-md5 timestamp"),
        ("setting set", LIFETIME, "600", "700"),
        ("setting set", LIFETIME, rows[5]["old"], "600"),
    ]
    assert all(row["who"] == "root (uid 0)" and row["undoes"] is None for row in rows)
    order = [tuple(map(int, row["change"].split("."))) for row in rows]
    assert order == sorted(order, reverse=True)
    assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)


def test_seeds_are_in_the_trail_and_no_key_is(agent):
    rows = agent.ctl("audit")
    assert {row["who"] for row in rows} == {"seed"}
    assert {row["subject"] for row in rows if row["what"] == "association added"} == {
        f"{row['home']} SPI {row['spi']}" for row in ASSOCIATIONS}
    assert {row["subject"] for row in rows if row["what"] == "setting set"} == {
        name for name, row in settings(agent).items() if row["owner"] == "cluster"}
    agent.ctl(*ADD, stdin=KEY)
    table = agent.ctl_raw("audit", json_output=False)
    shown = (table.stdout + agent.ctl_raw("audit").stdout + agent.log()).lower()
    assert "secret" not in table.stdout
    for key in [KEY] + [row["key"] for row in ASSOCIATIONS]:
        assert key not in shown


def test_trail_is_filtered_and_paged(agent):
    for value in range(600, 620):
        agent.ctl("config", "set", LIFETIME, str(value))
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200")
    agent.ctl("config", "set", "policy.golden.max-lifetime", "7201")
    assert len(agent.ctl("audit", "policy.gold")) == 1
    assert len(agent.ctl("audit", "policy")) == 2
    assert {row["subject"] for row in agent.ctl("audit", ASSOCIATIONS[0]["home"])} == {f"{ASSOCIATIONS[0]['home']} SPI 256"}
    assert agent.ctl("audit", "10.77.0.1") == agent.ctl("audit", "nobody@nowhere.example") == []

    everything = agent.ctl("audit", LIFETIME)
    assert len(everything) == 21
    paged, after = [], []
    while True:
        done = agent.ctl("audit", LIFETIME, "--limit", "6", *after)
        paged += done
        if len(done) < 6:
            break
        after = ["--after", done[-1]["change"]]
    assert paged == everything
    table = agent.ctl_raw("audit", "--limit", "2", json_output=False).stdout
    assert f"more with --after {agent.ctl('audit')[1]['change']}" in table


def test_trail_survives_a_crash_and_more_than_a_page(agent, tmp_path):
    lines = tmp_path / "lines"
    lines.write_text("".join(f"mobile home=10.8.{i >> 8}.{i & 255} spi=256 algorithm=hmac-md5 key={i + 1:032x}\n" for i in range(900)))
    lines.chmod(0o600)
    assert agent.ctl("association", "import", str(lines))["done"] == 900
    before = agent.ctl("audit")
    assert len({row["change"] for row in before}) == len(before) > 900
    assert before[0]["subject"] == "10.8.3.131 SPI 256"
    agent.kill()
    agent.start()
    assert agent.ctl("audit") == before


@pytest.mark.parametrize("words", [
    ["audit", "a", "b"], ["audit", "--after", "x"], ["audit", "--after", "1.x"], ["audit", "--limit", "0"], ["audit", "--realm", "1"],
    ["audit", "undo"], ["audit", "undo", "x"], ["audit", "undo", "1.2.3"], ["audit", "undo", "1.99999"], ["audit", "undo", "1", "2"],
    ["config", "unset"], ["config", "unset", "a", "b"], ["config", "set", LIFETIME, "1", "--if-version", "x"],
    ["config", "set", LIFETIME, "1", "--if-version", "99999999999999999999"], ["config", "set", LIFETIME, "1", "--if-version"],
])
def test_wrong_words_are_usage_errors(steady, words):
    done = steady.ctl_raw(*words)
    assert done.returncode == 2 and "usage" in done.stderr


# ---- settings ----


def test_unset_goes_back_to_the_default_and_not_to_the_file(tmp_path):
    """The file seeds an empty store: what it says counts no more afterwards, also when the setting is taken back."""
    with Agent(str(tmp_path), {"registration": {"max-lifetime": 900}}) as agent:
        assert settings(agent)[LIFETIME]["value"] == "900"
        done = agent.ctl("config", "unset", LIFETIME)
        assert done == {"name": LIFETIME, "value": "1800", "version": None}
        assert settings(agent)[LIFETIME]["value"] == "1800"
        assert settings(agent)[LIFETIME]["version"] is None
        assert "it is not set" in refused(agent, "config", "unset", LIFETIME)
        row = ASSOCIATIONS[0]
        mobile = Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))
        try:
            assert mobile.register("198.51.100.7", lifetime=5000).lifetime <= 1800
        finally:
            mobile.close()
        agent.restart()
        assert settings(agent)[LIFETIME]["value"] == "1800"


@pytest.mark.parametrize("name, said", [
    ("process.log-level", "belongs to the node"), ("registration.no-such", "no-such"), ("nothing", "nothing"),
    ("policy.gold.port", "policy.NAME.OPTION"), ("policy.gold.max-lifetime", "it is not set"), ("pool.nowhere", "it is not set"),
    ("x" * 100, "x"), ("secret.nonce", "secret.nonce"),
])
def test_what_cannot_be_unset_is_said(steady, name, said):
    assert said in refused(steady, "config", "unset", name)


def test_last_setting_of_a_policy_in_use_stays(agent):
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200")
    agent.ctl("node", "set", ASSOCIATIONS[0]["home"], "policy=gold")
    assert "mobile nodes still have this policy" in refused(agent, "config", "unset", "policy.gold.max-lifetime")
    agent.ctl("node", "set", ASSOCIATIONS[0]["home"], "policy=none")
    assert agent.ctl("config", "unset", "policy.gold.max-lifetime") == {
        "name": "policy.gold.max-lifetime", "value": None, "version": None}
    assert policies(agent) == {}


def test_versions_move_with_every_write(agent):
    first = settings(agent)[LIFETIME]["version"]
    assert first > 0 and settings(agent)["process.log-level"]["version"] is None
    done = agent.ctl("config", "set", LIFETIME, "600", "--if-version", str(first))
    assert done["version"] == settings(agent)[LIFETIME]["version"] > first
    said = refused(agent, "config", "set", LIFETIME, "700", "--if-version", str(first))
    assert "not of that version any more" in said
    assert "not of that version" in refused(agent, "config", "unset", LIFETIME, "--if-version", str(first))
    assert settings(agent)[LIFETIME]["value"] == "600"
    agent.kill()
    agent.start()
    assert settings(agent)[LIFETIME]["version"] == done["version"]

    # 0: only if it is not there yet.
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200", "--if-version", "0")
    assert "not of that version" in refused(agent, "config", "set", "policy.gold.max-lifetime", "1", "--if-version", "0")
    version = settings(agent)["policy.gold.max-lifetime"]["version"]
    agent.ctl("config", "unset", "policy.gold.max-lifetime", "--if-version", str(version))
    assert "policy.gold.max-lifetime" not in settings(agent)


# ---- undo ----


def test_undo_of_a_setting_and_of_its_undo(agent):
    agent.ctl("config", "set", LIFETIME, "600")
    agent.ctl("config", "set", LIFETIME, "700")
    second = newest(agent)["change"]
    done = agent.ctl("audit", "undo", second)
    assert done == {"result": "undone", "change": second, "subject": f"{LIFETIME} 600"}
    assert settings(agent)[LIFETIME]["value"] == "600"
    undo = newest(agent)
    assert (undo["what"], undo["old"], undo["new"], undo["undoes"]) == ("setting set", "700", "600", second)
    assert undo["who"] == "root (uid 0)"

    assert "has moved since" in refused(agent, "audit", "undo", second)
    agent.ctl("audit", "undo", undo["change"])
    assert settings(agent)[LIFETIME]["value"] == "700"


def test_undo_of_what_was_set_anew_or_unset(agent):
    name = "policy.gold.max-lifetime"
    agent.ctl("config", "set", name, "7200")
    agent.ctl("audit", "undo", newest(agent)["change"].split(".")[0])  # the index alone is enough
    assert name not in settings(agent)
    unset = newest(agent)
    assert (unset["what"], unset["old"], unset["new"]) == ("setting unset", "7200", None)
    agent.ctl("audit", "undo", unset["change"])
    assert settings(agent)[name]["value"] == "7200"
    # It has been set since: taking the removal back once more would overwrite that.
    assert "has moved since" in refused(agent, "audit", "undo", unset["change"])


def test_undo_of_an_added_association(agent):
    agent.ctl(*ADD, stdin=KEY)
    added = newest(agent)["change"]
    agent.ctl("audit", "undo", added)
    assert "10.9.0.1" in refused(agent, "association", "list", "10.9.0.1")
    assert newest(agent)["what"] == "association removed" and newest(agent)["undoes"] == added
    assert "has moved since" in refused(agent, "audit", "undo", added)

    agent.ctl(*ADD, stdin=KEY)
    added = newest(agent)["change"]
    agent.ctl(*ADD, "--replace", stdin="ff" * 16)
    assert "has moved since" in refused(agent, "audit", "undo", added)
    assert len(agent.ctl("association", "list", "10.9.0.1")) == 1


def test_keys_do_not_come_back(agent):
    agent.ctl(*ADD, stdin=KEY)
    agent.ctl(*ADD, "--replace", stdin="ff" * 16)
    assert "its key was destroyed" in refused(agent, "audit", "undo", newest(agent)["change"])
    agent.ctl("association", "remove", "10.9.0.1", "300")
    assert "cannot come back: its key was destroyed" in refused(agent, "audit", "undo", newest(agent)["change"])
    agent.ctl("association", "remove", ASSOCIATIONS[0]["home"])
    row = newest(agent)
    assert row["what"] == "peer removed"
    assert "cannot come back: its key was destroyed" in refused(agent, "audit", "undo", row["change"])


def test_undo_of_a_node_takes_back_only_what_it_changed(agent):
    home = ASSOCIATIONS[0]["home"]
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200")
    agent.ctl("node", "set", home, "bindings=3")
    limit = newest(agent)["change"]
    agent.ctl("node", "set", home, "policy=gold")
    policy = newest(agent)["change"]
    agent.ctl("audit", "undo", limit)
    assert newest(agent)["new"] == "bindings=2 policy=gold"
    agent.ctl("node", "set", home, "bindings=4")
    assert "has moved since" in refused(agent, "audit", "undo", limit)
    agent.ctl("audit", "undo", policy)
    node = agent.ctl("nodes", home)[0]
    assert (node["limit"], node["policy"]) == (4, None)


def test_undo_must_name_one_change(agent):
    seed = [row["change"] for row in agent.ctl("audit") if row["what"] == "association added"]
    index = seed[0].split(".")[0]
    assert len(seed) == 2 and {change.split(".")[0] for change in seed} == {index}
    assert "say which one" in refused(agent, "audit", "undo", index)
    agent.ctl("audit", "undo", f"{index}.1")
    assert [row["address"] for row in agent.ctl("association", "list")] == [ASSOCIATIONS[0]["home"]]
    assert "there is no change 999999.0" in refused(agent, "audit", "undo", "999999")
    assert "there is no change 999999.0" in refused(agent, "audit", "undo", "999999.0")


def test_undo_that_would_take_a_policy_from_its_nodes_is_refused(agent):
    agent.ctl("config", "set", "policy.gold.max-lifetime", "7200")
    made = newest(agent)["change"]
    agent.ctl("node", "set", ASSOCIATIONS[0]["home"], "policy=gold")
    assert "mobile nodes still have this policy" in refused(agent, "audit", "undo", made)
