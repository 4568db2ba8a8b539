"""Challenges (RFC 4721), where they are advertised. That every reply has a new one is a general rule of judge.py."""

CASES = [
    {
        "id": "foreign-challenge-answered",
        "title": "A node that answers a challenge under MN-AAA is relayed with both.",
        "requirements": ["4721-3.2-01", "4721-3.2-08", "4721-3.2-10", "4721-3.3-01"],
        "agent": {"challenges": True},
        "steps": [{"send": {}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-challenge-offered",
        "title": "The challenge of a reply may be answered next.",
        "requirements": ["4721-3.2-05", "4721-3.3-01"],
        "agent": {"challenges": True, "challenge-in-reply": True},
        "steps": [
            {"register": {}},
            {"send": {"chain": ["mhae", {"challenge": "offered"}, "aaa"]}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-challenge-under-signature",
        "title": "What is relayed with a challenge is signed behind it for the home agent.",
        "requirements": ["4721-3.2-12"],
        "agent": {"challenges": True},
        "home-agent": {"shares": "hmac-md5"},
        "steps": [{"send": {}, "relayed": {"with": [34]}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-challenge-missing",
        "title": "A node without an association that answers none is denied with 105.",
        "requirements": ["4721-3.2-01", "4721-3.2-02"],
        "agent": {"challenges": True},
        "steps": [{"send": {"chain": ["mhae"]}, "denied": {"code": 105}}],
    },
    {
        "id": "foreign-challenge-unknown",
        "title": "A challenge that was never given is denied with 104.",
        "requirements": ["4721-3.2-05", "4721-3.2-06"],
        "agent": {"challenges": True},
        "steps": [{"send": {"chain": ["mhae", {"challenge": "unknown"}, "aaa"]}, "denied": {"code": 104}}],
    },
    {
        "id": "foreign-challenge-used",
        "title": "A challenge that the node used before is denied with 106.",
        "requirements": ["4721-3.2-01", "4721-3.2-04"],
        "agent": {"challenges": True},
        "steps": [{"register": {}}, {"send": {"chain": ["mhae", {"challenge": "used"}, "aaa"]}, "denied": {"code": 106}}],
    },
    {
        "id": "foreign-challenge-of-another",
        "title": "A challenge that a reply gave to another node is denied with 104.",
        "requirements": ["4721-3.2-05", "4721-3.2-06"],
        "agent": {"challenges": True, "challenge-in-reply": True},
        "nodes": {"other": {}},
        "steps": [
            {"register": {"node": "other"}},
            {"send": {"chain": ["mhae", {"challenge": "offered to other"}, "aaa"]}, "denied": {"code": 104}},
        ],
    },
    {
        "id": "foreign-challenge-retransmitted",
        "title": "While a request waits it may be sent again with its challenge and another identification.",
        "requirements": ["4721-3.2-03", "4721-3.2-04"],
        "agent": {"challenges": True},
        "steps": [
            {"send": {}, "relayed": {}},
            {"send": {"chain": ["mhae", {"challenge": "used"}, "aaa"]}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-challenge-asked-for-again",
        "title": "A node that has answered its challenge is advertised another one when it solicits.",
        "requirements": ["4721-3.3-01", "4721-3.2-01"],
        "agent": {"challenges": True},
        "steps": [
            {"send": {"lifetime": 300}, "relayed": {}},
            {
                "send": {"lifetime": 200, "chain": ["mhae", {"challenge": "advertised"}, "aaa"]}, "relayed": {}, "answer": {},
                "reply": {},
            },
        ],
    },
    {
        "id": "foreign-challenge-for-something-else",
        "title": "What asks for something else with the same challenge is no retransmission: 106.",
        "requirements": ["4721-3.2-04"],
        "agent": {"challenges": True},
        "steps": [
            {"send": {"lifetime": 300}, "relayed": {}},
            {"send": {"lifetime": 200, "chain": ["mhae", {"challenge": "used"}, "aaa"]}, "denied": {"code": 106}},
        ],
    },
    {
        "id": "foreign-challenge-unsigned",
        "title": "A challenge that neither MN-AAA nor Mobile-Foreign covers has the request dropped in silence.",
        "requirements": ["4721-3.2-08", "4721-3.2-09"],
        "agent": {"challenges": True},
        "steps": [{"send": {"chain": ["mhae", {"challenge": "advertised"}]}, "silence": True}],
    },
    {
        "id": "foreign-challenge-behind-its-signature",
        "title": "A challenge behind the authentication that should cover it has the request dropped in silence.",
        "requirements": ["4721-3.2-08", "4721-3.2-09"],
        "agent": {"challenges": True},
        "steps": [{"send": {"chain": ["mhae", "aaa", {"challenge": "advertised"}]}, "silence": True}],
    },
    {
        "id": "foreign-challenge-not-needed",
        "title": "A node with an association need answer none.",
        "requirements": ["4721-3.2-01"],
        "agent": {"challenges": True},
        "node": {"shares": "hmac-md5"},
        "steps": [{"send": {}, "relayed": {}, "answer": {}, "reply": {}}],
    },
    {
        "id": "foreign-challenge-for-the-agent-alone",
        "title": "A challenge that a node signed for the agent alone is taken out.",
        "requirements": ["4721-3.2-11", "4721-3.2-08"],
        "agent": {"challenges": True},
        "node": {"shares": "hmac-md5"},
        "steps": [
            {"send": {"chain": ["mhae", {"challenge": "advertised"}, "mfae"]}, "relayed": {"without": [132]}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-challenge-returned",
        "title": "The challenge that the home agent returns is taken out for a new one.",
        "requirements": ["4721-3.3-02", "4721-3.3-03"],
        "agent": {"challenges": True},
        "steps": [{"send": {}, "relayed": {}, "answer": {"chain": ["mhae", {"challenge": "used"}]}, "reply": {}}],
    },
    {
        "id": "foreign-challenge-returned-wrong",
        "title": "A grant that returns another challenge is refused with 109.",
        "requirements": ["4721-3.3-03"],
        "agent": {"challenges": True},
        "steps": [
            {
                "send": {}, "relayed": {}, "answer": {"chain": ["mhae", {"challenge": "unknown"}]},
                "refused": {"status": 109, "only-fa-error": True},
            },
        ],
    },
    {
        "id": "foreign-challenge-with-denial",
        "title": "A denial of the agent's own has a challenge for the next request.",
        "requirements": ["4721-3.3-01"],
        "agent": {"challenges": True, "challenge-in-reply": True},
        "steps": [
            {"send": {"chain": ["mhae"]}, "denied": {"code": 105, "with": [132]}},
            {"send": {"chain": ["mhae", {"challenge": "offered"}, "aaa"]}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
    {
        "id": "foreign-message-string",
        "title": "A denial says why in a Message String of the agent's.",
        "requirements": ["4917-3-01", "5944-3.7.3.2-08"],
        "agent": {"message-strings": "denied"},
        "steps": [{"send": {"care-of": "nowhere"}, "denied": {"code": 77, "with": [145]}}],
    },
]
