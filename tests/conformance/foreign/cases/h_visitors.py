"""Visitors, and who is none: told by packets that come through a tunnel."""

CASES = [
    {
        "id": "foreign-visitor",
        "title": "What comes through a tunnel for a visitor is delivered to its link address.",
        "requirements": ["5944-3.7.3.2-01", "5944-4.2.2-01"],
        "agent": {"tunnels": True},
        "steps": [{"register": {}}, {"tunnelled": {}, "delivered": True}],
    },
    {
        "id": "foreign-visitor-second-care-of-address",
        "title": "It is delivered from the care-of address that the visitor took.",
        "requirements": ["5944-3.7.3.2-01"],
        "agent": {"tunnels": True},
        "steps": [{"register": {"care-of": "care-of-2"}}, {"tunnelled": {"to": "care-of-2"}, "delivered": True}],
    },
    {
        "id": "foreign-visitor-is-nobody-before",
        "title": "Of who never registered nothing is delivered, and no ICMP error is sent.",
        "requirements": ["5944-4.2.2-02", "5944-4.2.2-03"],
        "agent": {"tunnels": True},
        "steps": [{"tunnelled": {}, "lost": True}],
    },
    {
        "id": "foreign-visitor-is-nobody-yet",
        "title": "Who waits for the home agent's reply is no visitor yet.",
        "requirements": ["5944-3.7.3.2-01", "5944-4.2.2-02"],
        "agent": {"tunnels": True},
        "steps": [
            {"send": {}, "label": "mine", "relayed": {}},
            {"tunnelled": {}, "lost": True},
            {"of": "mine", "answer": {}, "reply": {}},
            {"tunnelled": {}, "delivered": True},
        ],
    },
    {
        "id": "foreign-visitor-denied",
        "title": "Who is denied by the home agent is no visitor.",
        "requirements": ["5944-3.7.3.2-01", "5944-4.2.2-02"],
        "agent": {"tunnels": True},
        "steps": [{"send": {}, "relayed": {}, "answer": {"code": 129}, "reply": {}}, {"tunnelled": {}, "lost": True}],
    },
    {
        "id": "foreign-visitor-stays-when-denied",
        "title": "A denial by the home agent leaves a visitor what it is.",
        "requirements": ["5944-3.7.2-07", "5944-3.7.3.2-04"],
        "agent": {"tunnels": True},
        "steps": [
            {"register": {}},
            {"send": {}, "relayed": {}, "answer": {"code": 129}, "reply": {}},
            {"tunnelled": {}, "delivered": True},
        ],
    },
    {
        "id": "foreign-visitor-stays-until-accepted",
        "title": "A deregistration that waits for its reply leaves a visitor what it is.",
        "requirements": ["5944-3.7.2-04", "5944-3.7.2-06"],
        "agent": {"tunnels": True},
        "steps": [
            {"register": {}},
            {"send": {"lifetime": 0}, "label": "leaving", "relayed": {}},
            {"tunnelled": {}, "delivered": True},
            {"of": "leaving", "answer": {}, "reply": {}},
            {"tunnelled": {}, "lost": True},
        ],
    },
    {
        "id": "foreign-visitor-refused",
        "title": "Who is granted what the agent cannot believe is no visitor.",
        "requirements": ["5944-3.7.3.1-11", "5944-4.2.2-02"],
        "agent": {"tunnels": True},
        "home-agent": {"shares": "hmac-md5"},
        "steps": [{"send": {}, "relayed": {}, "answer": {"chain": ["mhae"]}, "refused": {"status": 68}}, {"tunnelled": {}, "lost": True}],
    },
    {
        "id": "foreign-visitor-lifetime-zero",
        "title": "A grant of no lifetime ends the visitor, whatever was asked for.",
        "requirements": ["5944-3.7.3.2-03"],
        "agent": {"tunnels": True},
        "steps": [
            {"register": {}},
            {"send": {}, "relayed": {}, "answer": {"lifetime": 0}, "reply": {}},
            {"tunnelled": {}, "lost": True},
        ],
    },
    {
        "id": "foreign-visitor-moved",
        "title": "A visitor that registers from another link address is delivered to there.",
        "requirements": ["5944-3.7.1-02", "5944-3.7.3.2-01"],
        "agent": {"tunnels": True},
        "nodes": {"other": {}},
        "steps": [
            {"register": {}},
            {"register": {"node": "other", "home": "home of mn", "from": "home of mn"}},
            {"tunnelled": {"node": "other", "home": "home of mn"}, "delivered": True},
        ],
    },
]
