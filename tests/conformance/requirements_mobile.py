"""What the documents ask of a mobile node: rows like those of requirements.py.

For section 3.6 of RFC 5944 there is a row for every MUST, SHOULD and MAY and their negations, in the order of the text; test_catalogue.py
holds their counts. The other tables have what the cases of mobile/cases/ are about.
"""

from proofs import suite

FA, MN, HA, ALL = "foreign agent", "mobile node", "home agent", "all"

OF_HOME_AGENT = "binds the home agent, not the node under test"
OF_FOREIGN_AGENT = "binds the foreign agent, not the node under test"
SETTINGS = "is about how a node is set up, not about what it sends"
PERMISSION = "permits and does not demand"
LOG = "is about the node's own log, which nobody sees on a link"
INSIDE = "is about what the node keeps, of which only what it sends can be seen"
NO_SIGHT = "is about what no agent of the suite does or asks for"

MOBILE_5944 = {
    "3.6": [
        ("MUST", MN, "It has an association with each of its home agents, and knows its netmask."),
        ("MAY", MN, "It may be told its home address and its home agents.", SETTINGS),
        ("MAY", MN, "It may look for a home agent."),
        ("MAY", MN, "Without a home address it may identify itself by its name, with home address zero."),
        ("MUST", MN, "It then uses the home address that the reply gives it."),
        ("SHOULD", MN, "It registers when it finds itself elsewhere."),
        ("MAY", MN, "How it finds out is up to it.", PERMISSION),
        ("SHOULD", MN, "It registers again when the agent has been started anew, and when the lifetime is near its end."),
        ("SHOULD NOT", MN, "New agents are no reason to register as long as the one in use is heard."),
        ("MUST NOT", MN, "It does not try more often than once in a second."),
        ("MAY", MN, "It may take another agent when there are many retransmissions.", PERMISSION),
        ("MUST NOT", MN, "A redirect of the agent in use is no reason to take another.", NO_SIGHT),
        ("MAY", MN, "Apart from that it may register whenever it likes.", PERMISSION),
    ],
    "3.6.1": [
        ("MUST", MN, "The fields of a request have the values that the next sections say."),
    ],
    "3.6.1.1": [
        ("MUST", MN, "With a care-of address of its own the request comes from that."),
        ("MUST", MN, "Otherwise, without a home address, from 0.0.0.0."),
        ("MUST", MN, "Otherwise from the home address."),
        ("MUST", MN, "To an agent whose address is not known it goes to 224.0.0.11.", NO_SIGHT),
        ("MUST", MN, "And then to the link address of that agent.", NO_SIGHT),
        ("MUST", MN, "To a foreign agent it goes to the address that its advertisement came from."),
        ("MAY", MN, "That need be none of the care-of addresses."),
        ("MUST", MN, "It goes to the link address that the advertisement came from."),
        ("MUST", MN, "Without a foreign agent it goes to the home agent."),
        ("MUST NOT", MN, "The broadcast address of the home network is no destination by way of a foreign agent."),
        ("MAY", MN, "But it may be in the field Home Agent then.", PERMISSION),
        ("MUST", MN, "The TTL is 1 where it goes to 224.0.0.11.", NO_SIGHT),
    ],
    "3.6.1.2": [
        ("MAY", MN, "S asks for a binding beside others."),
        ("SHOULD", MN, "D is set with a care-of address of its own."),
        ("MUST NOT", MN, "D is not set otherwise."),
        ("MAY", MN, "B asks for broadcasts."),
        ("MUST", HA, "With D they are tunnelled to the care-of address.", OF_HOME_AGENT),
        ("MUST", HA, "Without D they are wrapped for the home address first.", OF_HOME_AGENT),
        ("MUST", HA, "And then for the care-of address.", OF_HOME_AGENT),
        ("MUST NOT", FA, "The agent does not take the inner wrapping off.", OF_FOREIGN_AGENT),
        ("MUST NOT", FA, "Nor does it broadcast what is inside.", OF_FOREIGN_AGENT),
        ("MUST", MN, "The node unwraps them itself then.", "a node that asks for none with a foreign agent gets none"),
        ("MUST NOT", MN, "Without D, B is not set by who cannot."),
        ("MAY", MN, "M and G ask for other encapsulations."),
        ("MUST NOT", MN, "But not from an agent that does not offer them."),
        ("SHOULD NOT", MN, "The lifetime is not longer than the agent's longest."),
        ("MAY", MN, "Where it is not known, 1800 seconds will do.", PERMISSION),
        ("MAY", MN, "One binding is ended by its care-of address with lifetime zero."),
        ("MUST", MN, "The field Home Address is the home address, if that is known."),
        ("MUST", MN, "Otherwise it is zero."),
        ("MUST", MN, "The field Home Agent is that of the home agent, if it is known."),
        ("MAY", MN, "Otherwise one may be looked for."),
        ("MUST", MN, "Then it is the broadcast address of the home network."),
        ("MUST", HA, "Who gets such a request denies it.", OF_HOME_AGENT),
        ("SHOULD", HA, "And says its address.", OF_HOME_AGENT),
        ("MUST", MN, "The field Care-of Address is the one that is registered or ended."),
        ("MUST", MN, "To end all it is the home address."),
    ],
    "3.6.1.3": [
        ("MUST", MN, "The fixed part and what authorises it are in every request."),
        ("MUST", MN, "Mobile-Foreign is there where an association is shared with the agent."),
    ],
    "3.6.2.1": [
        ("MUST", MN, "A reply with a UDP checksum that is neither zero nor right is discarded."),
        ("MUST", MN, "The low half of the identification is compared with that of the last request."),
        ("MUST", MN, "If it is another the reply is discarded."),
        ("MUST", MN, "What authorises it is looked for."),
        ("MUST", MN, "In what the home agent says it must be there."),
        ("MUST", MN, "With an association there is exactly one Mobile-Foreign authentication."),
        ("MUST", MN, "It is checked."),
        ("MUST", MN, "If it is missing, wrong or not the only one the reply is discarded."),
        ("SHOULD", MN, "That is logged.", LOG),
        ("MUST", MN, "What the home agent says has exactly one Mobile-Home authentication."),
        ("MUST", MN, "It is checked."),
        ("MUST", MN, "If it is missing, wrong or not the only one the reply is discarded."),
        ("SHOULD", MN, "That is logged.", LOG),
        ("SHOULD", MN, "Denials for want of authentication are logged.", LOG),
    ],
    "3.6.2.2": [
        ("SHOULD", MN, "Routes are as the point of attachment demands."),
        ("MUST", MN, "Who comes home does what section 4.6 says about ARP."),
        ("SHOULD", MN, "Away from home it registers again before the lifetime is over."),
        ("MUST", MN, "The lifetime left and that asked for are kept.", INSIDE),
        ("MUST", MN, "The lifetime granted counts from when the request was sent."),
    ],
    "3.6.2.3": [
        ("SHOULD", MN, "Denials are logged.", LOG),
        ("MAY", MN, "After 69 it may ask again."),
        ("MUST", MN, "Then the lifetime is not longer than what the reply says."),
        ("MUST", MN, "After 133 the identification is made as the reply says."),
        ("MAY", MN, "After 136 it may register with who has answered."),
        ("SHOULD", MN, "And the identification is made as that reply says."),
    ],
    "3.6.3": [
        ("MAY", MN, "Without an answer it may ask again."),
        ("SHOULD", MN, "It does not wait for longer than the lifetime asked for.", "lifetimes so short are asked for by no test here"),
        ("SHOULD", MN, "It waits long enough for messages, way and work.", "is judged by the interval of a second, which is more"),
        ("MUST NOT", MN, "There is at least a second between two requests."),
        ("SHOULD", MN, "It waits twice as long each time."),
    ],
}

MOBILE_COMPANIONS = {
    ("RFC 1256", "6"): [
        ("MUST", ALL, "Solicitations are well-formed, with TTL 1."),
    ],
    ("RFC 2794", "3"): [
        ("MUST", MN, "A name that authorises stands before Mobile-Home."),
        ("MUST", MN, "Who has no home address takes the one that it is given."),
    ],
    ("RFC 3024", "3.2"): [
        ("SHOULD", MN, "T is asked for only of an agent that offers it."),
        ("MUST", MN, "The TTL of a request with T is 255."),
    ],
    ("RFC 3024", "3.3"): [
        ("MUST", MN, "A node that asks for encapsulating delivery sends its packets to the agent in a tunnel, and none otherwise."),
    ],
    ("RFC 3024", "3.4"): [
        ("SHOULD", MN, "After 74 or 137 it does without a reverse tunnel, if it can."),
        ("SHOULD", MN, "After 75 or 138 it asks for one, if it can."),
        ("SHOULD", MN, "After 139 it asks for another encapsulation."),
    ],
    ("RFC 3519", "3.5"): [
        ("MAY", MN, "After 142 it asks for another encapsulation."),
    ],
    ("RFC 3519", "4.4"): [
        ("MUST", MN, "A UDP Tunnel Request stands before Mobile-Home, with D set."),
        ("MUST", MN, "R is set where it goes by a foreign agent, and F where UDP is wanted without a NAT."),
        ("MUST NOT", MN, "It is not in a request that ends a binding."),
        ("SHOULD", MN, "By way of an agent a keepalive is sent as soon as the registration is accepted."),
    ],
    ("RFC 3519", "4.6"): [
        ("MUST", MN, "Packets go in UDP if and only if the home agent's reply says so."),
        ("MUST", MN, "A UDP Tunnel Reply counts only under the home agent's authentication."),
    ],
    ("RFC 4433", "5.1"): [
        ("MUST", MN, "Who asks for any home agent sets the field to 255.255.255.255 or 0.0.0.0, and may say which first."),
        ("MUST", MN, "The home agent of the reply is the one from then on."),
        ("MUST", MN, "After 143 it asks the one that it was told of."),
    ],
    ("RFC 4721", "3.1"): [
        ("MUST", MN, "With an association, the newest challenge of the agent is in the request."),
        ("MUST", MN, "It stands behind Mobile-Home, and before what signs it."),
        ("MUST", MN, "Without challenges of the agent there is none in the request."),
        ("MUST", MN, "Where nothing is shared with the agent, MN-AAA behind the challenge signs it."),
    ],
    ("RFC 4721", "3.5"): [
        ("MUST", MN, "The challenge of a reply is the one of the next request."),
        ("SHOULD", MN, "After 104, 105 or 106 it asks again with another challenge."),
    ],
    ("RFC 5944", "1.8"): [
        ("MUST", ALL, "Types of extensions that are not known: 0 to 127 have the message dropped, 128 to 255 are skipped."),
        ("MUST", ALL, "A pad is one octet."),
    ],
    ("RFC 5944", "2.1"): [
        ("MUST", ALL, "What is malformed, or has a wrong checksum, counts for nothing."),
        ("MUST", FA, "Advertisements have TTL 1 and go to a group or to everybody; to one node they are answers to it."),
    ],
    ("RFC 5944", "2.4"): [
        ("MUST", MN, "It can solicit."),
        ("SHOULD", MN, "It does only where it hears no agent and has no care-of address."),
        ("MUST", MN, "The rate is limited: after three, one a second, it is halved each time."),
        ("MUST", MN, "Advertisements of agents are known by the mobility extension."),
        ("SHOULD", MN, "Of several care-of addresses the first is taken."),
        ("MUST", MN, "Reserved bits are ignored."),
        ("MUST", MN, "A busy agent, and one that is no foreign agent, is not registered with."),
        ("MUST", MN, "Addresses and their sizes are read by what the message says of them."),
    ],
    ("RFC 5944", "2.4.1"): [
        ("SHOULD", MN, "With R it registers through the agent, whatever address it has."),
    ],
    ("RFC 5944", "2.4.2"): [
        ("SHOULD", MN, "An agent that is not heard for the lifetime of its advertisement is lost."),
        ("MAY", MN, "Then another one whose lifetime is not over is taken."),
        ("SHOULD NOT", MN, "Subnets are compared only where both agents say their prefix lengths."),
        ("MUST NOT", MN, "An advertisement whose lifetime is over is no base of a registration."),
    ],
    ("RFC 5944", "2.4.3"): [
        ("SHOULD", MN, "Who hears its own home agent is at home, and ends its bindings."),
    ],
    ("RFC 5944", "2.4.4"): [
        ("SHOULD", MN, "A sequence number that falls below 256 has it register again."),
        ("SHOULD", MN, "One that falls to 256 or above does not."),
    ],
    ("RFC 5944", "3.4"): [
        ("MUST", MN, "Who is given more lifetime than it asked for uses what it asked for."),
        ("MUST", MN, "Who is given less uses what it was given."),
        ("MUST", MN, "The lifetime of a denial counts for nothing, but for 69."),
    ],
    ("RFC 5944", "4.2.1"): [
        ("MAY", MN, "With a foreign agent's care-of address that agent is the router, by its link address."),
        ("MUST NOT", MN, "Away from home no link address is asked for by broadcast ARP, from the home address."),
        ("MUST", MN, "There it ignores redirects to other routers.", suite("mobiled", "test_redirects_are_ignored_away")),
    ],
    ("RFC 5944", "4.6"): [
        ("MUST", MN, "Who comes home announces its address by broadcast ARP before the request."),
        ("SHOULD", MN, "It does so a few times."),
        ("MUST NOT", MN, "Away from home it does not answer for its home address."),
        ("MUST", MN, "But for a unicast question of its foreign agent, by a unicast answer."),
        ("SHOULD", MN, "For a care-of address of its own it answers."),
        ("MUST", MN, "At home it answers for its home address."),
    ],
    ("RFC 5944", "5.7"): [
        ("MUST", MN, "With time stamps each request has a greater one, the home agent's time."),
        ("MUST", MN, "With nonces the high half is the one that the last reply had, the low half is new."),
    ],
    ("RFC 2003", "3"): [
        ("MUST", MN, "What comes in a tunnel to a care-of address of its own is taken out of it.", suite("mobiled", "test_tunnels")),
    ],
}
