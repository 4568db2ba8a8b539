"""What is written down is what the programs say: generated pages are fresh, and the page of repairs knows every error."""

import glob
import os
import re
import subprocess
import textwrap

import pytest
from agent import program

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


@pytest.mark.parametrize(
    "path, arguments",
    [
        ("docs/configuration.md", ["--options", "markdown"]),
        ("docs/counters.md", ["--counters", "markdown"]),
        ("deploy/agentd.yaml", ["--example"]),
    ],
)
def test_generated_page_is_fresh(path, arguments):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        assert file.read() == output_of(program("agentd"), *arguments), f"{path} is stale: run docs/generate"


def texts_of_sources():
    """All text of the log, the store and the agent's start, with literals that stand after each other joined."""
    text = ""
    folders = ("replication", "agentd/base", "agentd/flow", "agentd/programs")
    for path in sorted(path for folder in folders for path in glob.glob(os.path.join(ROOT, folder, "*.c"))):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    return re.sub(r'"\s*(PRI\w+)?\s*"', "", text)


def test_page_of_repairs_knows_what_is_said():
    """Each phrase in the first column of the table stands in a source; N and M are numbers, ... is anything."""
    with open(os.path.join(ROOT, "docs/operations.md"), encoding="utf-8") as file:
        table = file.read().split("## Repair")[1]
    phrases = [phrase for row in re.findall(r"^\| (`.*?) \|", table, re.M) for phrase in re.findall(r"`([^`]+)`", row)]
    texts = texts_of_sources()
    missing = []
    for phrase in phrases:
        pattern = re.escape(phrase).replace(r"\.\.\.", ".*")
        pattern = re.sub(r"\b[NM]\b", "%[a-z0-9]*", pattern)
        if not re.search(pattern, texts):
            missing.append(phrase)
    assert len(phrases) > 20
    assert missing == []


def test_page_of_alarms_has_each_kind_with_its_severity():
    """A severity that depends on something is named first or last."""
    with open(os.path.join(ROOT, "agentd/base/event_kinds.h"), encoding="utf-8") as file:
        kinds = dict(re.findall(r'X\(EVENT_\w+, \d+, "([a-z-]+)",\s+EVENT_(\w+),', file.read()))
    assert len(kinds) >= 20 and "NO_ALARM" in kinds.values()
    with open(os.path.join(ROOT, "docs/operations.md"), encoding="utf-8") as file:
        section = file.read().split("\n## Alarms\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", section, re.M))
    assert set(rows) == {kind for kind, severity in kinds.items() if severity != "NO_ALARM"}
    assert [kind for kind in rows if kinds[kind].lower() not in rows[kind]] == []
    assert [kind for kind in kinds if f"`{kind}`" not in section] == []


def test_example_is_accepted_once_the_address_is_given(tmp_path):
    example = output_of(program("agentd"), "--example")
    path = tmp_path / "agentd.yaml"
    path.write_text(example)
    done = subprocess.run([program("agentd"), "--check", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        assert "home-agent.address" in done.stderr


def test_manual_has_every_option_of_the_usage():
    usage, page = output_of(program("agentd"), "--help"), output_of(program("agentd"), "--manual").replace("\\-", "-")
    synopsis, options = page.split(".SH OPTIONS")
    for option in set(re.findall(r"--[a-z]+", usage)):
        assert option in synopsis and option in options, option


def test_manual_of_agentctl_has_its_options_with_their_defaults():
    page = output_of(program("agentctl"), "--manual").replace("\\-", "-")
    for text in ("--socket", "/run/hearth/agentd.sock", "--timeout", "30 seconds", "--json", "--help", "--version", "--pcap FILE"):
        assert text in page
    assert "the last line of the table of\n.B bindings\n" in page and "of\n.B trace\nan object in each line" in page


def test_installed_unit_names_the_installed_agentd(tmp_path):
    build = os.path.join(os.path.dirname(program("agentd")), "../..")
    output_of("cmake", "--install", build, "--prefix", str(tmp_path))
    with open(tmp_path / "lib/systemd/system/agentd.service", encoding="utf-8") as unit:
        programs = re.findall(r"^Exec(?:Start|StartPre)=(\S+/agentd) ", unit.read(), re.M)
    assert programs == [str(tmp_path / "sbin/agentd")] * 2
    assert os.access(programs[0], os.X_OK)
    assert sorted(os.listdir(tmp_path / "share/snmp/mibs")) == ["HEARTH-MIB.txt", "MIP-MIB.txt"]


def published():
    """What the MIB modules define, as the lint `mib` holds it: the rest of the line by name and number."""
    lines = ""
    for path in glob.glob(os.path.join(ROOT, "tests/lint/mib_outline/*")):
        with open(path, encoding="ascii") as file:
            lines += file.read()
    return {(name, number): rest for name, number, rest in re.findall(r"^(\w+) ([0-9.]+): (.*)$", lines, re.M)}


def test_page_of_the_mib_has_the_numbers_of_the_modules():
    with open(os.path.join(ROOT, "docs/mib.md"), encoding="utf-8") as file:
        page = file.read()
    pairs = re.findall(r"`(\w+)`(?: \| | \()(1\.3\.6\.[0-9.]+\d)", page)
    assert len(pairs) > 30
    assert [pair for pair in pairs if pair not in published()] == []
    tables = {name for (name, number), rest in published().items() if name.startswith("hearth") and rest == "table"}
    assert tables - {name for name, number in pairs} == set()


def test_counters_name_counters_of_the_module():
    with open(os.path.join(ROOT, "docs/counters.md"), encoding="utf-8") as file:
        numbers = re.findall(r"^\| `[\w-]+` \| (1\.3[0-9.]+) \|", file.read(), re.M)
    kinds = {number: rest for (name, number), rest in published().items()}
    assert len(numbers) > 10
    assert {kinds.get(number) for number in numbers} == {"scalar; Counter32; access readonly"}


def pages():
    """What operators read, by its path."""
    found = {}
    for path in ["README.md", *glob.glob("docs/*.md", root_dir=ROOT), *glob.glob("docs/operations/*.md", root_dir=ROOT)]:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            found[path] = file.read()
    return found


def blocks(page):
    """Its indented blocks, without what they are indented by."""
    for block in re.findall(r"(?:^(?: {4}.*)?\n)+", page, re.M):
        yield textwrap.dedent(block).strip() + "\n"


def test_commands_of_the_pages_are_verbs_of_agentctl():
    """Each command that a page shows begins with one of those in the usage, and has no option that is not there."""
    usage = output_of(program("agentctl"), "--help")
    options, commands = usage.split("\ncommands:\n")
    verbs = {verb for line in re.findall(r"^  (\w.*)$", commands, re.M) for verb in re.findall(r"(?:^|\| )([a-z-]+(?: [a-z-]+)*)", line)}
    known = set(re.findall(r"--[a-z-]+", usage))
    shown = [(path, line) for path, page in pages().items()
             for line in re.findall(r"`agentctl ([^`]+)`", page) + re.findall(r"^ +agentctl (.*)", page, re.M)]
    assert len(shown) > 100
    for path, line in shown:
        words = re.sub(r"--(?:socket|timeout|group) \S+ |--json ", "", line.split("#")[0] + " ").split()
        is_verb = any(" ".join(words[:size]) in verbs for size in (1, 2, 3))
        is_family = any(verb.startswith(" ".join(words[:2]) + " ") for verb in verbs)
        assert is_verb or is_family or words[0].startswith(("--", "COMMAND", "[")), (path, line)
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= known, (path, line)


def test_configurations_of_the_pages_are_accepted(tmp_path):
    """Each block of YAML that a page shows, with what it needs from elsewhere."""
    home, key = "home-agent: {address: 192.0.2.1, interface: eth0}\n", "0a1b" * 16
    cluster = f"cluster: {{node: 1, member-1: '192.0.2.11:4340 data {key}'}}\n"
    path, count = tmp_path / "agentd.yaml", 0
    for name, page in pages().items():
        for block in blocks(page):
            if not re.match(r"[a-z-]+:\n  [a-z]", block):
                continue
            node = block.startswith(("mobile-node:", "snmp:")) and name == "docs/mobile-node.md"
            text = re.sub(r"\b([0-9a-f]{4})\.\.\.", lambda match: match[1] * 16, block)
            if node and "mobile-node:" not in text:
                text += "mobile-node: {interface: eth0, home-address: 10.64.0.7, home-agent: 192.0.2.1}\n"
            if "shared:" in text or not node and not re.search("^  (address|care-of):|^home-agent:", text, re.M):
                text = home + text
            elif "home-agent:\n" in text and "  address:" not in text:
                text = text.replace("home-agent:\n", "home-agent:\n  address: 192.0.2.1\n")
            path.write_text(text + (cluster if "shared:" in text else ""))
            done = subprocess.run([program("mobiled" if node else "agentd"), "--check", str(path)], capture_output=True, text=True)
            assert done.returncode == 0, f"{name}:\n{path.read_text()}\n{done.stderr}"
            count += 1
    assert count > 8


@pytest.mark.parametrize("name", ["agentd", "agentctl", "agentload", "mobiled"])
def test_help_and_version_succeed(name):
    assert name in output_of(program(name), "--help")
    assert output_of(program(name), "--version").startswith(name + " ")


@pytest.mark.parametrize("name", ["agentd", "agentctl", "agentload", "mobiled"])
def test_unknown_option_is_a_usage_error(name):
    done = subprocess.run([program(name), "--no-such-option"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr and not done.stdout


def test_status_of_a_mobile_node_that_does_not_run_is_told(tmp_path):
    path, status = tmp_path / "mobiled.yaml", tmp_path / "mobiled.sock"
    path.write_text("mobile-node: {interface: eth0, home-address: 10.64.0.7, home-agent: 192.0.2.1}\n"
                    f"process: {{status-socket: {status}}}\n")
    done = subprocess.run([program("mobiled"), "--status", "--config", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"mobiled: nobody answers on {status}: is mobiled running?\n"
