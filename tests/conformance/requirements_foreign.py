"""What the documents ask of a foreign agent: rows like those of requirements.py.

For section 3.7 of RFC 5944 there is a row for every MUST, SHOULD and MAY and their negations, in the order of the text;
test_catalogue.py holds their counts. The other tables have what the cases of foreign/cases/ are about.
"""

FA, MN, HA, ALL = "foreign agent", "mobile node", "home agent", "all"

OF_NODE = "binds the mobile node, not the agent under test"
OF_HOME_AGENT = "binds the home agent, not the agent under test"
LOG = "is about the agent's own log, which nobody sees on a link"
INSIDE = "is about what the agent keeps, of which only what is relayed and denied can be seen on its links"
TIME = "would take longer than a case may: nothing is waited for here"

FOREIGN_5944 = {
    "3.7": [
        ("SHOULD", FA, "The agent advertises itself where the link does not tell of it.", "is about advertisements, not about registrations"),
        ("MUST NOT", FA, "A request is only sent to relay what a mobile node has sent to its home agent."),
        ("MUST NOT", FA, "A reply is only sent to relay a home agent's, or to deny what a mobile node has asked for."),
        ("MUST NOT", FA, "The end of a lifetime makes neither a request nor a reply.", TIME),
        ("MUST NOT", FA, "The agent never deregisters a mobile node by a request of its own."),
        ("MUST", FA, "A sound request for deregistration is relayed."),
    ],
    "3.7.1": [
        ("MUST", FA, "The agent has a care-of address."),
        ("MUST", FA, "Of each request that is relayed the agent keeps what is needed to send the reply on."),
        ("MUST", FA, "A request with a NAI is treated as RFC 2794 has it."),
        ("MUST", FA, "Where nodes without a home address cannot be served, they are denied with code 96."),
        ("MAY", FA, "There may be a limit of requests that wait for replies."),
        ("SHOULD", FA, "What is above it is denied with code 66."),
        ("MAY", FA, "A request that has waited for more than 7 seconds may be given up.", TIME),
        ("SHOULD", FA, "It is then denied with code 78.", TIME),
        ("MAY", ALL, "The agent may share associations with anybody."),
        ("MUST", FA, "What is relayed to a home agent with which an association is shared is signed for it."),
        ("MUST", FA, "The home agent's authentication in a reply with a lifetime is then checked."),
        ("MUST", FA, "The authentication for the agent is checked in requests of a node with which an association is shared."),
        ("MUST", FA, "Replies to such a node are signed for it."),
    ],
    "3.7.2": [
        ("MUST", FA, "A request that is accepted is relayed to the home agent that it names."),
        ("MUST", FA, "One that is denied is answered with a code that says why, at most once a second."),
        ("MUST NOT", FA, "A request whose home agent would be the agent itself is not sent anywhere."),
        ("SHOULD NOT", FA, "Until a reply accepts it, a request changes nothing about a visitor."),
        ("MUST", FA, "A request of a visitor is kept beside what is known of the visitor.", INSIDE),
        ("SHOULD NOT", FA, "A request for deregistration ends no visitor before it is accepted."),
        ("MUST NOT", FA, "A denial by the home agent changes nothing about a visitor."),
    ],
    "3.7.2.1": [
        ("MUST", FA, "A request with a UDP checksum that is neither zero nor right is dropped in silence."),
        ("MUST", FA, "Reserved bits that are set are denied with code 70; section 3.3 has them ignored."),
        ("MUST", FA, "A care-of address that is not offered is denied with code 77, unless the node decapsulates or deregisters."),
        ("MUST", FA, "The authentication in a request is checked."),
        ("MUST", FA, "From a node with an association there must be exactly one Mobile-Foreign authentication."),
        ("MUST", FA, "Its authenticator is checked."),
        ("MUST", FA, "If it is missing, wrong or not the only one, the request goes nowhere."),
        ("SHOULD", FA, "That is logged as a security exception.", LOG),
        ("SHOULD", FA, "The node is told by code 67."),
    ],
    "3.7.2.2": [
        ("MUST", FA, "An accepted request goes to the address in its field Home Agent."),
        ("MUST NOT", FA, "Nothing is changed up to the end of what authorises the request."),
        ("MUST", FA, "Extensions behind that are for the agent: they are taken out."),
        ("MAY", FA, "The agent may add extensions for the home agent."),
        ("MUST", FA, "With an association and a lifetime, a Foreign-Home authentication is added last."),
        ("MUST", FA, "The packet comes from the care-of address, and goes to port 434 of the home agent."),
        ("MUST", FA, "The lifetime asked for counts from the moment of relaying.", INSIDE),
        ("MUST", FA, "What waits for longer than that is forgotten.", TIME),
    ],
    "3.7.2.3": [
        ("SHOULD", FA, "A denial is told, with home address, home agent and identification of the request."),
        ("MUST", FA, "A request whose reserved bits are set is denied."),
        ("SHOULD", FA, "It is denied with code 70."),
        ("SHOULD", FA, "The lifetime of a denial is that of the request; with code 69 it is the longest that is accepted."),
        ("MUST", FA, "A reply comes from the address that was asked, at port 434, and goes to the port that asked, at the home address or 255.255.255.255."),
        ("MUST", FA, "What was sent to all agents is answered from the agent's own address."),
    ],
    "3.7.3": [
        ("SHOULD", FA, "An ICMP error in the place of a reply is told by a code of 80 to 95."),
    ],
    "3.7.3.1": [
        ("MUST", FA, "A reply with a UDP checksum that is neither zero nor right is dropped in silence."),
        ("MUST", FA, "A reply is matched with the request that waits for it by the home address."),
        ("MUST", FA, "Of several with one home address, the NAI decides."),
        ("MUST", FA, "A reply that nothing waits for is dropped in silence."),
        ("MUST", FA, "So is one whose low half of the identification is not that of the request."),
        ("MUST", FA, "The authentication in a reply is checked."),
        ("MUST", FA, "From a home agent with an association there must be exactly one Foreign-Home authentication."),
        ("MUST", FA, "Its authenticator is checked."),
        ("MUST", FA, "If it is missing, wrong or not the only one, the reply is not passed on as it is."),
        ("SHOULD", FA, "That is logged as a security exception.", LOG),
        ("MUST", FA, "The registration is then refused."),
        ("SHOULD", FA, "The node is told by code 68."),
    ],
    "3.7.3.2": [
        ("MUST", FA, "The visitor is as the reply says."),
        ("SHOULD", FA, "Its lifetime is the lesser of what was granted and the agent's longest.", TIME),
        ("MUST", FA, "A reply with lifetime zero ends the visitor."),
        ("MUST", FA, "A denial ends the request that waited for it, and not the visitor."),
        ("MUST NOT", FA, "Nothing is changed up to the end of the Mobile-Home authentication of a reply."),
        ("SHOULD", FA, "Behind that the agent takes out and adds what the next rows say."),
        ("MUST", FA, "Extensions behind it are for the agent: they are taken out."),
        ("MAY", FA, "The agent may add extensions for the node."),
        ("MUST", FA, "With an association, a Mobile-Foreign authentication is added last."),
        ("MUST", FA, "The lifetime counts from the moment of passing the reply on.", TIME),
    ],
}

FOREIGN_COMPANIONS = {
    ("RFC 2794", "3"): [
        ("MUST", FA, "Where the home address is zero, the NAI tells requests that wait from one another."),
        ("MUST", FA, "If that cannot be done: code 96."),
        ("MUST", HA, "The reply to a request with a NAI has it too."),
        ("SHOULD", FA, "If it has not: code 97."),
        ("MUST", HA, "It has a home agent and a home address that are not zero."),
        ("SHOULD", FA, "If it has not: code 98 or 99."),
    ],
    ("RFC 3024", "4.2.1"): [
        ("MUST", FA, "An encapsulation that is not supported: 72."),
        ("MUST", FA, "A delivery style that is not supported: 79."),
        ("MAY", FA, "T not set where the agent demands it: 75."),
        ("MUST", FA, "The TTL of a request with T is 255."),
        ("MUST", FA, "If it is not: 76."),
        ("MUST", FA, "That is said at most once a second."),
        ("MUST", FA, "T where no reverse tunnel is possible: 74, as the last check."),
    ],
    ("RFC 3024", "4.2.2"): [
        ("MUST", FA, "What passes is relayed."),
    ],
    ("RFC 3024", "3.3"): [
        ("MUST", MN, "The Encapsulating Delivery Style extension stands behind Mobile-Home; T is set with it."),
        ("MUST", FA, "It is the agent's, and does not go on to the home agent."),
    ],
    ("RFC 3115", "2.3"): [
        ("MUST", FA, "A critical vendor extension for the agent that it does not know: 100 in a request, 101 in a reply."),
        ("MUST", FA, "What is not meant for the agent goes on untouched."),
    ],
    ("RFC 3519", "4.5"): [
        ("MAY", FA, "A UDP Tunnel Request may be added to what is relayed."),
        ("MUST NOT", FA, "It is not added for a node whose care-of address is its own."),
        ("MUST", FA, "It stands behind Mobile-Home and before Foreign-Home."),
        ("MUST", FA, "What is relayed with it comes from the care-of address."),
    ],
    ("RFC 3543", "3.2"): [
        ("MUST", FA, "A Revocation Support extension is added where revocations are wanted and an association is shared."),
        ("MUST", FA, "It is under the Foreign-Home authentication."),
        ("MUST", FA, "A request of a node with the agent's care-of address that has one already is dropped."),
    ],
    ("RFC 3543", "3.3"): [
        ("MUST", FA, "A revocation without a valid authenticator is ignored in silence."),
        ("MUST", FA, "Reserved bits of a revocation are ignored."),
    ],
    ("RFC 3543", "3.4"): [
        ("MUST", FA, "A valid revocation is acknowledged."),
        ("MUST", FA, "The acknowledgment is authenticated, and copies home address and identifier."),
        ("MUST NOT", FA, "The flag I of an acknowledgment is not set unless the revocation's was."),
    ],
    ("RFC 3543", "3.5"): [
        ("MUST", FA, "A revocation that was seen before is ignored in silence."),
        ("MUST", FA, "A revocation with the agent's own direction bit is a reflection and is ignored in silence."),
    ],
    ("RFC 3543", "4.1"): [
        ("MAY", FA, "The node is told by an advertisement to it alone with the sequence number 0."),
    ],
    ("RFC 3543", "4.2.2.2"): [
        ("MUST", FA, "The binding that a revocation names is found by home, foreign and home domain address, and ends."),
        ("MUST", FA, "A revocation that is older than the registration does not end it."),
        ("MUST", FA, "Where the home agent decides, the flag I says whether the node is told, and that of the acknowledgment whether it was."),
    ],
    ("RFC 4433", "5.2"): [
        ("MUST", FA, "Without a home agent to take for one that asks for any: code 90."),
        ("MUST", FA, "A Requested HA extension says where to relay to."),
        ("MUST", FA, "If that is no address of a host: code 90."),
    ],
    ("RFC 4636", "6"): [
        ("MUST", FA, "An FA Error stands behind the home agent's reply, which stays as it is."),
    ],
    ("RFC 4721", "3.2"): [
        ("SHOULD", FA, "Where challenges are advertised, a node without an association must answer one that it has not used."),
        ("MUST", FA, "Without: code 105."),
        ("MUST NOT", FA, "What tells a retransmission from a replay are neither the identification nor the time left."),
        ("SHOULD", FA, "A retransmission of what still waits is relayed again; what else is used twice gets code 106."),
        ("MUST NOT", FA, "Only the last challenges that were advertised, or given to this node, are accepted."),
        ("SHOULD", FA, "Others: code 104."),
        ("MUST", FA, "The last challenge that each node used is kept.", INSIDE),
        ("MUST", FA, "Behind a challenge there is a Mobile-Foreign or an MN-AAA authentication."),
        ("MUST", FA, "Without, the request is dropped in silence."),
        ("MUST NOT", FA, "With MN-AAA, that and the challenge stay in what is relayed."),
        ("MAY", FA, "Without MN-AAA the challenge may be taken out."),
        ("MUST", FA, "Both stand before Foreign-Home."),
    ],
    ("RFC 4721", "3.3"): [
        ("SHOULD", FA, "Each reply has a new challenge, before a Mobile-Foreign authentication."),
        ("MUST", FA, "The home agent's is taken out then."),
        ("MUST", FA, "A challenge in the reply is the one of the request; otherwise 109."),
    ],
    ("RFC 4917", "3"): [
        ("MUST", FA, "A Message String of the agent has subtype 2."),
    ],
    ("RFC 5944", "1.9"): [
        ("MUST", FA, "Types 0 to 127 that are not known have the message dropped, 128 to 255 are skipped."),
    ],
    ("RFC 5944", "4.2.2"): [
        ("MUST NOT", FA, "Nobody is asked by broadcast ARP for a visitor's link address: the request had it."),
        ("MUST NOT", FA, "What comes through a tunnel for nobody in the visitor list is not forwarded."),
        ("MUST NOT", FA, "No ICMP error is sent about it."),
    ],
    ("RFC 5944", "3.6.1.3"): [
        ("MUST", MN, "Authorization comes before what is for the agent; each extension of the node stands there once."),
    ],
}
