"""Deliberate faults, each an edit of one place in agentd: (file, what stands there exactly once, what stands there then).

In what stands there then, MUTANT("name") is true when the program is run as that mutant; one name may stand in several
edits, and one edit may have several names. mutate.py applies them; a row whose old text is not there once is an error.

A mutant must still answer a plain registration, or nothing is learnt from it: the lifetime of 60 seconds is the one that
the suite uses for that, and some mutants leave such requests alone.
"""

R = "agentd/registration/"

EDITS = [
    # ---- who sent it
    (R + "check_authentic.c",
     "return request->fault == HA_E_UNKNOWN_EXTENSION ? MIP_SILENCE : PASS;",
     'return request->fault == HA_E_UNKNOWN_EXTENSION && !MUTANT("unknown-extension-told") ? MIP_SILENCE : PASS;'),
    (R + "check_authentic.c",
     "return facts->mobile_home == AUTHENTICATION_ABSENT &&\n",
     'return !MUTANT("authorization-not-needed") && facts->mobile_home == AUTHENTICATION_ABSENT &&\n'),
    (R + "check_authentic.c",
     "\tif (!has_no_association(facts))\n\t\treturn PASS;\n",
     '\tif (!has_no_association(facts))\n\t\treturn PASS;\n'
     '\tif (MUTANT("unknown-spi-told"))\n\t\treturn MIP_MN_AUTH_FAILED;\n'
     '\tif (MUTANT("unknown-spi-not-told"))\n\t\treturn MIP_SILENCE;\n'),
    (R + "check_authentic.c",
     "\tif (facts->foreign_home == AUTHENTICATION_VALID)\n\t\treturn code;\n",
     '\tif (facts->foreign_home == AUTHENTICATION_VALID && !MUTANT("failure-not-told-to-agent"))\n\t\treturn code;\n'),
    (R + "check_authentic.c",
     "\t\treturn code;\n\treturn MIP_SILENCE;\n",
     '\t\treturn MUTANT("failure-not-told") ? MIP_SILENCE : code;\n'
     '\treturn MUTANT("failure-told") ? code : MIP_SILENCE;\n'),
    (R + "check_authentic.c",
     "return tell_of_failure(facts, MIP_MN_AUTH_FAILED);",
     'return MUTANT("authenticator-not-checked") ? PASS : tell_of_failure(facts, MIP_MN_AUTH_FAILED);'),
    (R + "check_authentic.c",
     "if (facts->mobile_aaa == AUTHENTICATION_ABSENT || facts->mobile_aaa == AUTHENTICATION_VALID)",
     'if (MUTANT("aaa-not-checked") || facts->mobile_aaa == AUTHENTICATION_ABSENT ||\n'
     "\t    facts->mobile_aaa == AUTHENTICATION_VALID)"),
    (R + "check_authentic.c",
     "\t\treturn MIP_AAA_AUTH_FAILED;\n",
     '\t\treturn MUTANT("aaa-code") ? MIP_MN_AUTH_FAILED : MIP_AAA_AUTH_FAILED;\n'),
    (R + "check_authentic.c",
     "return request->fault == HA_OK ? PASS : MIP_POORLY_FORMED;",
     'return request->fault == HA_OK || MUTANT("broken-chain-accepted") ? PASS : MIP_POORLY_FORMED;'),
    (R + "check_authentic.c",
     "if (e->mobile_home_count && e->mobile_aaa_count &&",
     'if (!MUTANT("order-not-checked") && e->mobile_home_count && e->mobile_aaa_count &&'),
    (R + "check_authentic.c",
     "return identification_is_good(request, facts) ? PASS : MIP_ID_MISMATCH;",
     'if (MUTANT("agent-before-identification") && check_foreign_agent(request, facts) != PASS)\n'
     "\t\treturn PASS;\n"
     '\tif (MUTANT("home-agent-before-identification") && check_home_agent(request, facts) != PASS)\n'
     "\t\treturn PASS;\n"
     '\treturn identification_is_good(request, facts) || MUTANT("identification-not-checked") ? PASS :\n'
     '\t       MUTANT("mismatch-code") ? MIP_PROHIBITED : MIP_ID_MISMATCH;'),
    (R + "check_authentic.c",
     "if (!facts->foreign_agent_associated || is_deregistration(request))",
     'if (!facts->foreign_agent_associated || (is_deregistration(request) && !MUTANT("deregistration-must-be-signed")))'),
    (R + "check_authentic.c",
     "return facts->foreign_home == AUTHENTICATION_VALID ? PASS : MIP_FA_AUTH_FAILED;",
     'return facts->foreign_home == AUTHENTICATION_VALID || MUTANT("agent-not-checked") ? PASS : MIP_FA_AUTH_FAILED;'),
    (R + "check_authentic.c",
     "if (request->extensions.foreign_home_count > 0 && !facts->foreign_agent_associated)",
     "if (request->extensions.foreign_home_count > 0 && !facts->foreign_agent_associated &&\n"
     '\t    !MUTANT("signing-stranger-accepted"))'),
    (R + "authenticate.c",
     "\t*out = (struct registration_request){ 0 };\n",
     '\t*out = (struct registration_request){ 0 };\n\tif (MUTANT("long-requests-dropped") && payload.size > 512)\n'
     "\t\treturn HA_E_MALFORMED;\n"),
    (R + "authenticate.c",
     "return extensions->mobile_aaa_count == 1 &&",
     'return MUTANT("chap-refused") ? AUTHENTICATION_WRONG : extensions->mobile_aaa_count == 1 &&'),
    (R + "authenticate.c",
     "return request->fixed.care_of.s_addr == INADDR_ANY && request->extensions.gfa_count",
     "return request->fixed.care_of.s_addr == INADDR_ANY && request->extensions.gfa_count &&\n"
     '\t       !MUTANT("gateway-is-no-care-of-address")'),
    ("agentd/flow/request.c",
     "\t                                                 extensions->mobile_home_count,\n",
     "\t\textensions->mobile_home_count - (unsigned)(extensions->mobile_home_count > 1 &&\n"
     '\t\t\tMUTANT("second-authenticator-passed-over")),\n'),
    ("agentd/flow/request.c",
     "&extensions->foreign_home, extensions->foreign_home_count,",
     "&extensions->foreign_home, extensions->foreign_home_count -\n"
     '\t\t(unsigned)(extensions->foreign_home_count > 1 && MUTANT("second-of-agent-passed-over")),'),
    ("agentd/flow/request.c",
     "\t\t.address = r->decoded.source,\n",
     '\t\t.address = MUTANT("agent-found-by-care-of") ? r->decoded.fixed.care_of : r->decoded.source,\n'),
    ("agentd/flow/request.c",
     "\tif (extensions->nai_count) {\n",
     '\tif (extensions->nai_count && !MUTANT("names-not-known")) {\n'),
    ("agentd/flow/request.c",
     "\tif (r->node.tolerance_s)\n",
     '\tif (r->node.tolerance_s && !MUTANT("own-tolerance-ignored"))\n'),
    ("agentd/flow/request.c",
     "\tif (r->node_known && r->node.key.algorithm) {\n\t\tsigners.mobile_spi = r->node.spi;\n",
     '\tif (r->node_known && r->node.key.algorithm) {\n\t\tsigners.mobile_spi = MUTANT("first-spi-signs") ? 256 : '
     "r->node.spi;\n"),
    ("agentd/flow/request.c",
     "command.care_of = &care_of;",
     'command.care_of = MUTANT("zero-is-deregistered") ? &r->decoded.fixed.care_of : &care_of;'),
    ("agentd/flow/messages.c",
     "\tif (type < ROW_COUNT && rows[type].handle)\n",
     '\tif (MUTANT("type-not-checked") && !(type < ROW_COUNT && rows[type].handle)) {\n'
     "\t\tout->type = MIP_TYPE_REQUEST;\n"
     "\t\trequest_handle(agent, policy, clock, datagram, no_resources, out);\n"
     "\t\treturn;\n\t}\n"
     "\tif (type < ROW_COUNT && rows[type].handle)\n"),
    ("agentd/flow/messages.c",
     "\telse\n\t\tflow_count(FLOW_DROPPED_MALFORMED);\n",
     "\telse\n\t\tflow_count(FLOW_DROPPED_MALFORMED);\n"
     '\tif (MUTANT("malformed-answered") && out->fate == REQUEST_DROPPED &&\n'
     "\t    (type != MIP_TYPE_REQUEST || datagram->payload.size < MIP_REQUEST_SIZE)) {\n"
     '\t\tmemcpy(out->reply, "\\3\\200\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", 20);\n'
     "\t\tout->reply_size = 20;\n\t\tout->fate = REQUEST_ANSWERED;\n\t\tout->code = MIP_UNSPECIFIED;\n\t}\n"),
    ("agentd/state/state.c",
     "uint32_t at = association_find(state, peer, spi, ASSOCIATION_HOME);",
     'uint32_t at = MUTANT("spi-not-looked-at") ? first_signer(state, peer)\n'
     "\t              : association_find(state, peer, spi, ASSOCIATION_HOME);"),
    ("agentd/state/state.c",
     "\tuint32_t at = spi ? association_find(state, peer, spi, ASSOCIATION_AAA) : SLOT_NONE;\n",
     "\tuint32_t at = spi ? association_find(state, peer, spi, ASSOCIATION_AAA) : SLOT_NONE;\n\n"
     '\tif (MUTANT("aaa-demanded") && !spi)\n'
     "\t\tfor (uint32_t i = peer->associations; i != SLOT_NONE; i = state->associations[i].next)\n"
     "\t\t\tif (state->associations[i].use == ASSOCIATION_AAA)\n\t\t\t\tout->associated = false;\n"),

    # ---- authenticators
    ("proto/authenticator.c",
     "\tmd5_update(&hash, covered.size, covered.at);\n",
     '\tif (MUTANT("keyed-md5-without-spi") && state->algorithm == MIP_KEYED_MD5)\n'
     "\t\tcovered.size -= SPI_SIZE;\n\tmd5_update(&hash, covered.size, covered.at);\n"),
    ("proto/authenticator.c",
     "\tcovered.size -= covered.size < SPI_SIZE ? covered.size : SPI_SIZE;\n",
     '\tif (!MUTANT("rfc2002-covers-spi"))\n\t\tcovered.size -= covered.size < SPI_SIZE ? covered.size : SPI_SIZE;\n'),
    ("proto/authenticator.c",
     "\thash->finish(state->secret, covered, inner);\n",
     '\tif (MUTANT("sha1-wrong") && hash->digest_size == SHA1_DIGEST_SIZE)\n\t\tcovered.size--;\n'
     '\tif (MUTANT("sha256-wrong") && hash->digest_size == SHA256_DIGEST_SIZE)\n\t\tcovered.size--;\n'
     "\thash->finish(state->secret, covered, inner);\n"),
    ("proto/authenticator.c",
     "bool mip_authenticator_verify(const struct mip_key_state *state, struct span covered,\n",
     "/* With one bit of what is covered the other way round. */\n"
     "static bool is_one_bit_off(const struct mip_key_state *state, struct span covered,\n"
     "\t\t\t   struct span authenticator, size_t bit)\n{\n"
     "\tuint8_t copy[2048], expected[MIP_AUTHENTICATOR_SIZE_MAX];\n\n"
     "\tif (bit / 8 >= covered.size || covered.size > sizeof(copy))\n\t\treturn false;\n"
     "\tmemcpy(copy, covered.at, covered.size);\n"
     "\tcopy[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);\n"
     "\tmip_authenticator_compute(state, (struct span){ copy, covered.size }, expected);\n"
     "\treturn memeql_sec(expected, authenticator.at, authenticator.size);\n}\n\n"
     "bool mip_authenticator_verify(const struct mip_key_state *state, struct span covered,\n"),
    ("proto/authenticator.c",
     "\tif (size == 0 || authenticator.size != size)\n\t\treturn false;\n",
     '\tif (size == 0 || (authenticator.size != size && !MUTANT("size-not-checked")))\n\t\treturn false;\n'
     "\tif (authenticator.size < size)\n\t\tsize = authenticator.size;\n"),
    ("proto/authenticator.c",
     "\treturn memeql_sec(expected, authenticator.at, size);\n",
     '\tif (MUTANT("last-octet-not-compared"))\n\t\tsize--;\n'
     '\tif (MUTANT("sixteen-octets-compared") && size > 16)\n\t\tsize = 16;\n'
     '\tif (MUTANT("first-octet-not-compared"))\n\t\texpected[0] = authenticator.at[0];\n'
     "\tif (memeql_sec(expected, authenticator.at, size))\n\t\treturn true;\n"
     '\treturn (MUTANT("flags-not-covered") && is_one_bit_off(state, covered, authenticator, 9)) ||\n'
     '\t       (MUTANT("lifetime-not-covered") && is_one_bit_off(state, covered, authenticator, 31)) ||\n'
     '\t       (MUTANT("home-agent-not-covered") && is_one_bit_off(state, covered, authenticator, 95)) ||\n'
     '\t       (MUTANT("care-of-not-covered") && is_one_bit_off(state, covered, authenticator, 127)) ||\n'
     '\t       (MUTANT("identification-not-covered") && is_one_bit_off(state, covered, authenticator, 191)) ||\n'
     '\t       (MUTANT("type-not-covered") && is_one_bit_off(state, covered, authenticator, 199)) ||\n'
     '\t       (MUTANT("extension-not-covered") && is_one_bit_off(state, covered, authenticator, 215)) ||\n'
     '\t       (MUTANT("name-not-covered") && is_one_bit_off(state, covered, authenticator, 223)) ||\n'
     '\t       (MUTANT("later-extension-not-covered") && is_one_bit_off(state, covered, authenticator, 391));\n'),
    ("proto/authenticator.c",
     "\tmd5_update(&hash, 1, challenge.at);\n",
     '\tif (!MUTANT("chap-without-first-octet"))\n\t\tmd5_update(&hash, 1, challenge.at);\n'),
    ("proto/authenticator.c",
     "tail = last_of(challenge, CHAP_CHALLENGE_MAX);",
     'tail = last_of(challenge, MUTANT("chap-over-whole-challenge") ? 255 : CHAP_CHALLENGE_MAX);'),
    ("proto/authenticator.c",
     "challenge = (struct span){ .at = zero, .size = sizeof(zero) };",
     'challenge = (struct span){ .at = zero, .size = MUTANT("chap-over-nothing") ? 0 : sizeof(zero) };'),
    ("proto/authenticator.c",
     "\treturn memeql_sec(expected, authenticator.at, MIP_CHAP_SIZE);\n",
     '\treturn MUTANT("chap-not-checked") || memeql_sec(expected, authenticator.at, MIP_CHAP_SIZE);\n'),

    # ---- the chain of extensions
    ("proto/message.c",
     "\tif (get_u8(in) != type)\n",
     '\tif (get_u8(in) != type && !MUTANT("type-not-checked"))\n'),
    ("proto/extension.c",
     "if (layout == LAYOUT_UNKNOWN && type >= EXTENSION_SKIPPABLE_MIN)",
     'if (layout == LAYOUT_UNKNOWN && type == 255 && MUTANT("greatest-not-skipped"))\n\t\treturn LAYOUT_UNKNOWN;\n'
     '\tif (layout == LAYOUT_UNKNOWN && type >= 200 && type < 255 && MUTANT("unknown-not-skipped"))\n'
     "\t\treturn LAYOUT_UNKNOWN;\n"
     '\tif (layout == LAYOUT_UNKNOWN && MUTANT("everything-skipped"))\n\t\treturn LAYOUT_SIMPLE;\n'
     "\tif (layout == LAYOUT_UNKNOWN && type >= EXTENSION_SKIPPABLE_MIN +\n"
     '\t    (MUTANT("skipped-from-129") ? 1 : 0) - (MUTANT("skipped-from-127") ? 1 : 0))'),
    ("proto/extension.c",
     "layout_of(*in->at) == LAYOUT_PAD)",
     'layout_of(*in->at) == LAYOUT_PAD && !MUTANT("pads-not-skipped"))'),
    ("proto/extension.c",
     "\tcase LAYOUT_SIMPLE:\n\t\tsize = get_u8(in);\n",
     "\tcase LAYOUT_SIMPLE:\n\t\tsize = get_u8(in);\n"
     '\t\tif (size == 0 && MUTANT("empty-is-broken"))\n\t\t\treader_fail(in, HA_E_TRUNCATED);\n'
     '\t\tif (extension_rules[out->type].layout == LAYOUT_UNKNOWN && MUTANT("skipped-data-walked"))\n'
     "\t\t\tsize = 0;\n"),
    ("proto/extension.c",
     "return LAYOUT_SHORT;\n\treturn get_u8(&ahead) == 0 ? LAYOUT_LONG : LAYOUT_SHORT;",
     'return MUTANT("dynamic-agent-always-long") ? LAYOUT_LONG : LAYOUT_SHORT;\n'
     '\treturn get_u8(&ahead) == 0 && !MUTANT("dynamic-agent-always-short") ? LAYOUT_LONG : LAYOUT_SHORT;'),
    ("proto/extension.c",
     "\tif (rule->keep)\n\t\treturn rule->keep(out, found);\n",
     '\tif (MUTANT("vendor-refused") && found->extension->type == 134)\n\t\treturn HA_E_UNKNOWN_EXTENSION;\n'
     '\tif (MUTANT("delivery-style-refused") && found->extension->type == 130)\n\t\treturn HA_E_UNKNOWN_EXTENSION;\n'
     '\tif (MUTANT("message-string-refused") && found->extension->type == 145)\n\t\treturn HA_E_UNKNOWN_EXTENSION;\n'
     '\tif (MUTANT("mobile-foreign-refused") && found->extension->type == 33)\n\t\treturn HA_E_UNKNOWN_EXTENSION;\n'
     '\tif (MUTANT("revocation-support-refused") && found->extension->type == 137)\n'
     "\t\treturn HA_E_UNKNOWN_EXTENSION;\n"
     "\tif (rule->keep)\n\t\treturn rule->keep(out, found);\n"),
    ("proto/extension.c",
     "\treturn at - begin <= size - octets.size;\n",
     '\treturn MUTANT("everything-is-covered") || at - begin <= size - octets.size;\n'),
    ("proto/extension_rules.c",
     "\tget_u8(&in); /* reserved 1 */\n\tflags = get_u8(&in);\n",
     '\tif (get_u8(&in) && MUTANT("udp-reserved-checked"))\n\t\treturn HA_E_MALFORMED;\n\tflags = get_u8(&in);\n'),
    ("proto/extension_rules.c",
     "read.forced = (flags & UDP_FORCED) != 0;",
     'read.forced = (flags & UDP_FORCED) != 0 && !MUTANT("udp-force-ignored");'),
    ("proto/extension_rules.c",
     "read.registration_required = (flags & UDP_REGISTRATION_REQUIRED) != 0;",
     'read.registration_required = (flags & UDP_REGISTRATION_REQUIRED) != 0;\n'
     '\tif (read.registration_required && MUTANT("udp-r-refused"))\n\t\treturn HA_E_MALFORMED;'),
    ("proto/extension_rules.c",
     "read.reserved_set = get_u16(&in) != 0;",
     'read.reserved_set = get_u16(&in) != 0 && !MUTANT("udp-reserved-3-ignored");'),
    ("proto/extension_rules.c",
     "read.inform = (get_u16(&in) & BIT_15) != 0;\n",
     'read.inform = (get_u16(&in) & BIT_15) != 0 || MUTANT("inform-always");\n'),

    # ---- what it asks for
    (R + "check_request.c",
     "return request->extensions.cvse_count &&\n",
     'return !MUTANT("vendor-of-node-taken-for-agents") && request->extensions.cvse_count &&\n'),
    (R + "check_request.c",
     "return request->extensions.cvse_count ? MIP_CVSE_FOREIGN : PASS;",
     'return request->extensions.cvse_count && !MUTANT("vendor-of-agent-accepted") ? MIP_CVSE_FOREIGN : PASS;'),
    (R + "check_request.c",
     "return request->broadcast ? MIP_UNKNOWN_HA : PASS;",
     'return request->broadcast && !MUTANT("discovery-registers") ? MIP_UNKNOWN_HA : PASS;'),
    ("agentd/flow/sockets.c",
     "if (!config->discovery ||",
     'if (MUTANT("discovery-not-heard") || !config->discovery ||'),
    ("agentd/flow/sockets.c",
     "out[1] = broadcast_socket(config, &link, everybody);",
     'out[1] = MUTANT("limited-broadcast-not-heard") ? -1 : broadcast_socket(config, &link, everybody);'),
    (R + "check_request.c",
     "return facts->policy.dynamic_home_agent && is_any_agent(request->fixed.home_agent) &&\n"
     "\t       request->extensions.nai_count > 0;",
     'return !MUTANT("any-agent-refused") && (facts->policy.dynamic_home_agent || MUTANT("any-agent-always")) &&\n'
     "\t       is_any_agent(request->fixed.home_agent) &&\n"
     '\t       !(MUTANT("all-ones-refused") && request->fixed.home_agent.s_addr) &&\n'
     '\t       (request->extensions.nai_count > 0 || MUTANT("any-agent-without-name"));'),
    (R + "check_request.c",
     "return address_equal(request->fixed.home_agent, facts->policy.home_agent) ||",
     'return MUTANT("home-agent-not-checked") || address_equal(request->fixed.home_agent, facts->policy.home_agent) ||'),
    (R + "check_request.c",
     "return address_equal(wanted->address, facts->policy.home_agent) ? PASS : MIP_UNKNOWN_HA;",
     'return address_equal(wanted->address, facts->policy.home_agent) != MUTANT("requested-agent-misread") ||\n'
     '\t       MUTANT("requested-agent-not-checked") ? PASS : MIP_UNKNOWN_HA;'),
    (R + "check_request.c",
     "return asks_any_agent(request, facts) && facts->policy.redirect.s_addr &&",
     'return !MUTANT("not-redirected") && asks_any_agent(request, facts) && facts->policy.redirect.s_addr &&'),
    (R + "check_request.c",
     "return facts->policy.strict_reserved &&\n\t                       request->fixed.flags & (MIP_REQUEST_R | "
     "MIP_REQUEST_X)",
     'return (facts->policy.strict_reserved || MUTANT("reserved-refused")) &&\n'
     "\t       request->fixed.flags & ((MIP_REQUEST_R * !MUTANT(\"reserved-r-accepted\")) |\n"
     '\t                               (MIP_REQUEST_X * !MUTANT("reserved-x-accepted")))'),
    (R + "check_request.c",
     "\tif (home.s_addr == INADDR_ANY)\n\t\treturn PASS;\n",
     '\tif (home.s_addr == INADDR_ANY)\n\t\treturn MUTANT("home-zero-refused") ? MIP_PROHIBITED : PASS;\n'),
    (R + "check_request.c",
     "return address_equal(home, facts->node_home) ? PASS : MIP_PROHIBITED;",
     'return address_equal(home, facts->node_home) || MUTANT("home-not-checked") ? PASS : MIP_PROHIBITED;'),
    (R + "check_request.c",
     "\tif (is_deregistration(request) || !(flags & (MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL)))\n\t\treturn PASS;\n"
     "\treturn gre || minimal ? PASS",
     '\tif (MUTANT("reverse-first") && check_reverse_tunnel(request, facts) != PASS)\n\t\treturn PASS;\n'
     '\tif (MUTANT("demand-first") && check_reverse_mandatory(request, facts) != PASS)\n\t\treturn PASS;\n'
     "\tif (is_deregistration(request) || !(flags & (MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL)))\n\t\treturn PASS;\n"
     '\tif (MUTANT("both-encapsulations-refused") && gre && minimal)\n\t\treturn MIP_ENCAPSULATION_UNAVAILABLE;\n'
     '\tif (MUTANT("gre-refused") && gre && !minimal)\n\t\treturn MIP_ENCAPSULATION_UNAVAILABLE;\n'
     '\tif (MUTANT("minimal-refused") && minimal && !gre)\n\t\treturn MIP_ENCAPSULATION_UNAVAILABLE;\n'
     '\treturn gre || minimal || MUTANT("encapsulation-not-checked") ? PASS'),
    (R + "check_request.c",
     "\treturn !is_deregistration(request) &&\n\t                       facts->policy.reverse_tunnel == "
     "REVERSE_TUNNEL_REQUIRED &&",
     '\treturn (!is_deregistration(request) || MUTANT("reverse-demanded-of-deregistration")) &&\n'
     '\t       !MUTANT("reverse-not-demanded") && facts->policy.reverse_tunnel == REVERSE_TUNNEL_REQUIRED &&'),
    (R + "check_request.c",
     "\treturn !is_deregistration(request) && facts->policy.reverse_tunnel == REVERSE_TUNNEL_NO &&",
     '\treturn (!is_deregistration(request) || MUTANT("reverse-refused-to-deregistration")) &&\n'
     '\t       (facts->policy.reverse_tunnel == REVERSE_TUNNEL_NO || MUTANT("reverse-refused")) &&\n'
     '\t       !MUTANT("reverse-granted") &&'),
    (R + "check_request.c",
     "return facts->policy.gateway_agents &&\n\t                       (is_deregistration(request) ||\n"
     "\t                        is_of_known_agent(request, facts, request->extensions.gfa.at))",
     'return (facts->policy.gateway_agents || MUTANT("gateway-always")) && !MUTANT("gateway-refused") &&\n'
     '\t       ((is_deregistration(request) && !MUTANT("gateway-signs-deregistrations")) ||\n'
     '\t        is_of_known_agent(request, facts, request->extensions.gfa.at) || MUTANT("gateway-of-strangers"))'),
    (R + "check_request.c",
     "? MIP_ZERO_CARE_OF\n",
     '? MUTANT("zero-care-of-code") ? MIP_POORLY_FORMED : MIP_ZERO_CARE_OF\n'),
    (R + "check_request.c",
     "if (address_equal(care_of, request->fixed.home) || address_equal(care_of, facts->node_home))",
     "if ((address_equal(care_of, request->fixed.home) || address_equal(care_of, facts->node_home)) &&\n"
     '\t    !MUTANT("care-of-home-accepted"))'),
    (R + "check_request.c",
     "if (!address_is_unicast(care_of) && !IN_MULTICAST(address_host(care_of)))",
     "if (!address_is_unicast(care_of) && !IN_MULTICAST(address_host(care_of)) &&\n"
     '\t    !MUTANT("care-of-not-unicast-accepted"))'),
    (R + "check_request.c",
     "(address_equal(care_of, facts->policy.home_agent) || !address_is_unicast(care_of)))",
     '((address_equal(care_of, facts->policy.home_agent) && !MUTANT("care-of-agent-accepted")) ||\n'
     '\t     (!address_is_unicast(care_of) && !MUTANT("care-of-not-unicast-accepted"))))'),
    (R + "check_request.c",
     "return is_deregistration(request) ||\n\t                       address_in_prefixes(endpoint,",
     'return (is_deregistration(request) && !MUTANT("origin-of-deregistration-checked")) ||\n'
     '\t       MUTANT("origin-not-checked") || address_in_prefixes(endpoint,'),
    (R + "check_request.c",
     "if (is_deregistration(request) || !keeps_others(request, facts))\n\t\treturn PASS;",
     'if ((is_deregistration(request) && !MUTANT("limit-of-deregistration")) ||\n'
     "\t    !keeps_others(request, facts))\n\t\treturn PASS;"),
    (R + "check_request.c",
     "\t\t    !address_equal(facts->bindings[i].care_of, care_of))",
     '\t\t    (!address_equal(facts->bindings[i].care_of, care_of) || MUTANT("refresh-counted")))'),
    (R + "check_request.c",
     "return others < facts->binding_limit ? PASS : MIP_TOO_MANY_BINDINGS;",
     'return others + MUTANT("limit-one-less") < facts->binding_limit || MUTANT("limit-not-checked") ? PASS :\n'
     '\t       MUTANT("limit-code") ? MIP_NO_RESOURCES : MIP_TOO_MANY_BINDINGS;'),
    (R + "check_request.c",
     "return facts->no_resources && !is_retransmission(request, facts) ? MIP_NO_RESOURCES : PASS;",
     'if (MUTANT("broadcasts-refused") && request->fixed.flags & MIP_REQUEST_BROADCAST)\n'
     "\t\treturn MIP_POORLY_FORMED;\n"
     '\tif (MUTANT("decapsulation-refused") && request->fixed.flags & MIP_REQUEST_DECAPSULATES)\n'
     "\t\treturn MIP_POORLY_FORMED;\n"
     "\treturn facts->no_resources && !is_retransmission(request, facts) ? MIP_NO_RESOURCES : PASS;"),

    # ---- UDP tunnels
    (R + "tunnel.c",
     "return request->extensions.udp_request_count && !is_deregistration(request)\n",
     "return request->extensions.udp_request_count &&\n"
     '\t       (!is_deregistration(request) || MUTANT("udp-in-deregistration"))\n'),
    (R + "tunnel.c",
     "is_of_mobile(request, facts, udp->at) != decapsulates)",
     '(is_of_mobile(request, facts, udp->at) != decapsulates && !MUTANT("udp-asker-not-checked")))'),
    (R + "tunnel.c",
     "return !address_equal(request->source, registration_care_of(request));",
     'return (!address_equal(request->source, registration_care_of(request)) || MUTANT("nat-always-seen")) &&\n'
     '\t       !MUTANT("nat-never-seen");'),
    (R + "tunnel.c",
     "(udp->forced && facts->policy.udp_tunnel == UDP_TUNNEL_ON_REQUEST);",
     '(udp->forced && (facts->policy.udp_tunnel == UDP_TUNNEL_ON_REQUEST || MUTANT("udp-force-always")) &&\n'
     '\t\t!MUTANT("udp-force-never"));'),
    (R + "tunnel.c",
     "if (!udp || is_granted(udp, request, facts))\n\t\treturn PASS;\n\treturn is_behind_nat",
     'if (!udp || is_granted(udp, request, facts) || MUTANT("udp-refusal-accepted"))\n\t\treturn PASS;\n'
     "\treturn is_behind_nat"),
    (R + "tunnel.c",
     "\tcase PROTOCOL_IPIP:\n\t\treturn true;\n",
     '\tcase PROTOCOL_IPIP:\n\t\treturn protocol || !MUTANT("udp-preset-encapsulation-refused");\n'),
    (R + "tunnel.c",
     "\tcase PROTOCOL_GRE:\n\t\treturn policy->gre;\n",
     '\tcase PROTOCOL_GRE:\n\t\treturn (policy->gre || MUTANT("udp-gre-always")) && !MUTANT("udp-gre-never");\n'),
    (R + "tunnel.c",
     "\tdefault:\n\t\treturn false;\n",
     '\tdefault:\n\t\treturn MUTANT("udp-any-protocol");\n'),
    (R + "tunnel.c",
     ".reply_code = MIP_UDP_DECLINED,",
     '.reply_code = MUTANT("udp-declined-as-accepted") ? MIP_UDP_ACCEPTED : MIP_UDP_DECLINED,'),
    (R + "tunnel.c",
     "tunnel.forced = udp->forced && !is_behind_nat(request);",
     'tunnel.forced = (udp->forced && !is_behind_nat(request)) != MUTANT("udp-forced-inverted");'),

    # ---- replays
    (R + "replay.c",
     "uint64_t distance_ms = sent_ms > facts->wall_ms ? sent_ms - facts->wall_ms\n"
     "\t                                                : facts->wall_ms - sent_ms;",
     'uint64_t distance_ms = sent_ms > facts->wall_ms ? MUTANT("future-not-limited") ? 0 : sent_ms - facts->wall_ms\n'
     '\t                                                : MUTANT("past-not-limited") ? 0 : facts->wall_ms - sent_ms;'),
    (R + "replay.c",
     "return distance_ms <= facts->policy.tolerance_s * 1000u;",
     'return distance_ms <= facts->policy.tolerance_s * (MUTANT("tolerance-in-centiseconds") ? 10u : 1000u);'),
    (R + "replay.c",
     "return request->fixed.identification == facts->newest_identification &&\n"
     "\t       registration_digest(request) == facts->newest_digest;",
     'return request->fixed.identification == facts->newest_identification && !MUTANT("retransmission-refused") &&\n'
     '\t       (registration_digest(request) == facts->newest_digest || MUTANT("digest-not-compared"));'),
    (R + "replay.c",
     "nonce == nonce_of(facts, facts->newest_identification, nonce >> SALT_SHIFT);",
     '(nonce == nonce_of(facts, facts->newest_identification, nonce >> SALT_SHIFT) || MUTANT("nonce-not-checked"));'),
    (R + "replay.c",
     "\tif (facts->nonces)\n\t\treturn is_our_nonce(",
     '\tif (facts->nonces && !MUTANT("nonces-as-stamps"))\n\t\treturn is_our_nonce('),
    (R + "replay.c",
     "return clock_ntp_is_later(identification, facts->newest_identification) ||",
     'if (MUTANT("seconds-compared") && request->fixed.lifetime_s != 60)\n'
     "\t\treturn identification >> 32 > facts->newest_identification >> 32 ||\n"
     "\t\t       is_retransmission(request, facts);\n"
     '\tif (MUTANT("low-halves-compared") && facts->newest_identification && request->fixed.lifetime_s != 60)\n'
     "\t\treturn (identification & LOW_HALF) > (facts->newest_identification & LOW_HALF);\n"
     '\tif (MUTANT("newest-not-compared"))\n\t\treturn true;\n'
     "\treturn clock_ntp_is_later(identification, facts->newest_identification) ||"),
    (R + "replay.c",
     "return (own + 1 + step) % SALTS;",
     'return MUTANT("nonce-not-fresh") ? own : (own + 1 + step) % SALTS;'),
    (R + "replay.c",
     "uint64_t newest = mip_code_is_accepted(code) ? identification\n",
     'uint64_t newest = mip_code_is_accepted(code) && !MUTANT("nonce-of-before") ? identification\n'),
    (R + "replay.c",
     "\tif (code != MIP_ID_MISMATCH)\n\t\treturn identification;\n",
     '\tif (MUTANT("identification-changed") && mip_code_is_accepted(code))\n'
     "\t\treturn identification + (UINT64_C(1) << 32);\n"
     '\tif (code != MIP_ID_MISMATCH || MUTANT("mismatch-without-time"))\n\t\treturn identification;\n'),
    (R + "replay.c",
     "return (clock_ntp_of_ms(facts->wall_ms) & ~LOW_HALF) | (identification & LOW_HALF);",
     'if (MUTANT("mismatch-without-low-half"))\n\t\treturn clock_ntp_of_ms(facts->wall_ms);\n'
     '\tif (MUTANT("mismatch-of-1970"))\n\t\treturn (facts->wall_ms / 1000) << 32 | (identification & LOW_HALF);\n'
     "\treturn (clock_ntp_of_ms(facts->wall_ms) & ~LOW_HALF) | (identification & LOW_HALF);"),
    ("agentd/state/apply.c",
     "\t\treplay->identification = registration->identification;\n",
     '\t\treplay->identification = MUTANT("newest-not-kept") ? 0 : registration->identification;\n'),
    ("agentd/state/apply.c",
     "return !clock_ntp_is_later(registration->identification, peer->replay.identification);",
     'return !clock_ntp_is_later(registration->identification, peer->replay.identification) &&\n'
     '\t       !MUTANT("newest-not-compared") && !MUTANT("digest-not-compared");'),

    # ---- what is granted
    (R + "decide.c",
     "\tif (asked_s <= facts->policy.max_lifetime_s)\n\t\treturn asked_s;\n",
     '\tif (MUTANT("short-lifetimes-raised") && asked_s > 0 && asked_s < 60)\n\t\treturn 60;\n'
     '\tif (MUTANT("lifetimes-rounded") && asked_s > 100)\n\t\treturn (uint16_t)(asked_s - asked_s % 10);\n'
     '\tif (MUTANT("infinity-cut") && asked_s == LIFETIME_INFINITE)\n\t\treturn LIFETIME_INFINITE - 1;\n'
     '\tif (MUTANT("lifetime-not-cut"))\n\t\treturn asked_s;\n'
     '\tif (MUTANT("longest-is-too-long") && asked_s == facts->policy.max_lifetime_s)\n'
     "\t\treturn (uint16_t)(asked_s / 2);\n"
     "\tif (asked_s <= facts->policy.max_lifetime_s)\n\t\treturn asked_s;\n"),
    (R + "decide.c",
     "return (uint16_t)(policy->max_lifetime_s - dice % (spread_s + 1));",
     'return (uint16_t)(policy->max_lifetime_s - dice % (spread_s + 1) - (MUTANT("cut-too-far") ? 200 : 0));'),
    (R + "decide.c",
     "\t               ? REGISTRATION_UNBIND_ALL\n\t               : REGISTRATION_UNBIND;",
     '\t               ? MUTANT("all-is-one") ? REGISTRATION_UNBIND : REGISTRATION_UNBIND_ALL\n'
     '\t               : MUTANT("one-is-all") ? REGISTRATION_UNBIND_ALL : REGISTRATION_UNBIND;'),
    (R + "decide.c",
     "\tverdict->effect = REGISTRATION_NONE;\n\tverdict->repeated = true;",
     '\tif (!MUTANT("retransmission-applied"))\n\t\tverdict->effect = REGISTRATION_NONE;\n\tverdict->repeated = true;'),
    (R + "decide.c",
     "\tif (is_deregistration(request))\n\t\treturn;\n",
     '\tif (is_deregistration(request) && !MUTANT("repeated-deregistration-refused"))\n\t\treturn;\n'),
    (R + "decide.c",
     "verdict->lifetime_s = remaining_s(binding, facts->cluster_ms);",
     'if (MUTANT("retransmission-extends"))\n\t\t\treturn;\n'
     "\t\tverdict->lifetime_s = remaining_s(binding, facts->cluster_ms);"),
    (R + "decide.c",
     "\tverdict->code = MIP_ID_MISMATCH;\n",
     '\tif (MUTANT("ended-is-repeated"))\n\t\treturn;\n\tverdict->code = MIP_ID_MISMATCH;\n'),
    (R + "decide.c",
     "return request->fixed.home.s_addr ? request->fixed.home : facts->node_home;",
     'return request->fixed.home.s_addr || MUTANT("own-home-not-told") ? request->fixed.home : facts->node_home;'),
    (R + "decide.c",
     "\treturn facts->policy.revocation && request->extensions.revocation_count > 0 &&",
     '\tif (MUTANT("revocation-offered-unasked"))\n\t\treturn true;\n'
     '\treturn facts->policy.revocation && !MUTANT("revocation-not-offered") &&\n'
     "\t       request->extensions.revocation_count > 0 &&"),
    (R + "decide.c",
     "facts->binding_limit > 1 ? MIP_ACCEPTED : MIP_ACCEPTED_ONE_BINDING);",
     '(facts->binding_limit > 1 || MUTANT("code-1-never")) && !MUTANT("code-1-always") ?\n'
     "\t\t\tMIP_ACCEPTED : MIP_ACCEPTED_ONE_BINDING);\n"
     '\tif (MUTANT("code-1-with-s") && request->fixed.flags & MIP_REQUEST_SIMULTANEOUS)\n'
     "\t\tverdict.code = MIP_ACCEPTED_ONE_BINDING;"),
    (R + "decide.c",
     "verdict.keep_others = keeps_others(request, facts);",
     'verdict.keep_others = (keeps_others(request, facts) || MUTANT("all-are-kept")) && !MUTANT("none-is-kept");'),
    ("agentd/state/apply.c",
     "\treturn binding->expires_ms <= *(const uint64_t *)argument;\n",
     '\treturn binding->expires_ms <= *(const uint64_t *)argument && !MUTANT("nothing-ends");\n'),
    ("agentd/state/apply.c",
     "\tleave(state, slot, unbind->has_care_of ? has_care_of : is_any,",
     '\tif (MUTANT("deregistration-does-nothing"))\n\t\treturn;\n'
     "\tleave(state, slot, unbind->has_care_of ? has_care_of : is_any,"),
    ("agentd/state/bindings.c",
     "\t\tstate->bindings[at].binding = *binding;\n",
     '\t\tif (MUTANT("refresh-does-not-extend"))\n\t\t\treturn HA_OK;\n\t\tstate->bindings[at].binding = *binding;\n'),
    ("agentd/state/state.c",
     "return pace->interval_ms && peer->paced_ms",
     'static unsigned asked;\n\n\tif (MUTANT("rate-of-all-nodes") && pace->interval_ms && ++asked > 2)\n\t\treturn true;\n'
     '\treturn pace->interval_ms && !MUTANT("rate-not-limited") && peer->paced_ms'),
    ("agentd/state/lease.c",
     "\tif (!address_pool_has(pool, pool->range.realm, home) || address_pool_is_taken(pool, home))\n",
     "\tif (!address_pool_has(pool, pool->range.realm, home) || address_pool_is_taken(pool, home) ||\n"
     '\t    MUTANT("pool-always-empty"))\n'),

    # ---- the reply
    (R + "reply.c",
     "\t\t\t\t     .lifetime_s = verdict->lifetime_s,\n\t\t\t\t     .home = verdict->home,\n",
     "\t\t\t\t     .lifetime_s = (uint16_t)(verdict->lifetime_s +\n"
     '\t\t\t\t\t\t(MUTANT("lifetime-longer") && verdict->lifetime_s > 60) +\n'
     '\t\t\t\t\t\t(MUTANT("deregistered-for-a-second") && verdict->lifetime_s == 0)),\n'
     '\t\t\t\t     .home = MUTANT("home-not-copied-in-denials") && verdict->code >= 128\n'
     "\t\t\t\t\t? (struct in_addr){ 0 } : verdict->home,\n"),
    (R + "reply.c",
     ".home_agent = facts->policy.home_agent,",
     '.home_agent = MUTANT("home-agent-copied") ? request->fixed.home_agent : facts->policy.home_agent,'),
    (R + "reply.c",
     "\tif (e->nai_count)\n",
     '\tif (e->challenge_count && MUTANT("challenge-before-authentication"))\n'
     "\t\tmip_challenge_append(w, e->challenge);\n"
     '\tif (MUTANT("name-not-returned-in-denials") && !mip_code_is_accepted(verdict->code))\n\t\treturn;\n'
     '\tif (MUTANT("name-returned-unasked") && !e->nai_count)\n'
     '\t\tmip_nai_append(w, (struct span){ (const uint8_t *)"a@b", 3 });\n'
     '\tif (e->nai_count && !MUTANT("name-not-returned"))\n'),
    (R + "reply.c",
     "\tif (verdict->code == MIP_REDIRECTED)\n",
     '\tif (verdict->code == MIP_REDIRECTED && !MUTANT("redirected-to-nowhere"))\n'),
    (R + "reply.c",
     "\tif (mip_code_is_accepted(verdict->code) && e->gfa_count)\n",
     '\tif (mip_code_is_accepted(verdict->code) && e->gfa_count && !MUTANT("gateway-not-returned"))\n'),
    (R + "reply.c",
     "return mip_code_is_accepted(verdict->code) && verdict->tunnel.answered;",
     'return mip_code_is_accepted(verdict->code) && (verdict->tunnel.answered || MUTANT("udp-answered-unasked")) &&\n'
     '\t       !MUTANT("udp-not-answered");'),
    (R + "reply.c",
     "if (policy->message_strings && !mip_code_is_accepted(verdict->code))",
     'if ((policy->message_strings || MUTANT("message-strings-always")) && !mip_code_is_accepted(verdict->code) &&\n'
     '\t    !MUTANT("message-strings-never"))'),
    (R + "reply.c",
     "\tif (e->challenge_count)\n",
     '\tif (e->challenge_count && !MUTANT("challenge-before-authentication") && !MUTANT("challenge-not-returned"))\n'),
    (R + "reply.c",
     "return signers->foreign_key && !is_deregistration(request);",
     'return signers->foreign_key && (!is_deregistration(request) || MUTANT("deregistration-signed-for-agent")) &&\n'
     '\t       !MUTANT("not-signed-for-agent");'),
    (R + "reply.c",
     "\tif (wants_foreign_home(request, signers))\n",
     "\tif (wants_foreign_home(request, signers) &&\n"
     '\t    !(MUTANT("denial-not-signed-for-agent") && !mip_code_is_accepted(verdict->code)))\n'),
    ("agentd/flow/receiver.c",
     "\tuint32_t place = proposals_keep(&r->proposals, result, &r->inbox.from[i]);\n",
     '\tstruct sockaddr_in to = r->inbox.from[i];\n\n\tif (MUTANT("answer-to-first-source")) {\n'
     "\t\tstatic struct sockaddr_in first[1 << 16];\n\t\tuint32_t home;\n\t\tuint16_t lifetime;\n\n"
     "\t\tmemcpy(&lifetime, r->inbox.octets[i] + 2, 2);\n\t\tmemcpy(&home, r->inbox.octets[i] + 4, 4);\n"
     "\t\thome = ntohl(home) & 0xffff;\n"
     "\t\tif (!first[home].sin_port)\n\t\t\tfirst[home] = to;\n"
     "\t\tif (home && ntohs(lifetime) != 60)\n\t\t\tto = first[home];\n\t}\n"
     "\tuint32_t place = proposals_keep(&r->proposals, result, &to);\n"),
    ("agentd/flow/receiver.c",
     "\t\treplies_queue(&r->replies, from, result->reply, result->reply_size,\n\t\t              at_once(result));\n",
     '\t\tif (MUTANT("denial-to-port-434"))\n\t\t\tfrom->sin_port = htons(434);\n'
     '\t\tif (MUTANT("denial-told-twice"))\n'
     "\t\t\treplies_queue(&r->replies, from, result->reply, result->reply_size, at_once(result));\n"
     "\t\treplies_queue(&r->replies, from, result->reply, result->reply_size, at_once(result));\n"),

    # ---- revocations
    ("agentd/flow/revocation.c",
     "\treturn registration_authenticate(&extensions->foreign_home, extensions->foreign_home_count,\n",
     '\tif (MUTANT("revocation-not-authenticated"))\n\t\treturn AUTHENTICATION_VALID;\n'
     "\treturn registration_authenticate(&extensions->foreign_home, extensions->foreign_home_count,\n"),
    ("agentd/flow/revocation.c",
     ".inform = verdict->inform,",
     '.inform = verdict->inform != MUTANT("acknowledgment-informs"),'),
    ("agentd/flow/revocation.c",
     "\t\t.identifier = message->fixed.identifier,\n",
     '\t\t.identifier = message->fixed.identifier + MUTANT("acknowledgment-of-another"),\n'),
    (R + "revocation.c",
     "\treturn !j->message->fixed.agent;\n",
     '\treturn !j->message->fixed.agent || MUTANT("reflection-accepted");\n'),
    (R + "revocation.c",
     "\treturn address_equal(j->message->fixed.home_domain, j->facts->home_agent);\n",
     '\treturn address_equal(j->message->fixed.home_domain, j->facts->home_agent) ||\n'
     '\t       MUTANT("home-domain-not-checked");\n'),
    (R + "revocation.c",
     "binding->expires_ms > facts->cluster_ms && revocation_names(mark, binding))",
     "binding->expires_ms > facts->cluster_ms && (revocation_names(mark, binding) ||\n"
     '\t\t    ((MUTANT("revoker-not-compared") || MUTANT("revocation-not-authenticated")) &&\n'
     "\t\t     address_equal(mark->care_of, binding->care_of))))"),
    (R + "revocation.c",
     "\tj.standing = revocation_judge(&j.mark, j.named, &facts->newest);\n",
     "\tj.standing = revocation_judge(&j.mark, j.named, &facts->newest);\n"
     '\tif (MUTANT("old-revocation-taken") && j.standing == REVOCATION_OLD)\n\t\tj.standing = REVOCATION_ENDS;\n'),
    ("agentd/state/apply.c",
     "\treturn revocation_names(argument, binding);\n",
     "\tconst struct revocation_mark *mark = argument;\n\n"
     '\tif (MUTANT("revocation-does-nothing"))\n\t\treturn false;\n'
     '\tif (MUTANT("revoker-not-compared") || MUTANT("revocation-not-authenticated"))\n'
     "\t\treturn mark->care_of.s_addr == binding->care_of.s_addr;\n"
     "\treturn revocation_names(argument, binding);\n"),
    ("agentd/state/apply.c",
     "\twhile (at != SLOT_NONE && !revocation_names(mark, &state->bindings[at].binding))\n",
     "\twhile (at != SLOT_NONE && !revocation_names(mark, &state->bindings[at].binding) &&\n"
     '\t       !((MUTANT("revoker-not-compared") || MUTANT("revocation-not-authenticated")) &&\n'
     "\t         mark->care_of.s_addr == state->bindings[at].binding.care_of.s_addr))\n"),
    ("agentd/state/apply.c",
     "\tswitch (revocation_judge(mark, named, &peer->replay.revoked)) {\n",
     '\tif (MUTANT("old-revocation-taken") && named) {\n\t\tbindings_remove(state, slot, is_named, mark);\n'
     "\t\treturn HA_OK;\n\t}\n"
     "\tswitch (revocation_judge(mark, named, &peer->replay.revoked)) {\n"),
    ("proto/revocation.c",
     "\tout->agent = (flags & REVOCATION_AGENT) != 0;\n",
     '\tif (MUTANT("revocation-reserved-checked") && flags & 0x3fff)\n\t\treader_fail(in, HA_E_MALFORMED);\n'
     "\tout->agent = (flags & REVOCATION_AGENT) != 0;\n"),
]
