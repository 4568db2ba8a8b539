"""ARP, away and at home (RFC 5944 section 4.6)."""

CASES = [
    {
        "id": "mobile-arp-agent",
        "title": "The foreign agent that asks this node itself for its home address is answered.",
        "requirements": ["5944-4.6-04"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}, {"arp": {"unicast": True, "answered": True}}],
    },
    {
        "id": "mobile-arp-broadcast",
        "title": "A foreign agent that asks everybody for the home address is not answered.",
        "requirements": ["5944-4.6-03"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"arp": {"answered": False}},
            {"quiet": 0.3},
            {"arp": {"by": "fa", "unicast": True, "answered": True}},
        ],
    },
    {
        "id": "mobile-arp-other",
        "title": "Somebody else who asks this node itself for its home address is not answered.",
        "requirements": ["5944-4.6-03"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"arp": {"by": "neighbour", "unicast": True, "answered": False}},
            {"arp": {"by": "fa", "unicast": True, "answered": True}},
        ],
    },
    {
        "id": "mobile-arp-other-agent",
        "title": "Another agent than the one in use is not answered.",
        "requirements": ["5944-4.6-03"],
        "node": {"care-of": "agent", "home": "any", "eager": False},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "fa-2"}, "arp": {"by": "fa-2", "unicast": True, "answered": False}},
            {"arp": {"by": "fa", "unicast": True, "answered": True}},
        ],
    },
    {
        "id": "mobile-arp-asking",
        "title": "The agent that it is about to register with is answered, too.",
        "requirements": ["5944-4.6-04"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [{"advertise": {}, "request": {}}, {"arp": {"unicast": True, "answered": True}}],
    },
    {
        "id": "mobile-arp-own",
        "title": "Who asks for a care-of address of its own is answered, and not who asks for the home address.",
        "requirements": ["5944-4.6-05", "5944-4.6-03"],
        "node": {"care-of": "own", "home-agent": "10.64.0.1", "udp-tunnel": "behind-nat"},
        "steps": [{"request": {}, "reply": {}, "forwards": True}, {"arp": {"answered": False}}, {"arp": {"for": "own", "answered": True}}],
    },
    {
        "id": "mobile-arp-home",
        "title": "At home everybody who asks for the home address is answered.",
        "requirements": ["5944-4.6-06"],
        "node": {"home-agent": "10.64.0.1", "care-of": "agent"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"by": "ha"}, "request": {"via": "home"}, "reply": {}, "forwards": {"reverse": False}},
            {"arp": {"by": "neighbour", "answered": True}},
        ],
    },
    {
        "id": "mobile-arp-away",
        "title": "Packets of a node away from home need no ARP: they go to the agent's link address.",
        "requirements": ["5944-4.2.1-01", "5944-4.2.1-02"],
        "node": {"care-of": "agent", "home": "any"},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}, {"advertise": {"link": "all"}, "forwards": True}],
    },
]
