"""The settings of agentd under which CI runs the suite, and what the profile says of each over hearth.profile.

A case must apply in one of them at least, unless it is about what agentd does not do (test_conformance.py).
"""

# Settings of the cluster that go with the policies and pools of hearth.profile, for the associations file of agentd.
SETTINGS = {
    "pool.leased": "10.65.0.1-10.65.255.254",
    "policy.reverse.reverse-tunnel": "yes",
    "policy.demanding.reverse-tunnel": "required",
    "policy.demanding.minimal-encapsulation": "no",
    "policy.demanding.gre-encapsulation": "no",
    "policy.simple.minimal-encapsulation": "no",
    "policy.simple.gre-encapsulation": "no",
    "policy.reverse-simple.reverse-tunnel": "yes",
    "policy.reverse-simple.minimal-encapsulation": "no",
    "policy.reverse-simple.gre-encapsulation": "no",
    "policy.unforced.reverse-tunnel": "yes",
    "policy.unforced.udp-tunnel": "behind-nat",
    "policy.without-udp.reverse-tunnel": "yes",
    "policy.without-udp.udp-tunnel": "no",
    "policy.forever.max-lifetime": "65535",
    "policy.fenced.allow-from": "192.0.0.0/8,198.0.0.0/8,203.0.0.0/8",
    "policy.paced.minimum-interval": "60000",
    "policy.paced.burst": "2",
}

VARIANTS = {
    "preset": {
        "configuration": {},
        "profile": {},
    },
    "strict": {
        "configuration": {
            "registration": {
                "reply-to-failed-authentication": True,
                "strict-reserved-bits": True,
                "dynamic-home-agent": False,
                "gateway-agents": False,
                "revocation": False,
                "message-strings": True,
            },
        },
        "profile": {
            "answer-failed-authentication": "yes",
            "reserved-bits": "134",
            "dynamic-home-agent": "no",
            "gfa": "no",
            "revocation": "no",
            "message-strings": "denied",
        },
    },
    "redirecting": {
        "configuration": {
            "registration": {"redirect": "192.0.2.77", "lifetime-jitter": 5},
        },
        "profile": {
            "dynamic-home-agent": "redirect",
            "max-lifetime-least": "1710",
        },
    },
}

# Cases that agentd fails for a known reason. One that passes after all is a failure of the test: its row must go.
KNOWN_FAILURES = {}
