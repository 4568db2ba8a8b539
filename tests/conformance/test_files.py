"""Profiles, associations files and the command line: what is read, what is refused, and with which words."""

import os
import socket
import subprocess

import pytest

import associations
import profiles

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = "00112233445566778899aabbccddeeff"


def test_profile_is_read():
    profile = profiles.parse(["# x", "tolerance: 9 # seconds", "", "nai: yes", "algorithms: hmac-md5 chap", "policy.a.tolerance: 5"])
    assert (profile["tolerance"], profile["nai"], profile["algorithms"]) == (9, True, ("hmac-md5", "chap"))
    assert profile["max-lifetime-least"] == profile["max-lifetime"] == 1800
    assert profile.with_policy("a")["tolerance"] == 5
    assert profile.with_policy("a")["nai"] is True


@pytest.mark.parametrize(
    "line, why",
    [
        ("tolerant: 3", "there is no key tolerant"), ("nai: maybe", "nai must be yes, no"), ("nai", "key: value"),
        ("tolerance: x", "a whole number"), ("reverse-tunnel: perhaps", "no, yes, required"),
        ("discovery: 1.2.3", "an IPv4 address"), ("policy.a.b: 1", "there is no key b"),
    ],
)
def test_wrong_profile_is_refused_with_its_line(line, why):
    with pytest.raises(profiles.ProfileError, match=f"profile:2: .*{why}"):
        profiles.parse(["simultaneous: 2", line])


@pytest.mark.parametrize(
    "name, wanted, held",
    [
        ("tolerance", 7, True), ("tolerance", ">=8", False), ("tolerance", "<=7", True), ("nai", False, True),
        ("algorithms", "hmac-md5", True), ("algorithms", "!hmac-md5", False), ("algorithms", "!chap", True),
        ("reverse-tunnel", ["no", "yes"], True), ("reverse-tunnel", ["yes", "required"], False), ("discovery", "any", False),
    ],
)
def test_conditions(name, wanted, held):
    assert (profiles.Profile().unmet({name: wanted}) is None) == held


def test_associations_are_grouped_by_node():
    nodes, agents = associations.parse([
        f"mobile home=10.64.0.1 nai=a@b spi=256 algorithm=hmac-md5 key={KEY} replay=nonce bindings=3  # one",
        f"mobile home=10.64.0.1 spi=0x101 algorithm=hmac-sha1 key={KEY}",
        f"mobile home=10.64.0.1 spi=2 algorithm=chap key={KEY} use=mn-aaa",
        "",
        f"foreign-agent address=127.0.1.1 spi=512 algorithm=keyed-md5 key={KEY}",
    ])
    assert nodes[0].kind() == {
        "home": True, "nai": True, "pool": False, "algorithms": ("hmac-md5", "hmac-sha1"), "aaa": ("chap",),
        "replay": "nonce", "bindings": 3, "tolerance": None,
    }
    assert nodes[0].home_associations[1].spi == 257
    assert [agent.address for agent in agents] == ["127.0.1.1"]


@pytest.mark.parametrize(
    "line, why",
    [
        ("mobil home=10.0.0.1", "first word"), (f"mobile spi=256 algorithm=hmac-md5 key={KEY}", "home or nai"),
        (f"mobile home=10.0.0 spi=256 algorithm=hmac-md5 key={KEY}", "value of home"), ("mobile home=10.0.0.1", "must be given"),
        (f"mobile home=10.0.0.1 spi=256 algorithm=md4 key={KEY}", "value of algorithm"),
        ("mobile home=10.0.0.1 spi=256 algorithm=hmac-md5 key=xyz", "value of key"),
        (f"foreign-agent spi=256 algorithm=hmac-md5 key={KEY}", "address must be given"),
        ("mobile colour=red", "no field colour"),
    ],
)
def test_wrong_line_is_refused_and_no_value_repeated(line, why):
    with pytest.raises(associations.FileError, match=why) as error:
        associations.parse([line])
    assert KEY not in str(error.value) and "xyz" not in str(error.value)


def test_stock_gives_each_node_once():
    stock = associations.Stock(associations.parse(
        [f"mobile home=10.64.0.{n} spi=256 algorithm=hmac-md5 key={KEY}" for n in (1, 2)]
        + [f"mobile home=10.64.0.3 spi=256 algorithm=hmac-md5 key={KEY} policy=strict"]
    )[0])
    assert [stock.take({}).home, stock.take({}).home] == ["10.64.0.1", "10.64.0.2"]
    with pytest.raises(associations.Exhausted):
        stock.take({})
    assert stock.take({}, "strict").home == "10.64.0.3"
    assert stock.has({}) and not stock.has({"nai": True})


def run(name, *arguments):
    return subprocess.run([os.path.join(HERE, name), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_generator_gives_the_same_for_the_same_seed():
    first, second, other = (run("make_associations", "--seed", seed) for seed in ("a", "a", "b"))
    assert first.returncode == 0 and first.stdout == second.stdout != other.stdout
    nodes, agents = associations.parse(first.stdout.splitlines())
    assert {"nonce", "timestamp"} == {node.replay for node in nodes}
    assert all(agent.address.startswith("127.0.1.") for agent in agents)
    assert all(node.home is None or node.home.startswith("10.64.") for node in nodes)


def test_generator_keeps_to_the_profile():
    nodes, agents = associations.parse(run(
        "make_associations", "--profile", os.path.join(HERE, "hearth.profile"), "--set", "algorithms: hmac-md5"
    ).stdout.splitlines())
    assert {a.algorithm for peer in nodes for a in peer.home_associations} == {"hmac-md5"}
    assert {a.algorithm for peer in agents for a in peer.associations} == {"hmac-md5"}


def test_generated_file_is_closed_to_others(tmp_path):
    path = tmp_path / "associations"
    assert run("make_associations", "--output", str(path)).returncode == 0
    assert path.stat().st_mode & 0o077 == 0


def test_list_names_every_case():
    listed = run("run", "--list", "--only", "^bind-limit").stdout.splitlines()
    assert listed[0].split("\t")[0] == "bind-limit"
    assert len(listed) == 3


@pytest.mark.parametrize(
    "arguments",
    [[], ["--target", "127.0.0.1"], ["--only", "["], ["--nonsense"]],
)
def test_wrong_usage_ends_with_2(arguments):
    assert run("run", *arguments, *(["--list"] if arguments == ["--only", "["] else [])).returncode == 2


def test_agent_that_does_not_answer_ends_with_2(tmp_path):
    (tmp_path / "associations").write_text(f"mobile home=10.64.0.1 spi=256 algorithm=hmac-md5 key={KEY}\n")
    (tmp_path / "profile").write_text("")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        done = run(
            "run", "--target", f"127.0.0.1:{mute.getsockname()[1]}", "--associations", str(tmp_path / "associations"),
            "--profile", str(tmp_path / "profile"), "--timeout-ms", "50",
        )
    assert done.returncode == 2
    assert "does not answer a plain registration" in done.stderr
