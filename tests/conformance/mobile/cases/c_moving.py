"""When a node looks for agents, keeps the one that it has, and takes another."""

CASES = [
    {
        "id": "mobile-solicits",
        "title": "Three solicitations go out a second apart, and the next after twice the time.",
        "requirements": ["5944-2.4-01", "5944-2.4-03", "1256-6-01"],
        "node": {"care-of": "agent"},
        "steps": [{"solicitations": [0.9, 0.9, 1.9]}],
    },
    {
        "id": "mobile-solicits-not-own",
        "title": "With an address of its own it does not solicit.",
        "requirements": ["5944-2.4-02"],
        "node": {"care-of": "own"},
        "steps": [{"request": {}, "reply": {}, "quiet": 1.4}],
    },
    {
        "id": "mobile-solicits-not-heard",
        "title": "Who hears an agent does not solicit.",
        "requirements": ["5944-2.4-02"],
        "node": {"care-of": "agent"},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "quiet": 1.4}],
    },
    {
        "id": "mobile-solicits-lost",
        "title": "Who has lost its only agent solicits.",
        "requirements": ["5944-2.4-02", "5944-2.4.2-01"],
        "node": {"care-of": "agent"},
        "steps": [{"advertise": {"lifetime": 2}, "request": {}, "reply": {}}, {"solicitations": []}],
    },
    {
        "id": "mobile-lost-taken",
        "title": "When the lifetime of the agent's advertisement is over, another that was heard meanwhile is taken.",
        "requirements": ["5944-2.4.2-01", "5944-2.4.2-02"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {"lifetime": 2}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2"}, "request": {"via": "fa-2"}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-lost-heard-again",
        "title": "An agent that is heard again in time is not lost.",
        "requirements": ["5944-2.4.2-01"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {"lifetime": 3}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": [{"by": "fa-2"}, {"lifetime": 600}], "quiet": 3.3},
        ],
    },
    {
        "id": "mobile-goes",
        "title": "An agent that says that it goes is left for another.",
        "requirements": ["5944-2.4.2-01"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": [{"by": "fa-2"}, {"lifetime": 0}], "request": {"via": "fa-2"}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-asked-kept",
        "title": "A new agent is no reason to leave the one that was asked and has not answered yet.",
        "requirements": ["5944-3.6-09"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {}, "request": {}},
            {"advertise": {"by": "fa-2"}, "request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-stays",
        "title": "A new agent is no reason to leave the one in use.",
        "requirements": ["5944-3.6-09"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}, {"advertise": {"by": "fa-2"}, "quiet": 1.4}],
    },
    {
        "id": "mobile-stays-subnet",
        "title": "Nor is one of another subnet.",
        "requirements": ["5944-3.6-09"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {"routers": ["fa"], "prefix-lengths": [24]}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2", "routers": ["fa-2"], "prefix-lengths": [24]}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-stays-busy",
        "title": "An agent that becomes busy goes on to serve who is registered with it.",
        "requirements": ["5944-3.6-09"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": [{"by": "fa-2"}, {"flags": "FMGTB"}], "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-eager",
        "title": "An eager node takes a new agent of another subnet at once.",
        "requirements": ["5944-3.6-06", "5944-2.4.2-03"],
        "node": {"care-of": "agent", "eager": True},
        "steps": [
            {"advertise": {"routers": ["fa"], "prefix-lengths": [24]}, "request": {}, "reply": {}, "forwards": True},
            {
                "advertise": {"by": "fa-2", "routers": ["fa-2"], "prefix-lengths": [24]}, "request": {"via": "fa-2"}, "reply": {},
                "forwards": True,
            },
        ],
    },
    {
        "id": "mobile-eager-same",
        "title": "An eager node stays where a new agent is of the same subnet.",
        "requirements": ["5944-2.4.2-03"],
        "node": {"care-of": "agent", "eager": True},
        "steps": [
            {"advertise": {"routers": ["fa"], "prefix-lengths": [16]}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2", "routers": ["fa-2"], "prefix-lengths": [16]}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-eager-unknown",
        "title": "An eager node stays where one of both does not tell its prefixes.",
        "requirements": ["5944-2.4.2-03"],
        "node": {"care-of": "agent", "eager": True},
        "steps": [
            {"advertise": {"routers": ["fa"]}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2", "routers": ["fa-2"], "prefix-lengths": [24]}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-rival",
        "title": "An advertisement of the agent in use from another link address turns no packets aside.",
        "requirements": ["5944-3.6.1.1-08", "5944-4.2.1-01"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2", "from": "198.51.100.1", "care-of": ["198.51.100.11"], "flags": "FMGT"}},
            {"arp": {"unicast": True, "answered": True}, "forwards": {"asking": True}},
        ],
    },
    {
        "id": "mobile-restart",
        "title": "A sequence number that has fallen below 256 has the node register again.",
        "requirements": ["5944-3.6-08", "5944-2.4.4-01"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {"sequence": 900}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"sequence": 255}, "request": {}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-rollover",
        "title": "A sequence number that has rolled over to 256 is no reason to register.",
        "requirements": ["5944-2.4.4-02"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {"sequence": 65535}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"sequence": 256}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-restart-other",
        "title": "What is wrong with another agent's sequence numbers is no reason to register.",
        "requirements": ["5944-2.4.4-01"],
        "node": {"care-of": "agent", "eager": False},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": [{"by": "fa-2", "sequence": 900}, {"by": "fa-2", "sequence": 3}], "quiet": 1.4},
        ],
    },
]
