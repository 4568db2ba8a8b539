"""What a mobile node supports and how it is set: the table of keys of its profile (profiles.py reads it)."""

import wire
from profiles import address, choice, flag, network, number, words


def text(value):
    return value


text.allowed = "text"

# name: (how it is read, preset, meaning)
KEYS = {
    "home": (address, None, "its home address; without one the home agent gives one to the name"),
    "nai": (text, None, "its name (RFC 2794), if it has one"),
    "home-agent": (address, None, "its home agent; without one it looks for one"),
    "home-network": (network, None, "its home network, if it knows it"),
    "requested-home-agent": (address, None, "the home agent that it asks first where any would do (RFC 4433)"),
    "care-of": (choice("agent", "own"), "agent", "whether it takes a foreign agent's care-of address or has one of its own"),
    "address": (address, None, "that one; its router is 198.51.100.1"),
    "algorithm": (choice(*wire.ALGORITHMS), "hmac-md5", "of the association with the home agent"),
    "replay": (choice("timestamp", "nonce"), "timestamp", "style of replay protection"),
    "foreign-key": (flag, False, "it shares an association with foreign agents"),
    "aaa-key": (flag, False, "it shares one with the AAA of its operator (RFC 4721)"),
    "lifetime": (number, 1800, "lifetime that it asks for, seconds"),
    "reverse-tunnel": (choice("no", "yes", "required"), "no", "reverse tunnels (RFC 3024): no; yes, where they are to be had; or no registration"),
    "encapsulating-delivery": (flag, False, "with T and a foreign agent's care-of address, what it sends goes to the agent in a tunnel (RFC 3024)"),
    "encapsulation": (choice("ipip", "minimal", "gre"), "ipip", "what it asks for"),
    "other-encapsulation": (flag, False, "it does with ipip where that is not to be had"),
    "udp-tunnel": (choice("no", "behind-nat", "forced"), "no", "it asks for tunnels in UDP with an address of its own (RFC 3519)"),
    "broadcasts": (flag, False, "it asks for broadcasts with an address of its own"),
    "simultaneous": (flag, False, "it asks for a binding beside others"),
    "eager": (flag, False, "it changes to an agent of another subnet at once"),
    "deregisters": (flag, False, "it ends its binding when it is ended"),
    "repairs": (words, (), "codes of denials that it asks again after, with what was wrong changed"),
    "reply-source": (choice("any", "checked"), "any", "a reply must come from where the request went"),
    "challenges": (flag, False, "it answers challenges of foreign agents (RFC 4721)"),
}
