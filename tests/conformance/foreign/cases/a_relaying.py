"""What is relayed to the home agent and passed on to the node: whole, and by which addresses. The general rules of judge.py are
checked in each."""

CASES = [
    {
        "id": "foreign-registration",
        "title": "A request is relayed, and the home agent's reply passed on.",
        "requirements": ["5944-3.7.2-01", "5944-3.7.2.2-01", "5944-3.7.2.2-06", "5944-3.7.1-02", "5944-3.7-02", "5944-3.7.1-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-second-care-of-address",
        "title": "What is relayed comes from the care-of address that the node took.",
        "requirements": ["5944-3.7.2.2-06", "3519-4.5-04"],
        "steps": [{"send": {"care-of": "care-of-2"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-other-home-agent",
        "title": "Each request goes to the home agent that it names.",
        "requirements": ["5944-3.7.2.2-01", "5944-3.7.2-01"],
        "home-agents": {"ha-2": {}},
        "nodes": {"other": {}},
        "steps": [
            {"register": {}},
            {"send": {"node": "other", "home-agent": "ha-2"}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-deregistration",
        "title": "A deregistration is relayed, and its reply passed on.",
        "requirements": ["5944-3.7-06", "5944-3.7-05"],
        "steps": [{"register": {}}, {"send": {"lifetime": 0}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-deregistration-of-all",
        "title": "A deregistration with the home address as care-of address is relayed, from the first care-of address.",
        "requirements": ["5944-3.7-06", "5944-3.7.2.1-03", "5944-3.7.2.2-06"],
        "steps": [{"send": {"lifetime": 0, "care-of": "home"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-deregistration-by-a-stranger",
        "title": "A node that never registered here may deregister here.",
        "requirements": ["5944-3.7-06"],
        "steps": [{"send": {"lifetime": 0}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-deregistration-elsewhere",
        "title": "A deregistration of another agent's care-of address is relayed unsigned.",
        "requirements": ["5944-3.7.2.1-03", "5944-3.8.2.2-06", "5944-3.5.4-05"],
        "home-agent": {"shares": "hmac-md5"},
        "steps": [{"send": {"lifetime": 0, "care-of": "co-located"}, "relayed": {"without": [34]}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-co-located",
        "title": "A node that decapsulates itself may register through the agent with a care-of address of its own.",
        "requirements": ["5944-3.7.2.1-03", "5944-3.5.4-04", "3519-4.5-02"],
        "home-agent": {"shares": "hmac-md5"},
        "steps": [{"send": {"flags": "D", "care-of": "co-located"}, "relayed": {"without": [34, 144]}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-extensions-before-authentication",
        "title": "Extensions before the Mobile-Home authentication stay, known or not.",
        "requirements": ["5944-3.7.2.2-02", "5944-1.9-03"],
        "steps": [
            {"send": {"first": ["pad", {"simple": [200, "aabbcc"]}, {"vendor": {}}, "nai"]}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-extensions-behind-authentication",
        "title": "Extensions behind the Mobile-Home authentication are taken out.",
        "requirements": ["5944-3.7.2.2-03", "5944-1.9-03"],
        "agent": {"challenges": False},
        "steps": [
            {
                "send": {"then": [{"simple": [200, "aabbcc"]}, "pad", {"vendor": {}}]}, "relayed": {"without": [134, 200]},
                "answer": {}, "reply": {},
            },
        ],
    },
    {
        "id": "foreign-long-request",
        "title": "A request of a thousand octets is relayed as it is.",
        "requirements": ["5944-3.7.2.2-02"],
        "steps": [
            {
                "send": {"first": [{"filler": [200, 250]}, {"filler": [201, 250]}, {"filler": [202, 250]}, {"filler": [203, 200]}]},
                "relayed": {}, "answer": {}, "reply": {},
            },
        ],
    },
    {
        "id": "foreign-odd-length",
        "title": "A request of an odd number of octets is relayed with a right checksum.",
        "requirements": ["5944-3.7.2.2-02", "5944-3.7.2.2-06"],
        "steps": [{"send": {"first": ["pad"]}, "relayed": {}, "answer": {"first": ["pad"]}, "reply": {}}],
    },
    {
        "id": "foreign-all-flags",
        "title": "S and B are the home agent's matter.",
        "requirements": ["5944-3.7.2.2-02"],
        "agent": {"reverse-tunnel": ["no", "yes"]},
        "steps": [{"send": {"flags": "SB"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-to-all-agents",
        "title": "A request to 224.0.0.11 is answered from the agent's own address.",
        "requirements": ["5944-3.7.2.3-06", "5944-3.7.2.3-05"],
        "steps": [{"send": {"to": "all-agents"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-to-all-agents-denied",
        "title": "A denial of what was sent to 224.0.0.11 comes from the agent's own address.",
        "requirements": ["5944-3.7.2.3-06"],
        "steps": [{"send": {"to": "all-agents", "care-of": "nowhere"}, "denied": {"code": 77}}],
    },
    {
        "id": "foreign-to-care-of-address",
        "title": "A request to the care-of address is answered from there.",
        "requirements": ["5944-3.7.2.3-05"],
        "steps": [{"send": {"to": "care-of"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-any-home-address-from-reply",
        "title": "The reply to a node without a home address goes to the one that the home agent gave it.",
        "requirements": ["5944-3.7.2.3-05", "2794-3-03", "5944-3.7.1-03"],
        "agent": {"nai": "yes"},
        "steps": [{"send": {"home": "zero", "from": "zero"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-denial-without-home-address",
        "title": "A denial of a node without a home address goes to 255.255.255.255, and to the node's link address alone.",
        "requirements": ["5944-3.7.2.3-05", "5944-3.7.1-02"],
        "steps": [{"send": {"home": "zero", "from": "zero", "care-of": "nowhere"}, "denied": {"code": 77}}],
    },
    {
        "id": "foreign-reply-without-home-address",
        "title": "A home agent's denial without a home address goes to 255.255.255.255.",
        "requirements": ["5944-3.7.2.3-05"],
        "agent": {"nai": "yes"},
        "steps": [{"send": {"home": "zero", "from": "zero"}, "relayed": {}, "answer": {"code": 130, "home": "zero"}, "reply": {}}],
    },
    {
        "id": "foreign-retransmission",
        "title": "A request that is sent again is relayed again.",
        "requirements": ["5944-3.7.2-01", "4721-3.2-04"],
        "steps": [
            {"send": {}, "label": "first", "relayed": {}},
            {"send": {"again": "first"}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-refresh",
        "title": "A visitor's next request is relayed like the first.",
        "requirements": ["5944-3.7.2-01"],
        "steps": [{"register": {}}, {"send": {}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-reserved-bits",
        "title": "Reserved bits are passed on where they are ignored.",
        "requirements": ["5944-3.7.2.2-02"],
        "agent": {"reserved-bits": "ignored", "reverse-tunnel": ["no", "yes"]},
        "steps": [{"send": {"flags": "rx"}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-no-arp",
        "title": "The node's link address is known from its request, and nobody is asked for it.",
        "requirements": ["5944-4.2.2-01", "5944-3.7.1-02"],
        "nodes": {"other": {}},
        "steps": [
            {"send": {}, "label": "mine", "relayed": {}},
            {"send": {"node": "other"}, "label": "other", "relayed": {}},
            {"of": "other", "answer": {}, "reply": {}},
            {"of": "mine", "answer": {}, "reply": {}},
        ],
    },
]
