"""The settings of agentd under which CI runs the suite for foreign agents, and what the profile says of each over
hearth-foreign.profile. A case must apply in one of them at least, unless it is about what agentd does not do.
"""

AGENT, CARE_OF, ROUTER = "192.0.2.1", ("198.51.100.1", "198.51.100.2"), "198.51.100.254"
ANY_HOME_AGENT = "203.0.113.100"

VARIANTS = {
    "preset": {
        "configuration": {},
        "profile": {},
    },
    "strict": {
        "configuration": {
            "foreign-agent": {
                "reverse-tunnel": "required", "minimal-encapsulation": False, "gre-encapsulation": False, "udp-tunnel": "no",
                "encapsulating-delivery": True, "home-agents": "203.0.113.0/24", "default-home-agent": ANY_HOME_AGENT,
                "home-address-required": True, "strict-reserved-bits": True, "fa-errors": False, "message-strings": True,
                "revocation": "no",
            },
        },
        "profile": {
            "reverse-tunnel": "required", "encapsulations": "ipip", "udp-tunnel": "no", "encapsulating-delivery": "yes",
            "forbidden-home-agents": "192.88.99.0/24", "any-home-agent": ANY_HOME_AGENT, "nai": "no", "reserved-bits": "70",
            "fa-errors": "no", "message-strings": "denied", "revocation": "no",
        },
    },
    "challenging": {
        "configuration": {
            "foreign-agent": {"reverse-tunnel": "no", "udp-tunnel": "always", "challenges": True, "gre-encapsulation": False,
                              "revocation-inform": False},
        },
        "profile": {
            "reverse-tunnel": "no", "udp-tunnel": "forced", "challenges": "yes", "challenge-in-reply": "yes",
            "encapsulations": "ipip minimal", "revocation-inform": "no",
        },
    },
}

# Cases that agentd fails for a known reason. One that passes after all is a failure of the test: its row must go.
KNOWN_FAILURES = {}
