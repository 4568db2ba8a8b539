"""A registration from end to end: by a foreign agent, without one, at home."""

CASES = [
    {
        "id": "mobile-agent-plain",
        "title": "A node registers through the foreign agent that it hears, and its packets go by it.",
        "requirements": ["5944-3.6-01", "5944-3.6-06", "5944-3.6.1-01", "5944-3.6.1.1-03", "5944-3.6.1.1-06", "5944-3.6.1.1-07", "5944-3.6.1.1-08", "5944-3.6.1.2-03", "5944-3.6.1.2-17", "5944-3.6.1.2-19", "5944-3.6.1.2-24", "5944-3.6.1.3-02", "5944-3.6.2.2-01", "5944-4.2.1-01"],
        "node": {"care-of": "agent"},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-own-plain",
        "title": "A node with an address of its own registers at its home agent, and its packets go through the tunnel.",
        "requirements": ["5944-3.6.1.1-01", "5944-3.6.1.1-09", "5944-3.6.1.2-02", "2003-3-02"],
        "node": {"care-of": "own", "encapsulation": "ipip", "udp-tunnel": "behind-nat"},
        "steps": [{"request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-own-gre",
        "title": "With G, packets come to an address of its own in GRE, and go so.",
        "requirements": ["5944-3.6.1.2-12"],
        "node": {"care-of": "own", "encapsulation": "gre"},
        "steps": [{"request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-home-plain",
        "title": "A node that hears its home agent is at home: it announces its address by ARP and ends its bindings.",
        "requirements": ["5944-3.6.2.2-02", "5944-3.6.1.2-25", "5944-2.4.3-01", "5944-4.6-01"],
        "node": {"care-of": "agent", "home-agent": "any"},
        "steps": [{"advertise": {"by": "ha"}, "announced": 1, "request": {"via": "home"}, "reply": {}, "forwards": {"reverse": False}}],
    },
    {
        "id": "mobile-home-announced-again",
        "title": "The announcement of who comes home is repeated.",
        "requirements": ["5944-4.6-02"],
        "node": {"care-of": "agent", "home-agent": "any"},
        "steps": [{"advertise": {"by": "ha"}, "request": {"via": "home"}, "reply": {}}, {"announced": 3}],
    },
    {
        "id": "mobile-home-asks-again",
        "title": "At home, too, a request without an answer is sent again.",
        "requirements": ["5944-3.6.3-03"],
        "node": {"care-of": "agent", "home-agent": "any"},
        "steps": [
            {"advertise": {"by": "ha"}, "request": {"via": "home"}},
            {"request": {"via": "home", "again": True}, "reply": {}, "forwards": {"reverse": False}},
        ],
    },
    {
        "id": "mobile-home-is-quiet",
        "title": "At home, when the home agent knows, nothing more is asked.",
        "requirements": ["5944-2.4.3-01"],
        "node": {"care-of": "agent", "home-agent": "any"},
        "steps": [
            {"advertise": {"by": "ha"}, "request": {"via": "home"}, "reply": {}, "forwards": {"reverse": False}},
            {"advertise": {"by": "ha"}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-home-from-away",
        "title": "A registered node that hears its home agent comes home, though the foreign agent is heard still.",
        "requirements": ["5944-2.4.3-01", "5944-4.6-01"],
        "node": {"care-of": "agent", "foreign-key": False},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "ha"}, "announced": 1, "request": {"via": "home"}, "reply": {}, "forwards": {"reverse": False}},
        ],
    },
    {
        "id": "mobile-away-from-home",
        "title": "Who does not hear its home agent any more goes away with the next foreign agent.",
        "requirements": ["5944-3.6-06", "5944-2.4.2-01"],
        "node": {"care-of": "agent", "home-agent": "any"},
        "steps": [
            {"advertise": {"by": "ha", "lifetime": 2}, "request": {"via": "home"}, "reply": {}, "forwards": {"reverse": False}},
            {"advertise": {}, "request": {"via": "fa"}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-end-agent",
        "title": "A node that is ended ends its binding by its care-of address, through the foreign agent.",
        "requirements": ["5944-3.6.1.2-16"],
        "node": {"care-of": "agent", "deregisters": True},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}, {"end": True, "request": {"ends": True}}],
    },
    {
        "id": "mobile-end-own",
        "title": "A node with an address of its own ends its binding at the home agent, without asking for a tunnel.",
        "requirements": ["5944-3.6.1.2-16", "3519-4.4-03"],
        "node": {"care-of": "own", "deregisters": True, "udp-tunnel": "behind-nat"},
        "steps": [{"request": {}, "reply": {}, "forwards": True}, {"end": True, "request": {"ends": True}}],
    },
    {
        "id": "mobile-end-leaves",
        "title": "A node that is not to end its binding ends without a word.",
        "requirements": ["5944-3.6.1.2-16"],
        "node": {"care-of": "agent", "deregisters": False},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}, {"end": True, "quiet": 1.4}],
    },
    {
        "id": "mobile-interval",
        "title": "An agent that goes at once makes the next request no sooner than a second after the first.",
        "requirements": ["5944-3.6-10", "5944-3.6.3-06"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {}, "request": {}},
            {"advertise": [{"lifetime": 0}, {"by": "fa-2"}], "request": {"via": "fa-2"}, "reply": {}, "forwards": True},
        ],
    },
]
