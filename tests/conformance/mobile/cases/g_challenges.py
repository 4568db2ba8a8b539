"""Challenges of foreign agents (RFC 4721)."""

CASES = [
    {
        "id": "mobile-challenge",
        "title": "A challenge of the agent is answered, under the signature for the agent.",
        "requirements": ["4721-3.1-01", "4721-3.1-02"],
        "node": {"challenges": True, "foreign-key": True},
        "steps": [{"advertise": {"challenge": "fresh"}, "request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-challenge-aaa",
        "title": "A challenge is answered under MN-AAA where nothing is shared with the agent.",
        "requirements": ["4721-3.1-04"],
        "node": {"challenges": True, "aaa-key": True, "care-of": "agent"},
        "steps": [{"advertise": {"challenge": "fresh"}, "request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-challenge-inner",
        "title": "A challenge is answered under Mobile-Home where there is nothing else.",
        "requirements": ["4721-3.1-02"],
        "node": {"challenges": True, "foreign-key": False, "aaa-key": False, "care-of": "agent"},
        "steps": [{"advertise": {"challenge": "fresh"}, "request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-challenge-long",
        "title": "A challenge may have 200 octets.",
        "requirements": ["4721-3.1-01"],
        "node": {"challenges": True, "care-of": "agent"},
        "steps": [
            {
                "advertise": {"challenge": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"},
                "request": {}, "reply": {}, "forwards": True,
            },
        ],
    },
    {
        "id": "mobile-challenge-newest",
        "title": "It is the newest challenge that is answered.",
        "requirements": ["4721-3.1-01"],
        "node": {"challenges": True, "care-of": "agent"},
        "steps": [
            {"advertise": {"sequence": 900, "challenge": "0102030405060708"}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": {"sequence": 3, "challenge": "1112131415161718"}, "request": {}},
        ],
    },
    {
        "id": "mobile-challenge-none",
        "title": "Where the agent has none, none is answered.",
        "requirements": ["4721-3.1-03"],
        "node": {"challenges": True, "care-of": "agent", "foreign-key": True},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-challenge-other-agent",
        "title": "The challenge of one agent is not answered to another.",
        "requirements": ["4721-3.1-03"],
        "node": {"challenges": True, "care-of": "agent"},
        "steps": [
            {"advertise": {"challenge": "fresh"}, "request": {}, "reply": {}, "forwards": True},
            {"advertise": [{"by": "fa-2"}, {"lifetime": 0, "challenge": "fresh"}], "request": {"via": "fa-2"}},
        ],
    },
    {
        "id": "mobile-challenge-of-reply",
        "title": "The challenge of a reply is the one of the next request.",
        "requirements": ["4721-3.5-01"],
        "node": {"challenges": True, "care-of": "agent"},
        "steps": [
            {
                "advertise": {"challenge": "fresh"}, "request": {}, "reply": {"challenge": "aabbccddeeff0011", "lifetime": 4},
                "forwards": True,
            },
            {"request": {}},
        ],
    },
    {
        "id": "mobile-deny-104",
        "title": "After 104 it asks again with the challenge of the denial.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent", "repairs": "104"},
        "steps": [
            {"advertise": {"challenge": "fresh"}, "request": {}, "reply": {"code": 104, "challenge": "0011223344556677"}},
            {"request": {}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-deny-105",
        "title": "After 105 it asks again with the challenge of the denial.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent", "repairs": "105"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 105, "challenge": "0011223344556677"}},
            {"request": {}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-deny-106",
        "title": "After 106 it asks again with the challenge of the denial.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent", "repairs": "106"},
        "steps": [
            {"advertise": {"challenge": "fresh"}, "request": {}, "reply": {"code": 106, "challenge": "0011223344556677"}},
            {"request": {}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-deny-106-next",
        "title": "After 106 without another challenge, that of the next advertisement is answered.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent", "repairs": "106"},
        "steps": [
            {"advertise": {"challenge": "0102030405060708"}, "request": {}, "reply": {"code": 106}},
            {"advertise": {"challenge": "1112131415161718"}, "request": {"within": 8.0}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-deny-106-same",
        "title": "After 106 the same challenge in the next advertisement is not answered again.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent", "repairs": "106"},
        "steps": [
            {"advertise": {"challenge": "0102030405060708"}, "request": {}, "reply": {"code": 106}},
            {"advertise": {"challenge": "0102030405060708"}, "quiet": 1.4},
            {"advertise": {"challenge": "1112131415161718"}, "request": {}},
        ],
    },
    {
        "id": "mobile-deny-106-without",
        "title": "After 106 without another challenge there is nothing to ask with.",
        "requirements": ["4721-3.5-02"],
        "node": {"challenges": True, "care-of": "agent"},
        "steps": [{"advertise": {"challenge": "fresh"}, "request": {}, "reply": {"code": 106}, "quiet": 1.4}],
    },
]
