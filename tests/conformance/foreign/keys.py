"""What a foreign agent supports and how it is set: the table of keys of its profile (profiles.py reads it)."""

from profiles import address, choice, flag, network, number, words

# name: (how it is read, preset, meaning)
KEYS = {
    "agent": (address, None, "the agent's address on the visited link"),
    "care-of": (words, (), "care-of addresses that it offers; the first is where what has another one is relayed from"),
    "homes": (network, "10.64.0.0/16", "home addresses of the nodes that are made up"),
    "home-agents": (
        network, "203.0.113.0/24", "home agents that are made up; the agent's route there leads to the interface --home",
    ),
    "algorithms": (words, ("hmac-md5",), "algorithms of MN-FA and FA-HA associations"),
    "max-lifetime": (number, 1800, "longest lifetime that is relayed, seconds; longer ones get code 69"),
    "reverse-tunnel": (
        choice("no", "yes", "required"), "no", "reverse tunnels (RFC 3024): no, code 74; yes, as visitors like; required, code 75 without",
    ),
    "encapsulations": (words, ("ipip",), "of ipip, minimal, gre: what is offered; others get code 72"),
    "encapsulating-delivery": (flag, False, "visitors may ask for that delivery style (RFC 3024 section 5.2); otherwise code 79"),
    "udp-tunnel": (choice("no", "yes", "forced"), "no", "a UDP Tunnel Request is added to what is relayed (RFC 3519); forced: with F"),
    "revocation": (
        choice("no", "offered", "yes"), "no",
        "a Revocation Support extension is added for home agents with an association (RFC 3543); yes: messages are understood too",
    ),
    "revocation-inform": (flag, False, "its flag I is set"),
    "challenges": (flag, False, "challenges are advertised, and demanded of nodes without an association (RFC 4721)"),
    "challenge-in-reply": (flag, False, "every reply to a mobile node has a challenge for its next request"),
    "fa-errors": (
        flag, False,
        "what is wrong with a reply is told in an FA Error extension behind it (RFC 4636); otherwise by a reply of the agent's own",
    ),
    "reply-source": (choice("any", "checked"), "any", "a reply must come from where the request went"),
    "reserved-bits": (choice("ignored", "70"), "70", "what the bits r and x of a request get when they are set"),
    "message-strings": (choice("never", "denied"), "never", "which replies get a Message String of the agent's (RFC 4917)"),
    "nai": (choice("no", "yes"), "no", "nodes without a home address are known by their NAI (RFC 2794); otherwise code 96"),
    "any-home-agent": (address, None, "home agent of nodes that ask for any (RFC 4433); code 90 when there is none"),
    "forbidden-home-agents": (network, None, "home agents that nothing is relayed to: code 65"),
    "critical-vendor": (
        choice("understood", "unknown"), "unknown",
        "extension 38 of an unknown vendor behind the authentication: code 100 or 101, or all of it unknown, so silence (RFC 3115)",
    ),
    "tunnels": (flag, False, "packets that home agents send in IP-in-IP tunnels are delivered to visitors"),
    "pending-per-node": (number, 0, "requests of one node that may wait for replies; the next gets code 66; 0 = not told"),
}
