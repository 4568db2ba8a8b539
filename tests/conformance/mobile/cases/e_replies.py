"""Which replies are believed."""

CASES = [
    {
        "id": "mobile-reply-key",
        "title": "A reply that another key has signed is discarded.",
        "requirements": ["5944-3.6.2.1-11", "5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": [{"mhae": {"key": "wrong"}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-unsigned",
        "title": "A reply without Mobile-Home is discarded.",
        "requirements": ["5944-3.6.2.1-04", "5944-3.6.2.1-05", "5944-3.6.2.1-10"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": [], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-twice",
        "title": "A reply with two Mobile-Home authentications is discarded, though both are right.",
        "requirements": ["5944-3.6.2.1-10", "5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": ["mhae", "mhae"], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-spi",
        "title": "A reply whose SPI is another is discarded.",
        "requirements": ["5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": [{"mhae": {"spi": 77777}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-lifetime-changed",
        "title": "A reply that was changed after it was signed is discarded.",
        "requirements": ["5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"edits": [{"flip": 30}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-short-authenticator",
        "title": "A reply with half of an authenticator is discarded.",
        "requirements": ["5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": [{"mhae": {"size": 8}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-denial-unsigned",
        "title": "A denial in the home agent's name without its signature is discarded.",
        "requirements": ["5944-3.6.2.1-05"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 129, "chain": [], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-denial-key",
        "title": "A denial in the home agent's name that another key has signed is discarded.",
        "requirements": ["5944-3.6.2.1-12"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 128, "chain": [{"mhae": {"key": "wrong"}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-other-code-unsigned",
        "title": "An unknown code from 128 on is the home agent's: without its signature it is discarded.",
        "requirements": ["5944-3.6.2.1-05"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 199, "chain": [], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-low-half",
        "title": "A reply with another low half of the identification is discarded.",
        "requirements": ["5944-3.6.2.1-02", "5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"identification": "other low half", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-denial-low-half",
        "title": "So is a foreign agent's denial.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 64, "identification": "other low half", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-high-half",
        "title": "A reply with another high half of the identification counts.",
        "requirements": ["5944-3.6.2.1-02"],
        "node": {"care-of": "agent", "replay": "timestamp"},
        "steps": [{"advertise": {}, "request": {}, "reply": {"identification": "other high half"}, "forwards": True}],
    },
    {
        "id": "mobile-reply-to-earlier",
        "title": "A reply to an earlier request is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "replay": "timestamp"},
        "steps": [
            {"advertise": {}, "request": {}},
            {"request": {"again": True}, "reply": {"of": 1, "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-checksum",
        "title": "A reply with a wrong UDP checksum is discarded, by way of a foreign agent.",
        "requirements": ["5944-3.6.2.1-01"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"checksum": "wrong", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-no-checksum",
        "title": "A reply without a UDP checksum counts.",
        "requirements": ["5944-3.6.2.1-01"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [{"advertise": {}, "request": {}, "reply": {"checksum": "zero"}, "forwards": True}],
    },
    {
        "id": "mobile-reply-home",
        "title": "A reply about another home address is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"home": "10.64.0.8", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-home-agent",
        "title": "A reply that grants in the name of another home agent is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"home-agent": "10.64.0.2", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-source",
        "title": "A reply from another address than was asked is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None, "reply-source": "checked"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"from": "198.51.100.99", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-source-own",
        "title": "A reply from another than the home agent is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "own", "home-agent": "10.64.0.1", "reply-source": "checked"},
        "steps": [
            {"request": {}, "reply": {"from": "10.64.0.2", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-of-agent-unasked",
        "title": "A foreign agent's denial is discarded where none was asked.",
        "requirements": ["5944-3.6.2.1-05"],
        "node": {"care-of": "own", "home-agent": "10.64.0.1"},
        "steps": [{"request": {}, "reply": {"code": 64}}, {"request": {"again": True}, "reply": {}, "forwards": True}],
    },
    {
        "id": "mobile-reply-to-everybody",
        "title": "A reply by broadcast to 255.255.255.255 counts.",
        "requirements": ["5944-3.6.2.2-01"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [{"advertise": {}, "request": {}, "reply": {"to": "ones"}, "forwards": True}],
    },
    {
        "id": "mobile-reply-other-host",
        "title": "A reply whose frame is for another host is not this node's.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"link": "other", "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-unknown",
        "title": "A reply with an unknown extension below 128 is discarded.",
        "requirements": ["5944-1.8-01"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"then": [{"simple": [100, "0102"]}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-unknown-skipped",
        "title": "An unknown extension of a reply from 128 on is skipped.",
        "requirements": ["5944-1.8-01"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [{"advertise": {}, "request": {}, "reply": {"first": [{"simple": [200, "0102"]}]}, "forwards": True}],
    },
    {
        "id": "mobile-reply-pads",
        "title": "Pads of one octet may stand between the extensions of a reply.",
        "requirements": ["5944-1.8-02"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [{"advertise": {}, "request": {}, "reply": {"first": [{"pad": 3}]}, "forwards": True}],
    },
    {
        "id": "mobile-reply-broken",
        "title": "A reply whose last extension runs past the end is discarded.",
        "requirements": ["5944-3.6.2.1-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"then": [{"octets": "c8050102"}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-again",
        "title": "What comes when nothing is asked changes nothing.",
        "requirements": ["5944-3.6.2.1-02"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None, "home": "any"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {}, "forwards": True},
            {"reply": {"code": 133, "clock": 3600, "heeded": False}, "quiet": 1.4},
        ],
    },
    {
        "id": "mobile-lifetime-none",
        "title": "A lifetime of zero that is granted is no reason to ask again at once.",
        "requirements": ["5944-3.6-10"],
        "node": {"care-of": "agent"},
        "steps": [{"advertise": {}, "request": {}, "reply": {"lifetime": 0}, "quiet": 2.3}],
    },
    {
        "id": "mobile-lifetime-more",
        "title": "Who is given more lifetime than it has asked for registers again in the time that it asked for.",
        "requirements": ["5944-3.4-08"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {"registration-lifetime": 8}, "request": {}, "reply": {"lifetime": 500}, "forwards": True},
            {"request": {"within": 8.0, "patience": 9}},
        ],
    },
    {
        "id": "mobile-lifetime-less",
        "title": "Who is given less lifetime registers again before that is over.",
        "requirements": ["5944-3.4-09", "5944-3.6.2.2-03", "5944-3.6-08"],
        "node": {"care-of": "agent"},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"lifetime": 8}, "forwards": True},
            {"request": {"gap": 3.0, "within": 8.0, "patience": 9}},
        ],
    },
    {
        "id": "mobile-lifetime-of-request",
        "title": "The lifetime counts from the request, however late the answer comes.",
        "requirements": ["5944-3.6.2.2-05"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None, "replay": "nonce"},
        "steps": [
            {"advertise": {}, "request": {}},
            {"request": {"again": True}, "quiet": 1.0},
            {"reply": {"lifetime": 8}, "forwards": True},
            {"request": {"within": 6.4, "patience": 9}},
        ],
    },
    {
        "id": "mobile-lifetime-lapsed",
        "title": "Who cannot register again in time goes on to ask.",
        "requirements": ["5944-3.6.2.2-03", "5944-3.6.3-03"],
        "node": {"care-of": "agent", "foreign-key": False, "nai": None},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"lifetime": 2}, "forwards": True},
            {"request": {}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-mobile-foreign",
        "title": "With an association a foreign agent's reply needs its signature.",
        "requirements": ["5944-3.6.2.1-06", "5944-3.6.2.1-08"],
        "node": {"foreign-key": True},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": ["mhae"], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-mobile-foreign-key",
        "title": "With an association a reply that another key has signed for the agent is discarded.",
        "requirements": ["5944-3.6.2.1-07", "5944-3.6.2.1-08"],
        "node": {"foreign-key": True},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": ["mhae", {"mfae": {"key": "wrong"}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-mobile-foreign-twice",
        "title": "A reply with two Mobile-Foreign authentications is discarded.",
        "requirements": ["5944-3.6.2.1-06", "5944-3.6.2.1-08"],
        "node": {"foreign-key": True},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": ["mhae", "mfae", "mfae"], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-mobile-foreign-denial",
        "title": "With an association a foreign agent's denial needs its signature.",
        "requirements": ["5944-3.6.2.1-08"],
        "node": {"foreign-key": True},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"code": 64, "chain": [], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-reply-mobile-foreign-spi",
        "title": "With an association another SPI of the agent's has the reply discarded.",
        "requirements": ["5944-3.6.2.1-08"],
        "node": {"foreign-key": True},
        "steps": [
            {"advertise": {}, "request": {}, "reply": {"chain": ["mhae", {"mfae": {"spi": 4711}}], "heeded": False}},
            {"request": {"again": True}, "reply": {}, "forwards": True},
        ],
    },
    {
        "id": "mobile-request-mobile-foreign",
        "title": "With an association a request is signed for the foreign agent, last of all.",
        "requirements": ["5944-3.6.1.3-03"],
        "node": {"foreign-key": True, "care-of": "agent"},
        "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}],
    },
]
