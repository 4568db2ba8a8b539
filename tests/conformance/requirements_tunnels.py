"""What the documents about tunnels ask of the end of one that a home agent is: rows like those of requirements.py, with tests
in the place of cases, for it takes links and packets to see them.

RFC 2003, 2004, 2784 and 2890 have a row for every MUST, SHOULD and MAY and their negations, in the order of the text;
test_catalogue.py holds their counts. Of RFC 3519 there are rows for what concerns packets; its registrations are requirements.py's.
"""

from proofs import packets, suite, unit

ENTRY, EXIT, BOTH, MN = "tunnel entry", "tunnel exit", "both ends", "mobile node"

SECURITY_OPTIONS = "security options are neither understood nor written; what stands inside stays inside"
OF_NODE = "binds the mobile node, not the agent under test"

IP_IN_IP = {
    "3": [
        ("MAY", ENTRY, "Security options inside may have a say in those outside.", SECURITY_OPTIONS),
    ],
    "3.1": [
        ("MUST", ENTRY, "Don't Fragment inside means don't fragment outside.",
         packets("home", "a packet goes to the care-of address", "DF outside can be a copy of that inside") +
         unit("tunnel", "DF is never lost")),
        ("MAY", ENTRY, "It may be set outside as well where it is not inside.",
         packets("home", "DF outside can be a copy of that inside")),
        ("MAY", ENTRY, "Options of the tunnel's own may be added outside.",
         "none are written; those inside stay there: home.txt, \"options stay inside\""),
        ("MAY", ENTRY, "Security options inside may have a say in those outside, once more.", SECURITY_OPTIONS),
        ("SHOULD", ENTRY, "A packet whose TTL runs out before the tunnel is answered by Time Exceeded.",
         packets("home", "a TTL of 1 runs out") + packets("reverse", "to another one with a TTL that runs out")),
        ("MUST NOT", ENTRY, "Nothing with a TTL of 0 goes into a tunnel.",
         packets("home", "a TTL of 0 runs out", "a TTL of 0 never goes into a tunnel") +
         unit("tunnel", "what cannot be wrapped is told")),
        ("MUST", EXIT, "What comes out of a tunnel with a TTL of 0 is dropped.",
         packets("reverse", "an inner TTL of 0", "decapsulation leaves the TTL") +
         unit("tunnel_unwrap", "dead packets are dropped")),
    ],
    "3.2": [
        ("MUST NOT", ENTRY, "A packet from an address of this host's own that arrives is not tunnelled.",
         packets("home", "from outside with an address of ours", "with another address of ours")),
        ("SHOULD", ENTRY, "It is dropped.", packets("home", "from outside with an address of ours")),
        ("MUST NOT", ENTRY, "A packet from the exit of the tunnel is not tunnelled there.",
         packets("home", "the source is the exit of the tunnel", "the source is the exit of one of two")),
        ("SHOULD", ENTRY, "It is dropped.", packets("home", "the source is the exit of the tunnel")),
    ],
    "4": [
        ("MAY", ENTRY, "An ICMP error from inside a tunnel that quotes enough may be made one to the original sender.",
         packets("icmp", "ICMP 3/1 about a packet quoted in full", "ICMP 3/1 about a packet quoted by 8 octets")),
    ],
    "4.1": [
        ("SHOULD", ENTRY, "Network unreachable in a tunnel is told to the sender as Destination Unreachable.",
         packets("icmp", "ICMP 3/0 about a packet quoted in full", "ICMP 3/0 about a packet quoted by 8 octets")),
        ("MAY", ENTRY, "It may be told as host unreachable where the destination is of the entry's own network.",
         packets("icmp", "ICMP 3/0 about a packet quoted in full")),
        ("MUST", ENTRY, "Otherwise it is told as network unreachable.",
         packets("icmp", "network unreachable, and the home address of no network")),
        ("SHOULD", ENTRY, "Host unreachable in a tunnel is relayed.",
         packets("icmp", "ICMP 3/1 about a packet quoted in full", "ICMP 3/1 about a packet quoted by 8 octets")),
        ("SHOULD", ENTRY, "Protocol unreachable is told as host or network unreachable, for the sender did not use that protocol.",
         packets("icmp", "ICMP 3/2 about a packet quoted in full", "ICMP 3/2 about a packet quoted by 8 octets")),
        ("MUST NOT", ENTRY, "Port unreachable is not relayed.",
         packets("icmp", "ICMP 3/3 about a packet quoted in full", "port unreachable of a UDP tunnel")),
        ("MUST", ENTRY, "Too big is relayed.",
         packets("icmp", "too big for the tunnel of ipip, quoted in full", "too big for the tunnel of ipip, quoted by 8 octets",
                 "too big for the tunnel of minimal, quoted in full", "too big for the tunnel of gre, quoted in full",
                 "too big for the tunnel of udp-ipip, quoted in full") +
         suite("forward_host", "test_a_narrow_path_is_told_to_who_sends_too_much")),
        ("SHOULD", ENTRY, "A source route that failed is the entry's own affair.",
         packets("icmp", "ICMP 3/5 about a packet quoted in full")),
        ("MUST NOT", ENTRY, "It is not relayed.", packets("icmp", "ICMP 3/5 about a packet quoted in full")),
    ],
    "4.2": [
        ("SHOULD NOT", ENTRY, "Source Quench is not relayed.", packets("icmp", "ICMP 4/0 about a packet quoted in full")),
        ("SHOULD", ENTRY, "It has the entry do what it can against congestion.",
         "routers have been forbidden to send it since (RFC 6633), and a receiver is to ignore it"),
    ],
    "4.3": [
        ("MAY", ENTRY, "The entry may follow a Redirect itself.", "routes are the kernel's, and redirects too"),
        ("MUST NOT", ENTRY, "It does not relay it.", packets("icmp", "ICMP 5/1 about a packet quoted in full")),
    ],
    "4.4": [
        ("MUST", ENTRY, "Time Exceeded in a tunnel is told to the sender as host unreachable.",
         packets("icmp", "ICMP 11/0 about a packet quoted in full", "ICMP 11/0 about a packet quoted by 8 octets",
                 "ICMP 11/1 about a packet quoted in full")),
    ],
    "4.5": [
        ("MAY", ENTRY, "A Parameter Problem of a field that was copied from inside may be relayed.",
         packets("icmp", "a parameter problem of the TOS is the sender's", "of minimal encapsulation the TTL is the sender's")),
        ("MUST NOT", ENTRY, "One of what the entry itself wrote is not relayed.",
         packets("icmp", "a parameter problem of an address is not")),
    ],
    "5": [
        ("SHOULD", ENTRY, "MTU, length and reachability of each tunnel are known for a while.",
         packets("icmp", "what was learnt about the MTU is used", "a tunnel that is longer than the usual TTL",
                 "a broken tunnel is told to the next one, who is tunnelled all the same") +
         unit("soft", "an MTU falls at once and rises by age", "a length grows and ages", "broken heals by age or by a packet")),
    ],
    "5.1": [
        ("MUST", ENTRY, "The path MTU of a tunnel is discovered and remembered.",
         packets("icmp", "what was learnt about the MTU is used") +
         suite("forward_host", "test_a_narrow_path_is_told_to_who_sends_too_much")),
        ("SHOULD", ENTRY, "A sender is told the tunnel's MTU less what the tunnel adds.",
         packets("icmp", "too big for the tunnel of ipip, quoted in full", "too big for the tunnel of gre, quoted in full") +
         packets("size", "one octet more with DF")),
        ("SHOULD", ENTRY, "What goes into a tunnel must not be fragmented there.",
         packets("home", "a packet goes to the care-of address") + packets("size", "one octet more is fragmented inside")),
        ("MAY", ENTRY, "The entry may keep a packet, to fragment it and send it again.",
         "packets are not kept; what is too big is fragmented before it goes in, and the next one is"),
        ("MAY", ENTRY, "It may be told to leave the bit to the original sender.",
         packets("home", "DF outside can be a copy of that inside")),
    ],
    "5.2": [
        ("SHOULD", ENTRY, "Congestion is a part of what is known of a tunnel.",
         "nothing tells of it any more: Source Quench is gone (RFC 6633), and what routers mark is for both ends of a connection"),
        ("SHOULD", ENTRY, "Who sends into a tunnel controls congestion.", "is the affair of both ends of a connection"),
        ("SHOULD NOT", ENTRY, "No Source Quench is sent.", "no such message can be written: proto/icmp4.h"),
    ],
    "6.2": [
        ("SHOULD", EXIT, "Only such packets are let out of a tunnel as are harmless, authentic, or for somebody with whom that was "
         "agreed.",
         packets("reverse", "nothing is taken from the unbound", "nothing is taken from elsewhere",
                 "nothing in another encapsulation") + packets("gateway", "but not from beside it") +
         suite("forward", "test_a_reverse_tunnel_is_taken_from_the_care_of_address_alone")),
    ],
}

MINIMAL = {
    "3": [
        ("MUST NOT", ENTRY, "A fragment is not encapsulated minimally.",
         packets("home", "minimal encapsulation gives way for a fragment") +
         packets("size", "fragments of minimal encapsulation are IP in IP")),
    ],
}

GRE = {
    "2.2": [
        ("MUST", EXIT, "A checksum is accepted, and verified.",
         packets("gre", "GRE with a checksum", "GRE with a wrong checksum")),
    ],
    "2.3": [
        ("MUST", EXIT, "A packet with one of the bits 1 to 5 is dropped, unless it is one that is understood.",
         packets("gre", "GRE with routing", "GRE with strict source route", "GRE with the first bit of recursion") +
         unit("tunnel_unwrap", "every GRE flag is judged")),
        ("MUST", ENTRY, "The bits 6 to 12 are sent as zero.",
         packets("home", "GRE") + unit("tunnel", "GRE headers are written octet for octet")),
        ("MUST", EXIT, "They are ignored.",
         packets("gre", "GRE's reserved bits are ignored") + unit("tunnel_unwrap", "what is reserved in GRE is ignored")),
    ],
    "2.3.1": [
        ("MUST", BOTH, "The version is zero.", packets("home", "GRE") + packets("reverse", "GRE of another version")),
    ],
    "2.4": [
        ("SHOULD", EXIT, "A payload of an unknown protocol is dropped.", packets("reverse", "GRE with something else in it")),
    ],
    "2.6": [
        ("MUST", ENTRY, "The field beside the checksum is sent as zero.",
         unit("tunnel", "GRE headers are written octet for octet")),
    ],
    "3": [
        ("MUST", ENTRY, "The protocol type of IPv4 is 0x800.", packets("home", "GRE")),
    ],
    "3.1": [
        ("MUST", EXIT, "What comes out goes where its own header says.", packets("reverse", "a reverse tunnel of gre")),
        ("MUST", EXIT, "Its TTL is decremented.",
         packets("reverse", "to another one with a TTL that runs out") +
         unit("tc_cases", "cases come out as written or are left") +
         suite("forward", "test_a_hop_is_counted_behind_a_reverse_tunnel")),
        ("MUST", EXIT, "What would go back to where the tunnel begins is dropped.", packets("gre", "GRE to where it came from")),
    ],
    "5.2": [
        ("MUST", EXIT, "A packet with one of the bits 1 to 5 is dropped by who does not understand it, once more.",
         packets("gre", "GRE with routing", "GRE with strict source route", "GRE with the first bit of recursion")),
    ],
}

PROTECTED = "is about what protects the path below: IPsec is the host's, and the agent neither needs nor prevents it"

GRE_FIELDS = {
    "2.2": [
        ("MUST", EXIT, "Sequence numbers say in which order packets were sent.",
         packets("gre", "GRE in order", "GRE of a gateway, with a sequence for each key") +
         unit("soft", "sequences have an order", "sequences are of a source and a key")),
        ("SHOULD", EXIT, "What comes after a later one is dropped in silence.",
         packets("gre", "GRE out of order", "GRE that begins anew after a while",
                 "GRE of the mobile node's own, out of order")),
        ("MUST", EXIT, "Packets that wait for earlier ones longer than a timer are taken.",
         "no packet waits: one that comes before others is taken at once, as the section allows"),
        ("MAY", EXIT, "Packets may be put in order again.", "they are not: for connections that want that, TCP does it"),
    ],
    "3": [
        ("MUST", BOTH, "Where sequence numbers are used, IPsec protects header and payload.", PROTECTED),
        ("MUST", BOTH, "ESP or AH protects the header of GRE.", PROTECTED),
    ],
}

UDP = {
    "3.3": [
        ("MUST", ENTRY, "The reserved octets of a Tunnel Data message are sent as zero.", packets("home", "ipip in UDP")),
        ("MUST", EXIT, "They are ignored.", unit("tunnel_unwrap", "wrong packets have their fault")),
        ("MUST", EXIT, "The next header must be what was agreed upon with that binding; else the packet is dropped.",
         packets("keepalive", "nor in another encapsulation than was agreed upon") +
         packets("reverse", "nothing in UDP where none was agreed upon") +
         suite("udp_tunnel", "test_with_r_the_first_keepalive_says_the_port")),
        ("SHOULD", EXIT, "What is logged of that is not too much.", "nothing is: it is counted, as forward-reverse-kind"),
    ],
    "4.1": [
        ("MUST", BOTH, "IP in UDP is there.",
         packets("home", "ipip in UDP") + packets("reverse", "a reverse tunnel of ipip in UDP") +
         suite("forward", "test_both_ways_through_the_tunnel")),
        ("MUST", BOTH, "GRE and minimal encapsulation in UDP follow the same rules as outside of it.",
         packets("home", "gre in UDP", "minimal in UDP") +
         packets("reverse", "a reverse tunnel of gre in UDP", "a reverse tunnel of minimal in UDP")),
    ],
    "4.3": [
        ("MUST", EXIT, "Addresses and ports outside must be exactly those of the tunnel, but for the port of one that has none yet.",
         packets("reverse", "nothing is taken from elsewhere", "nothing from another port", "nothing to another port") +
         packets("keepalive", "a keepalive from another port, when one is known", "nor by data from no port") +
         suite("udp_tunnel", "test_it_goes_to_where_the_registration_came_from")),
    ],
    "4.6": [
        ("MUST", ENTRY, "Packets go to the address that the registration came from, not to the care-of address behind the NAT.",
         suite("udp_tunnel", "test_it_goes_to_where_the_registration_came_from")),
        ("MUST", ENTRY, "With R they wait for the first keepalive.",
         packets("home", "a UDP tunnel without a port yet") +
         suite("udp_tunnel", "test_with_r_the_first_keepalive_says_the_port", "test_the_port_is_kept_until_the_node_registers_anew")),
        ("MUST", ENTRY, "That keepalive comes from the address of the registration, from whatever port.",
         packets("keepalive", "the first keepalive says the port", "not from another address") +
         suite("udp_tunnel", "test_with_r_the_first_keepalive_says_the_port")),
        ("MUST", ENTRY, "Its inner source is the home address, and its inner destination the home agent.",
         packets("keepalive", "nor by an echo of somebody else", "nor by an echo to another host", "nor by data")),
        ("MUST", ENTRY, "Its outer source is then where packets go.",
         suite("udp_tunnel", "test_with_r_the_first_keepalive_says_the_port") +
         suite("stream", "test_across_the_death_of_the_leader") + unit("udp_port", "the first port is taken, and no other")),
    ],
    "4.7": [
        ("MUST", ENTRY, "Data of such a binding goes through UDP and no other tunnel.",
         packets("home", "ipip in UDP") + packets("reverse", "nothing without UDP where it was agreed upon")),
        ("MUST NOT", BOTH, "Messages of Mobile IP are not tunnelled.",
         unit("tunnel_unwrap", "wrong packets have their fault")),
    ],
    "4.8": [
        ("SHOULD", ENTRY, "What is too big is fragmented before it goes into UDP.",
         packets("size", "what just fits UDP", "one octet more is fragmented inside")),
    ],
    "4.9": [
        ("MUST", MN, "A keepalive is an ICMP echo request in UDP, to the home agent.", OF_NODE),
        ("MUST", ENTRY, "It is answered through the tunnel.",
         packets("keepalive", "a keepalive in ipip is answered", "a keepalive in gre is answered",
                 "a keepalive that a socket received")),
    ],
    "4.10": [
        ("MUST NOT", ENTRY, "The agent does not adapt the interval of keepalives to what it sees.",
         "the interval is a setting, registration.udp-keepalive, and nothing else changes it"),
    ],
    "6.1.2": [
        ("MUST NOT", ENTRY, "A keepalive from another address than the registration's is not accepted.",
         packets("keepalive", "not from another address") +
         suite("udp_tunnel", "test_with_r_the_first_keepalive_says_the_port")),
    ],
}

TUNNELS = {
    "RFC 2003": IP_IN_IP,
    "RFC 2004": MINIMAL,
    "RFC 2784": GRE,
    "RFC 2890": GRE_FIELDS,
    "RFC 3519 packets": UDP,
}
