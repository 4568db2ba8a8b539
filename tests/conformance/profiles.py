"""What a home agent supports and what its operator has set: `key: value` lines, read against a table of keys.

    # a comment
    max-lifetime: 1800
    policy.guests.reverse-tunnel: required

A key after `policy.NAME.` holds for nodes whose association line says policy=NAME. What a file leaves out has the preset
of the table. Conditions on a profile, as cases have them, are judged here too.
"""

import ipaddress
import re


class ProfileError(Exception):
    """A profile that cannot be used; the text names file and line."""


def flag(text):
    return {"yes": True, "no": False}[text]


def number(text):
    return int(text, 10)


def address(text):
    return str(ipaddress.IPv4Address(text))


def network(text):
    return str(ipaddress.IPv4Network(text))


def words(text):
    return tuple(text.split())


def choice(*allowed):
    def parse(text):
        if text not in allowed:
            raise ValueError(text)
        return text

    parse.allowed = ", ".join(allowed)
    return parse


flag.allowed, number.allowed, address.allowed = "yes, no", "a whole number", "an IPv4 address"
network.allowed, words.allowed = "an IPv4 network", "words"

# name: (how it is read, preset, meaning)
KEYS = {
    "home-agent": (address, None, "address in the field Home Agent; that of --target unless given"),
    "algorithms": (words, ("hmac-md5",), "algorithms of MN-HA and FA-HA associations"),
    "nonces": (flag, False, "associations with replay=nonce (RFC 5944 section 5.7.2)"),
    "nai": (flag, False, "nodes known by their NAI (RFC 2794)"),
    "pools": (words, (), "names of pools that give home addresses to nodes without one"),
    "aaa": (words, (), "algorithms of MN-AAA associations that the agent checks itself (RFC 4721)"),
    "several-associations": (flag, False, "more than one association of a peer at a time"),
    "max-lifetime": (number, 1800, "longest lifetime granted, seconds"),
    "max-lifetime-least": (number, None, "least that a too long lifetime is cut to; the same unless given"),
    "infinite-lifetime": (choice("granted", "capped"), "capped", "what a request for 65535 gets"),
    "tolerance": (number, 7, "distance allowed between time stamps and the agent's clock, seconds"),
    "simultaneous": (number, 1, "bindings of one node at a time; 1 = no simultaneous bindings, and code 1"),
    "retransmission": (
        choice("answered", "mismatch", "silence"), "answered",
        "what the very octets of an accepted request get once more: the answer with what is left, code 133, nothing",
    ),
    "answer-failed-authentication": (
        flag, False, "code 131 where a request came directly and its authenticator is wrong; otherwise silence",
    ),
    "broken-chain": (
        choice("134", "silence"), "134", "what extensions get that run past the end after a valid authenticator",
    ),
    "reserved-bits": (choice("ignored", "134"), "ignored", "what the bits r and x of a request get when they are set"),
    "second-authenticator": (
        choice("refused", "checked"), "refused",
        "two Mobile-Home authentications in a request: refused, or accepted when both verify",
    ),
    "absent-binding": (
        choice("accepted", "denied"), "accepted", "what deregistering a care-of address that is not bound gets"
    ),
    "reverse-tunnel": (choice("no", "yes", "required"), "no", "reverse tunnels (RFC 3024)"),
    "encapsulations": (words, ("ipip",), "of ipip, minimal, gre: what a reverse tunnel may use"),
    "unsupported-encapsulation": (
        choice("denied", "ignored"), "ignored", "M or G without T, when that encapsulation is not supported: code 139, or ipip"
    ),
    "udp-tunnel": (flag, False, "UDP tunnelling through NATs is understood and permitted (RFC 3519)"),
    "udp-tunnel-forced": (flag, False, "it may be forced by the flag F without a NAT"),
    "udp-tunnel-refusal": (
        flag, False, "UDP tunnelling is understood, but not permitted: code 129 when a NAT is seen",
    ),
    "udp-encapsulations": (words, ("4",), "protocol numbers that a UDP tunnel may carry: of 4, 47, 55"),
    "udp-reserved3": (
        choice("134", "skipped"), "134", "what a UDP Tunnel Request with its last field not zero gets"
    ),
    "nat-keepalive": (number, 110, "keepalive interval in the answer to a UDP Tunnel Request, seconds"),
    "discovery": (address, None, "broadcast address of the home network on which the agent answers with code 136"),
    "dynamic-home-agent": (
        choice("no", "yes", "redirect"), "no", "Home Agent 0.0.0.0 or 255.255.255.255 with a NAI (RFC 4433)"
    ),
    "challenge": (flag, False, "a Mobile-Foreign Challenge is returned in the reply (RFC 4721)"),
    "critical-vendor": (
        choice("understood", "unknown"), "unknown",
        "extension 38: of an unknown vendor code 140 or 141, or all of it unknown, so silence (RFC 3115)",
    ),
    "gfa": (
        choice("unknown", "no", "yes"), "unknown",
        "extension 46: not known, so silence; known and denied with 146; used if the foreign agent signs (RFC 4857)",
    ),
    "zero-care-of": (choice("145", "denied"), "denied", "care-of address 0.0.0.0 without extension 46"),
    "revocation": (
        choice("no", "offered", "yes"), "no",
        "registration revocation (RFC 3543); offered: the extension is answered, but messages are not understood",
    ),
    "message-strings": (
        choice("never", "denied", "always"), "never", "which replies hold a Message String (RFC 4917)"
    ),
    "source-addresses": (words, (), "addresses that the runner may send from, without an association; first is preset"),
    "care-of": (network, "198.51.100.0/24", "where made-up care-of addresses are taken from; nothing is sent there"),
    "forbidden-origin": (network, None, "care-of addresses from which registrations are denied with code 129"),
    "burst": (number, 0, "registrations of a node that may come at once, of which the next is dropped; 0 = no limit"),
    "spacing": (number, 0, "milliseconds that the agent wants between two requests of one node"),
    "malformed-address": (words, ("128", "129", "134"), "codes for a care-of address that cannot be one"),
}


class Profile:
    """Values by key; `with_policy(name)` is the same with that policy's values over it. `keys`: a table like KEYS."""

    def __init__(self, values=None, policies=None, keys=None):
        self.keys = keys or KEYS
        self.values = {name: preset for name, (_, preset, _) in self.keys.items()}
        self.given = dict(values or {})
        self.values.update(self.given)
        self.policies = policies or {}

    def __getitem__(self, name):
        value = self.values[name]
        if value is None and name == "max-lifetime-least":
            return self.values["max-lifetime"]
        return value

    def with_policy(self, name):
        if name is None:
            return self
        return Profile({**self.given, **self.policies.get(name, {})}, self.policies, self.keys)

    def overlaid(self, values):
        """With values as a file would have them, {key: text}, over these."""
        read = {name: value_of(name, text, self.keys) for name, text in values.items()}
        return Profile({**self.given, **read}, self.policies, self.keys)

    def unmet(self, conditions):
        """The first condition that does not hold, as text; None when all do."""
        for name, wanted in conditions.items():
            if not holds(self[name], wanted):
                return f"needs {name}: {wanted_text(wanted)}"
        return None


def wanted_text(wanted):
    if isinstance(wanted, bool):
        return "yes" if wanted else "no"
    return " or ".join(map(str, wanted)) if isinstance(wanted, (list, tuple)) else str(wanted)


def holds(value, wanted):
    """Conditions: a value, a list of values, ">=N", "<=N", "any" (given at all); for words "word" or "!word"."""
    if isinstance(wanted, list):
        return any(holds(value, one) for one in wanted)
    if wanted == "any":
        return bool(value)
    if isinstance(value, tuple):
        return wanted[1:] not in value if wanted.startswith("!") else wanted in value
    if isinstance(wanted, str) and (match := re.fullmatch(r"(>=|<=)(\d+)", wanted)):
        return value >= int(match[2]) if match[1] == ">=" else value <= int(match[2])
    return value == wanted


def setting(text):
    """KEY:VALUE of a command line."""
    name, colon, value = text.partition(":")
    if not colon:
        raise ProfileError(f"{text!r} is not of the form KEY:VALUE")
    return name.strip(), value.strip()


def value_of(name, text, keys):
    if name not in keys:
        raise ProfileError(f"there is no key {name}")
    parse = keys[name][0]
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise ProfileError(f"{name} must be {parse.allowed}, not {text!r}") from None


def parse(lines, path="profile", keys=KEYS):
    values, policies = {}, {}
    for number, line in enumerate(lines, 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        name, colon, text = line.partition(":")
        match = re.fullmatch(r"policy\.([\w-]+)\.([\w-]+)", name.strip())
        target = policies.setdefault(match[1], {}) if match else values
        name = match[2] if match else name.strip()
        try:
            if not colon:
                raise ProfileError("is not of the form key: value")
            if name in target:
                raise ProfileError(f"{name} is given twice")
            target[name] = value_of(name, text.strip(), keys)
        except ProfileError as error:
            raise ProfileError(f"{path}:{number}: {error}") from None
    return Profile(values, policies, keys)


def read(path, keys=KEYS):
    with open(path, encoding="utf-8") as file:
        return parse(file, path, keys)


def documentation(keys=KEYS):
    """A table of keys in docs/conformance.md, row by row."""
    for name, (parse_value, preset, meaning) in keys.items():
        shown = wanted_text(preset) if not isinstance(preset, tuple) else " ".join(preset)
        shown = f"`{shown}`" if preset not in (None, ()) else ""
        yield f"| `{name}` | {parse_value.allowed} | {shown} | {meaning} |"
