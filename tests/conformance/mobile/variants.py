"""The settings of mobiled under which CI runs the suite for mobile nodes: what its configuration and its keys say, and the profile over
hearth-mobile.profile. A case must apply in one of them at least, unless it is about what mobiled does not do.
"""

HOME, HOME_NETWORK, HOME_AGENT = "10.64.0.7", "10.64.0.0/16", "10.64.0.1"
OWN, ROUTER = "198.51.100.7", "198.51.100.1"
NAME = "node@example.com"

VARIANTS = {
    "agent": {
        "configuration": {},
        "profile": {},
    },
    "own": {
        "configuration": {"registration": {"care-of": "own"}},
        "profile": {"care-of": "own", "address": OWN},
    },
    "nonces": {
        "configuration": {"registration": {"reverse-tunnel": "no", "encapsulation": "gre", "lifetime": 600}},
        "profile": {"replay": "nonce", "reverse-tunnel": "no", "encapsulation": "gre", "lifetime": "600", "algorithm": "hmac-sha1"},
    },
    "shared": {
        "configuration": {"registration": {"deregister": False, "eager": True}},
        "profile": {"foreign-key": "yes", "aaa-key": "yes", "deregisters": "no", "eager": "yes", "algorithm": "hmac-sha256"},
    },
    "authorized": {
        "configuration": {"registration": {"simultaneous": True}},
        "profile": {"aaa-key": "yes", "simultaneous": "yes", "algorithm": "keyed-md5"},
    },
    "strict": {
        "configuration": {"registration": {"reverse-tunnel": "required", "encapsulation": "minimal", "other-encapsulation": False}},
        "profile": {"reverse-tunnel": "required", "encapsulation": "minimal", "other-encapsulation": "no", "algorithm": "keyed-md5-rfc2002"},
    },
    "name": {
        "configuration": {
            "mobile-node": {"name": NAME, "home-address": "none", "home-agent": "none", "home-network": "none",
                            "requested-home-agent": HOME_AGENT},
        },
        "without": ("home", "home-agent", "home-network"),
        "profile": {"nai": NAME, "requested-home-agent": HOME_AGENT},
    },
    "looking": {
        "configuration": {
            "mobile-node": {"home-agent": "none"},
            "registration": {"care-of": "own", "udp-tunnel": "forced", "broadcasts": True, "lifetime": 65535},
        },
        "without": ("home-agent",),
        "profile": {"care-of": "own", "address": OWN, "udp-tunnel": "forced", "broadcasts": "yes", "lifetime": "65535"},
    },
    "wrapping": {
        "configuration": {"registration": {"encapsulating-delivery": True}},
        "profile": {"encapsulating-delivery": "yes"},
    },
    "tunnels": {
        "configuration": {"registration": {"care-of": "own", "udp-tunnel": "no", "encapsulation": "gre"}},
        "profile": {"care-of": "own", "address": OWN, "udp-tunnel": "no", "encapsulation": "gre"},
    },
}

# Cases that mobiled fails for a known reason. One that passes after all is a failure of the test: its row must go.
KNOWN_FAILURES = {}
