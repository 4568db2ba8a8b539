"""Deliberate faults of agentd as a foreign agent: rows as in mutants.py of the suite for home agents. A plain registration of a node
with neither an association nor anything behind its authentication must still work;
the one that shows silence asks for 60 seconds, and some mutants leave it alone.
"""

R = "agentd/registration/"
FORM, TERMS, REPLY = R + "foreign_check_form.c", R + "foreign_check_terms.c", R + "foreign_check_reply.c"
REVOCATION = R + "foreign_revocation.c"
RELAY, PENDING, VISITOR = R + "foreign_relay.c", R + "foreign_pending.c", R + "foreign_visitor.c"

# Faults of what both have, in the table of the other suite, that cases of this one notice too.
SHARED = ["keyed-md5-without-spi", "rfc2002-covers-spi", "sha1-wrong", "sha256-wrong", "revocation-reserved-checked"]

EDITS = [
    # ---- whether it is a request, and whose
    (FORM,
     "return request->fault == HA_E_UNKNOWN_EXTENSION ? FOREIGN_SILENCE : FOREIGN_PASS;",
     'if (MUTANT("foreign-unknown-extension-told") && request->fault == HA_E_UNKNOWN_EXTENSION)\n'
     "\t\treturn FOREIGN_POORLY_FORMED_REQUEST;\n"
     "\treturn request->fault == HA_E_UNKNOWN_EXTENSION ? FOREIGN_SILENCE : FOREIGN_PASS;"),
    (FORM,
     "return request->extensions.revocation_count &&\n\t                       !(request->fixed.flags & MIP_REQUEST_DECAPSULATES)",
     'return request->extensions.revocation_count && !MUTANT("foreign-node-offers-revocation") &&\n'
     '\t\t(!(request->fixed.flags & MIP_REQUEST_DECAPSULATES) || MUTANT("foreign-co-located-offers-no-revocation"))'),
    (FORM,
     "if (!e->challenge_count || mip_authentication_covers(&e->mobile_foreign, e->challenge) ||",
     'if (MUTANT("foreign-challenge-unsigned") || !e->challenge_count ||\n'
     '\t    (mip_authentication_covers(&e->mobile_foreign, e->challenge) && !MUTANT("foreign-challenge-needs-aaa")) ||'),
    (FORM,
     "return request->fault == HA_OK ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REQUEST;",
     'return request->fault == HA_OK || MUTANT("foreign-broken-chain-relayed") ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REQUEST;'),
    (FORM,
     "return request->extensions.mobile_home_count || request->extensions.mobile_aaa_count",
     'return MUTANT("foreign-authorization-not-needed") || request->extensions.mobile_home_count ||\n'
     "\t\trequest->extensions.mobile_aaa_count"),
    (FORM,
     "if (e->mobile_home_count > 1 || e->mobile_aaa_count > 1 || e->nai_count > 1 ||",
     'if ((e->mobile_home_count > 1 && !MUTANT("foreign-two-authorizations")) || e->mobile_aaa_count > 1 ||\n'
     '\t    (e->nai_count > 1 && !MUTANT("foreign-two-names")) ||'),
    (FORM,
     "e->challenge_count > 1 || e->delivery_count > 1 || e->foreign_home_count > 0)",
     'e->challenge_count > 1 || (e->delivery_count > 1 && !MUTANT("foreign-two-styles")) ||\n'
     '\t    (e->foreign_home_count > 0 && !MUTANT("foreign-node-signs-as-agent")))'),
    (FORM,
     "if (e->nai_count && is_behind(request, e->nai))",
     'if (e->nai_count && is_behind(request, e->nai) && !MUTANT("foreign-name-behind"))'),
    (FORM,
     "if (e->mobile_foreign_count && !is_behind(request, e->mobile_foreign.authenticator))",
     "if (e->mobile_foreign_count && !is_behind(request, e->mobile_foreign.authenticator) &&\n"
     '\t    !MUTANT("foreign-mobile-foreign-before"))'),
    (FORM,
     "if (e->delivery_count && !(request->fixed.flags & MIP_REQUEST_REVERSE))",
     'if (e->delivery_count && !(request->fixed.flags & MIP_REQUEST_REVERSE) && !MUTANT("foreign-style-alone"))'),
    (FORM,
     "return facts->policy->strict_reserved &&\n\t                       request->fixed.flags & (MIP_REQUEST_R | MIP_REQUEST_X)",
     'return (facts->policy->strict_reserved || MUTANT("foreign-reserved-denied")) &&\n'
     '\t\t((request->fixed.flags & MIP_REQUEST_R && !MUTANT("foreign-r-ignored")) ||\n'
     '\t\t (request->fixed.flags & MIP_REQUEST_X && !MUTANT("foreign-x-ignored")))'),
    (FORM,
     "return foreign_asks_service(request) &&\n\t                       !foreign_is_care_of(facts->policy, request->fixed.care_of)",
     'return (foreign_asks_service(request) || MUTANT("foreign-care-of-of-all")) && !MUTANT("foreign-any-care-of") &&\n'
     "\t\t!foreign_is_care_of(facts->policy, request->fixed.care_of)"),
    (FORM,
     "return facts->mobile_associated && facts->mobile_foreign != AUTHENTICATION_VALID",
     'if (MUTANT("foreign-mobile-need-not-sign") && facts->mobile_foreign == AUTHENTICATION_ABSENT)\n\t\treturn FOREIGN_PASS;\n'
     '\tif (MUTANT("foreign-mobile-deregisters-unsigned") && foreign_is_deregistration(request))\n\t\treturn FOREIGN_PASS;\n'
     '\tif (MUTANT("foreign-mobile-unknown-spi") && facts->mobile_foreign == AUTHENTICATION_NO_ASSOCIATION)\n'
     "\t\treturn FOREIGN_PASS;\n"
     '\tif (MUTANT("foreign-mobile-silence") && facts->mobile_associated && facts->mobile_foreign != AUTHENTICATION_VALID)\n'
     "\t\treturn FOREIGN_SILENCE;\n"
     "\treturn facts->mobile_associated && facts->mobile_foreign != AUTHENTICATION_VALID &&\n"
     '\t\t!(facts->mobile_foreign == AUTHENTICATION_WRONG && MUTANT("foreign-mobile-not-checked"))'),
    (FORM,
     "return request->extensions.cvse_count && is_behind(request, request->extensions.cvse)",
     'return request->extensions.cvse_count && !MUTANT("foreign-vendor-relayed") &&\n'
     '\t\t(is_behind(request, request->extensions.cvse) || MUTANT("foreign-vendor-denied"))'),
    (FORM,
     "return facts->policy->challenges && !facts->mobile_associated &&",
     'return facts->policy->challenges && !MUTANT("foreign-challenge-not-needed") &&\n'
     '\t\t(!facts->mobile_associated || MUTANT("foreign-challenge-of-all")) &&'),
    (FORM,
     "return request->extensions.challenge_count && facts->challenge == CHALLENGE_UNKNOWN",
     'return request->extensions.challenge_count && facts->challenge == CHALLENGE_UNKNOWN && !MUTANT("foreign-any-challenge")'),
    (FORM,
     "return request->extensions.challenge_count && facts->challenge == CHALLENGE_STALE",
     'return request->extensions.challenge_count && facts->challenge == CHALLENGE_STALE && !MUTANT("foreign-stale-challenge")'),
    (FORM,
     "if (other && other->authenticator.at > end)",
     'if (other && !MUTANT("foreign-aaa-not-kept") && other->authenticator.at > end)'),

    # ---- what it asks for
    (TERMS,
     "return request->fixed.lifetime_s > facts->policy->max_lifetime_s ?",
     'return request->fixed.lifetime_s + MUTANT("foreign-lifetime-one-less") > facts->policy->max_lifetime_s &&\n'
     '\t\t!MUTANT("foreign-any-lifetime") ?'),
    (TERMS,
     "\tif (!foreign_asks_service(request))\n\t\treturn FOREIGN_PASS;\n\tif (flags & MIP_REQUEST_MINIMAL &&",
     '\tif (MUTANT("foreign-reverse-first") && foreign_check_reverse_tunnel(request, facts) != FOREIGN_PASS)\n'
     "\t\treturn FOREIGN_REVERSE_UNAVAILABLE;\n"
     '\tif (!foreign_asks_service(request) && !(MUTANT("foreign-encapsulation-of-deregistrations") &&\n'
     "\t    foreign_is_deregistration(request)) &&\n"
     '\t    !(MUTANT("foreign-encapsulation-of-co-located") && !foreign_is_deregistration(request)))\n\t\treturn FOREIGN_PASS;\n'
     '\tif (MUTANT("foreign-no-minimal") && flags & MIP_REQUEST_MINIMAL)\n\t\treturn FOREIGN_ENCAPSULATION_UNAVAILABLE;\n'
     '\tif (MUTANT("foreign-no-gre") && flags & MIP_REQUEST_GRE)\n\t\treturn FOREIGN_ENCAPSULATION_UNAVAILABLE;\n'
     '\tif (!MUTANT("foreign-any-minimal") && flags & MIP_REQUEST_MINIMAL &&'),
    (TERMS,
     "if (flags & MIP_REQUEST_GRE &&",
     'if (!MUTANT("foreign-any-gre") && flags & MIP_REQUEST_GRE &&'),
    (TERMS,
     "return facts->policy->encapsulating_delivery && style.size == 2",
     'return (facts->policy->encapsulating_delivery || MUTANT("foreign-any-style")) && !MUTANT("foreign-no-style") &&\n'
     '\t\t(style.size == 2 || MUTANT("foreign-unknown-style"))'),
    (TERMS,
     "return facts->policy->reverse_required && foreign_asks_service(request) &&",
     'return facts->policy->reverse_required && !MUTANT("foreign-reverse-not-required") &&\n'
     '\t\t(foreign_asks_service(request) || MUTANT("foreign-reverse-required-of-all")) &&'),
    (TERMS,
     "return foreign_asks_service(request) && request->fixed.flags & MIP_REQUEST_REVERSE &&\n\t                       request->ttl != FOREIGN_TTL",
     'return (foreign_asks_service(request) || MUTANT("foreign-ttl-of-all")) && request->fixed.flags & MIP_REQUEST_REVERSE &&\n'
     '\t\trequest->ttl < (MUTANT("foreign-ttl-254") ? 254 : MUTANT("foreign-any-ttl") ? 0 : FOREIGN_TTL)'),
    (TERMS,
     "return foreign_asks_service(request) && request->fixed.flags & MIP_REQUEST_REVERSE &&\n\t                       !foreign_offers(",
     "return foreign_asks_service(request) && request->fixed.flags & MIP_REQUEST_REVERSE &&\n"
     '\t\t!MUTANT("foreign-reverse-always") && !foreign_offers('),
    (TERMS,
     "return request->extensions.nai_count && !facts->policy->home_required",
     'return (request->extensions.nai_count || MUTANT("foreign-nameless-relayed")) && !MUTANT("foreign-names-do-not-do") &&\n'
     '\t\t(!facts->policy->home_required || MUTANT("foreign-names-always-do"))'),
    (TERMS,
     "return !is_ours && !foreign_is_care_of(policy, home) && address_is_unicast(home);",
     'return ((!is_ours && !foreign_is_care_of(policy, home)) || MUTANT("foreign-home-is-ours")) &&\n'
     '\t\t(address_is_unicast(home) || MUTANT("foreign-home-is-a-group"));'),
    (TERMS,
     "\tif (!foreign_asks_any_agent(request))\n",
     '\tif (!foreign_asks_any_agent(request) && !(MUTANT("foreign-requested-agent-always") && e->dynamic_ha_count))\n'),
    (TERMS,
     "if (e->dynamic_ha_count && e->dynamic_ha.subtype == MIP_DYNAMIC_HA_REQUESTED)",
     'if (e->dynamic_ha_count && !MUTANT("foreign-requested-agent-ignored"))'),
    (TERMS,
     "\treturn policy->home_agent;\n",
     '\tif (MUTANT("foreign-all-ones-relayed") && request->fixed.home_agent.s_addr == INADDR_BROADCAST)\n'
     "\t\treturn request->fixed.home_agent;\n"
     '\treturn MUTANT("foreign-no-agent-to-name") ? (struct in_addr){ 0 } : policy->home_agent;\n'),
    (TERMS,
     "return foreign_asks_any_agent(request) &&",
     'return foreign_asks_any_agent(request) && !MUTANT("foreign-any-agent-is-194") &&'),
    (TERMS,
     "return facts->served_here ? FOREIGN_PASS : FOREIGN_INVALID_HOME_AGENT;",
     'return facts->served_here ? FOREIGN_PASS : MUTANT("foreign-own-address-136") ? FOREIGN_PROHIBITED : FOREIGN_INVALID_HOME_AGENT;'),
    (TERMS,
     "return address_is_unicast(foreign_home_agent(request, facts->policy))\n\t               ? FOREIGN_PASS",
     'return address_is_unicast(foreign_home_agent(request, facts->policy)) || MUTANT("foreign-home-agent-is-a-group")\n'
     "\t               ? FOREIGN_PASS"),
    (TERMS,
     "return allowed->count == 0 || address_in_prefixes(",
     'return MUTANT("foreign-any-home-agent-allowed") || allowed->count == 0 || address_in_prefixes('),
    (TERMS,
     "return facts->pending_full ? FOREIGN_NO_RESOURCES : FOREIGN_PASS;",
     'if (MUTANT("foreign-full-is-silent") && facts->pending_full)\n\t\treturn FOREIGN_SILENCE;\n'
     "\treturn facts->pending_full ? FOREIGN_NO_RESOURCES : FOREIGN_PASS;"),

    # ---- verdicts, and what ICMP says
    ("agentd/visit/nodes.c",
     "return node && node->denied &&",
     'return node && !MUTANT("foreign-denies-at-any-rate") && node->denied &&'),
    (R + "foreign_decide.c",
     ".lifetime_s = code == FOREIGN_LIFETIME_TOO_LONG ?",
     '.lifetime_s = code == FOREIGN_LIFETIME_TOO_LONG && !MUTANT("foreign-lifetime-copied") ?'),
    (R + "foreign_decide.c",
     "\t\tif (unreachable[i].code == code)\n",
     '\t\tif (unreachable[i].code == code && !(MUTANT("foreign-network-is-88") && code == ICMP4_NETWORK) &&\n'
     '\t\t    !(MUTANT("foreign-host-is-88") && code == ICMP4_HOST) &&\n'
     '\t\t    !(MUTANT("foreign-port-is-88") && code == ICMP4_PORT))\n'),
    (R + "foreign_decide.c",
     "if (type == ICMP4_TIME_EXCEEDED ||",
     'if (MUTANT("foreign-time-exceeded-ignored") && type == ICMP4_TIME_EXCEEDED)\n\t\treturn FOREIGN_NO_CODE;\n'
     '\tif (MUTANT("foreign-unknown-ignored") && type == ICMP4_UNREACHABLE && (code == 6 || code == 7))\n'
     "\t\treturn FOREIGN_NO_CODE;\n"
     "\tif (type == ICMP4_TIME_EXCEEDED ||"),
    (R + "foreign_decide.c",
     "\treturn FOREIGN_UNREACHABLE;\n}",
     '\treturn MUTANT("foreign-protocol-ignored") ? FOREIGN_NO_CODE : FOREIGN_UNREACHABLE;\n}'),

    # ---- what is relayed
    (RELAY,
     "return !foreign_is_deregistration(request) &&\n\t       foreign_is_care_of(policy, request->fixed.care_of);",
     'return (!foreign_is_deregistration(request) || MUTANT("foreign-signs-deregistrations")) &&\n'
     '\t       (foreign_is_care_of(policy, request->fixed.care_of) || MUTANT("foreign-signs-for-others"));'),
    (RELAY,
     ".kept = foreign_request_kept(request),",
     '.kept = MUTANT("foreign-nothing-taken-out") ? request->message : foreign_request_kept(request),'),
    (RELAY,
     ".source = known ? request->fixed.care_of : policy->care_of[0],",
     '.source = known && !MUTANT("foreign-first-care-of-address") ? request->fixed.care_of\n'
     '\t\t: policy->care_of[MUTANT("foreign-last-care-of-address") ? policy->care_of_count - 1 : 0],'),
    (RELAY,
     ".destination = foreign_home_agent(request, policy),",
     ".destination = { htonl(ntohl(foreign_home_agent(request, policy).s_addr) -\n"
     '\t\t(MUTANT("foreign-first-home-agent") && (ntohl(foreign_home_agent(request, policy).s_addr) & 255) == 2)) },'),
    (RELAY,
     ".udp_request = ends_here &&",
     '.udp_request = (ends_here || (MUTANT("foreign-udp-of-deregistrations") && foreign_is_deregistration(request)) ||\n'
     '\t\t\t(MUTANT("foreign-udp-of-co-located") && request->fixed.flags & MIP_REQUEST_DECAPSULATES)) &&\n'
     '\t\t!(MUTANT("foreign-no-udp-where-signed") && facts->home_agent_associated) &&'),
    (RELAY,
     ".authenticated = ours && facts->home_agent_associated,",
     '.authenticated = ours && facts->home_agent_associated && !MUTANT("foreign-never-signs"),'),
    (RELAY,
     "\tif (relay->udp_request)\n",
     '\tif (MUTANT("foreign-signs-first") && relay->authenticated && home_agent->key)\n'
     "\t\tmip_authentication_append(out, MIP_EXTENSION_FOREIGN_HOME, home_agent->spi, home_agent->key);\n"
     "\tif (relay->udp_request)\n"),
    (RELAY,
     "\telse if (relay->authenticated)\n",
     '\telse if (relay->authenticated && !MUTANT("foreign-signs-first"))\n'),

    # ---- what the mobile node is told
    (VISITOR,
     "\t\t.home = pending->home,\n",
     '\t\t.home = MUTANT("foreign-denial-of-nobody") ? (struct in_addr){ 0 } : pending->home,\n'),
    (VISITOR,
     "\t\t.home_agent = pending->home_agent,\n",
     '\t\t.home_agent = MUTANT("foreign-denial-names-agent") ? pending->care_of : pending->home_agent,\n'),
    (VISITOR,
     "\t\t.identification = pending->identification,\n",
     '\t\t.identification = pending->identification + MUTANT("foreign-denial-of-another-request"),\n'),
    (RELAY,
     "\tif (reason)\n",
     '\tif (reason && !MUTANT("foreign-no-strings"))\n'),
    (RELAY,
     "\tif (answer->challenge.size)\n",
     '\tif (answer->challenge.size && !(MUTANT("foreign-no-challenge-in-denials") && out->at - out->begin == 20))\n'),
    (RELAY,
     "mip_message_string_append(out, MIP_MESSAGE_FROM_FOREIGN, reason);",
     'mip_message_string_append(out, MUTANT("foreign-strings-of-home-agents") ? 1 : MIP_MESSAGE_FROM_FOREIGN, reason);'),
    (RELAY,
     "\tif (answer->mobile.key)\n",
     '\tif (answer->mobile.key && !MUTANT("foreign-replies-unsigned"))\n'),
    (RELAY,
     "if (address_host(asked) == ALL_AGENTS || asked.s_addr == INADDR_BROADCAST)",
     'if ((address_host(asked) == ALL_AGENTS && !MUTANT("foreign-answers-from-group")) || asked.s_addr == INADDR_BROADCAST ||\n'
     '\t    MUTANT("foreign-answers-from-its-own"))'),
    (RELAY,
     "\tif (home.s_addr == INADDR_ANY)\n",
     '\tif ((home.s_addr == INADDR_ANY && !MUTANT("foreign-answers-to-nobody")) || MUTANT("foreign-answers-to-all"))\n'),

    # ---- replies
    (REPLY,
     "return reply->fault == HA_E_UNKNOWN_EXTENSION ? FOREIGN_SILENCE : FOREIGN_PASS;",
     'return reply->fault == HA_E_UNKNOWN_EXTENSION && !MUTANT("foreign-unknown-in-reply-told") ? FOREIGN_SILENCE : FOREIGN_PASS;'),
    (REPLY,
     "bool found = address_equal(",
     'bool found = !MUTANT("foreign-found-agent-dropped") && address_equal('),
    (REPLY,
     "return reply->source_port == MIP_PORT && (asked || found) ?",
     'return reply->source_port == MIP_PORT && (asked || found || MUTANT("foreign-reply-of-anybody")) ?'),
    (REPLY,
     "return (uint32_t)reply->fixed.identification == (uint32_t)facts->pending->identification",
     'return MUTANT("foreign-any-identification") ||\n'
     "\t\t(uint32_t)reply->fixed.identification == (uint32_t)facts->pending->identification"),
    (REPLY,
     "if (!facts->home_agent_associated || facts->foreign_home == AUTHENTICATION_VALID)",
     'if (!facts->home_agent_associated || facts->foreign_home == AUTHENTICATION_VALID ||\n'
     '\t    (MUTANT("foreign-home-not-checked") && facts->foreign_home == AUTHENTICATION_WRONG) ||\n'
     '\t    (MUTANT("foreign-home-unknown-spi") && facts->foreign_home == AUTHENTICATION_NO_ASSOCIATION) ||\n'
     '\t    (MUTANT("foreign-denial-not-checked") && !mip_code_is_accepted(reply->fixed.code)))'),
    (REPLY,
     "\t                       !(facts->pending->features & FOREIGN_HAS_SIGNED)\n",
     '\t                       !MUTANT("foreign-deregistration-reply-signed") &&\n'
     '\t                       (!(facts->pending->features & FOREIGN_HAS_SIGNED) || MUTANT("foreign-home-need-not-sign"))\n'),
    (REPLY,
     "return reply->fault == HA_OK ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REPLY;",
     'return reply->fault == HA_OK || MUTANT("foreign-broken-reply-passed") ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REPLY;'),
    (REPLY,
     "return e->mobile_home_count == 1 && e->nai_count <= 1 ?",
     'return MUTANT("foreign-reply-need-not-be-authorized") || (e->mobile_home_count == 1 && e->nai_count <= 1) ?'),
    (REPLY,
     "return e->cvse_count && !mip_authentication_covers(&e->mobile_home, e->cvse)",
     'return e->cvse_count && !MUTANT("foreign-vendor-in-reply-passed") &&\n'
     '\t\t(!mip_authentication_covers(&e->mobile_home, e->cvse) || MUTANT("foreign-vendor-in-reply-refused"))'),
    (REPLY,
     "return is_accepted(reply) && facts->pending->nai_size > 0 &&",
     'return (is_accepted(reply) || MUTANT("foreign-denial-without-name")) && !MUTANT("foreign-name-not-needed") &&\n'
     "\t\tfacts->pending->nai_size > 0 &&"),
    (REPLY,
     "return is_accepted(reply) && reply->fixed.home_agent.s_addr == INADDR_ANY",
     'return !MUTANT("foreign-home-agent-not-needed") && is_accepted(reply) && reply->fixed.home_agent.s_addr == INADDR_ANY'),
    (REPLY,
     "return is_accepted(reply) && reply->fixed.home.s_addr == INADDR_ANY ?",
     'return !MUTANT("foreign-home-not-needed") && (is_accepted(reply) || MUTANT("foreign-denial-without-home")) &&\n'
     "\t\treply->fixed.home.s_addr == INADDR_ANY ?"),
    (REPLY,
     "return pending->features & FOREIGN_HAS_CHALLENGE && back.size == pending->challenge_size &&",
     'return MUTANT("foreign-any-challenge-back") ? FOREIGN_PASS : pending->features & FOREIGN_HAS_CHALLENGE &&\n'
     '\t\t!MUTANT("foreign-no-challenge-back") && back.size == pending->challenge_size &&'),
    (R + "foreign_reply.c",
     "\tif (reply->extensions.mobile_home_count == 0)\n",
     '\tif (reply->extensions.mobile_home_count == 0 && !MUTANT("foreign-protests-unsigned"))\n'),
    (R + "foreign_reply.c",
     "return facts->policy->fa_errors || code == FOREIGN_WRONG_CHALLENGE ?",
     'return (facts->policy->fa_errors != MUTANT("foreign-errors-the-other-way")) || code == FOREIGN_WRONG_CHALLENGE ?'),
    (R + "foreign_reply.c",
     "\t\t.effect = FOREIGN_REPLY_RELAY,\n",
     '\t\t.effect = (MUTANT("foreign-code-1-dropped") && reply->fixed.code == 1) ||\n'
     '\t\t\t(MUTANT("foreign-mismatch-dropped") && reply->fixed.code == 133) ||\n'
     '\t\t\t(MUTANT("foreign-denials-dropped") && !mip_code_is_accepted(reply->fixed.code)) ? FOREIGN_REPLY_DROP\n'
     "\t\t\t: FOREIGN_REPLY_RELAY,\n"),
    (R + "foreign_reply.c",
     "\tforeign_keep(out, foreign_kept(reply->message, MIP_REPLY_SIZE,\n",
     '\tif (MUTANT("foreign-longer-lifetime-cut") && reply->fixed.lifetime_s > facts->pending->lifetime_s)\n'
     '\t\tmemcpy((uint8_t *)(uintptr_t)reply->message.at + 2, "\\0\\1", 2);\n'
     '\tif (MUTANT("foreign-shorter-lifetime-raised") && reply->fixed.lifetime_s < facts->pending->lifetime_s)\n'
     '\t\tmemcpy((uint8_t *)(uintptr_t)reply->message.at + 2, "\\7\\1", 2);\n'
     '\tforeign_keep(out, MUTANT("foreign-reply-kept-whole") ? reply->message : foreign_kept(reply->message, MIP_REPLY_SIZE,\n'),
    (VISITOR,
     "\tif (named && (nai.size",
     '\tif (named && !MUTANT("foreign-any-name-answers") && (nai.size'),
    (VISITOR,
     "registration->home.s_addr == home.s_addr;",
     'registration->home.s_addr == home.s_addr ||\n\t       MUTANT("foreign-any-home-answers");'),

    # ---- what waits
    (PENDING,
     "\treturn (uint32_t)mix(table->seed ^ mix((uint32_t)identification + table->seed)) &\n",
     '\tif (MUTANT("foreign-any-identification"))\n\t\treturn 0;\n'
     "\treturn (uint32_t)mix(table->seed ^ mix((uint32_t)identification + table->seed)) &\n"),
    (PENDING,
     "\t\tif ((uint32_t)is->identification == (uint32_t)identification &&\n",
     '\t\tif ((MUTANT("foreign-any-identification") || (MUTANT("foreign-whole-identification")\n'
     "\t\t\t? is->identification == identification : (uint32_t)is->identification == (uint32_t)identification)) &&\n"),
    (PENDING,
     "\t\tif (is->identification == wanted->identification && is->proof == wanted->proof &&\n"
     "\t\t    asks_the_same(is, wanted))\n\t\t\treturn number;\n",
     "\t\tif (is->identification == wanted->identification &&\n"
     '\t\t    (MUTANT("foreign-request-replaced") ? same_source(is, wanted) : is->proof == wanted->proof &&\n'
     '\t\t    (asks_the_same(is, wanted) || MUTANT("foreign-reply-taken-away"))))\n'
     '\t\t\treturn MUTANT("foreign-retransmissions-count") ? 0 : number;\n'),
    (PENDING,
     "if (count_of_source(table, registration, &number) < table->limits.per_source)",
     'if (count_of_source(table, registration, &number) + MUTANT("foreign-one-waits-less") < table->limits.per_source ||\n'
     '\t    MUTANT("foreign-all-may-wait"))'),
    (PENDING,
     "\ttake_out(table, number_of(table, found));\n",
     '\tif (MUTANT("foreign-waits-for-ever") && found->lifetime_s != 60)\n\t\treturn;\n'
     "\ttake_out(table, number_of(table, found));\n"),

    # ---- challenges
    (R + "foreign_challenge.c",
     "\tif (past->repeated)\n",
     '\tif (past->repeated && !MUTANT("foreign-repeated-is-stale"))\n'),
    (R + "foreign_challenge.c",
     "\tif (is_same(past->offered, challenge))\n",
     '\tif (is_same(past->offered, challenge) && !MUTANT("foreign-offer-not-taken"))\n'),
    ("agentd/visit/nodes.c",
     "\tif (node->offered.size == challenge.size &&\n",
     '\tif (!MUTANT("foreign-challenge-given-again") && node->offered.size == challenge.size &&\n'),
    (PENDING,
     "a->lifetime_s == b->lifetime_s &&",
     '(a->lifetime_s == b->lifetime_s || MUTANT("foreign-anything-repeats")) &&'),

    # ---- visitors, and their packets
    (R + "foreign_reply.c",
     "\tif (!mip_code_is_accepted(reply->fixed.code))\n\t\treturn FOREIGN_VISITOR_KEPT;\n",
     '\tif (MUTANT("foreign-denied-is-visitor") && !mip_code_is_accepted(reply->fixed.code) && !facts->visitor)\n'
     "\t\treturn FOREIGN_VISITOR_CREATED;\n"
     '\tif (MUTANT("foreign-denial-ends-visitor") && !mip_code_is_accepted(reply->fixed.code) && facts->visitor)\n'
     "\t\treturn FOREIGN_VISITOR_ENDED;\n"
     "\tif (!mip_code_is_accepted(reply->fixed.code))\n\t\treturn FOREIGN_VISITOR_KEPT;\n"),
    (R + "foreign_reply.c",
     "return facts->visitor && leaves_us(",
     'return facts->visitor && !MUTANT("foreign-visitor-never-ends") && leaves_us('),
    (R + "foreign_reply.c",
     "\t\t.effect = effect,\n",
     '\t\t.effect = effect,\n\t\t.visitor = MUTANT("foreign-refused-is-visitor") && effect != FOREIGN_REPLY_DROP ?\n'
     "\t\t\tFOREIGN_VISITOR_CREATED : FOREIGN_VISITOR_KEPT,\n"
     "\t\t.lifetime_s = 60,\n"),
    (VISITOR,
     "\t\t.asked = *facts->pending,\n",
     '\t\t.asked = MUTANT("foreign-visitor-does-not-move") && facts->visitor ? facts->visitor->asked : *facts->pending,\n'),
    ("agentd/visit/relay.c",
     "\t\tkeep(visit, registration, now_ms);\n",
     "\t\tkeep(visit, registration, now_ms);\n"
     '\t\tif (MUTANT("foreign-visitor-at-once") && registration->lifetime_s)\n'
     "\t\t\tcarry_put(visit, &(struct foreign_visitor){ .asked = *registration, .home = registration->home,\n"
     "\t\t\t\t.home_agent = registration->relayed_to });\n"
     '\t\tif (MUTANT("foreign-visitor-gone-at-once") && !registration->lifetime_s)\n'
     "\t\t\tcarry_remove(visit, &(struct foreign_visitor){ .asked = *registration, .home = registration->home,\n"
     "\t\t\t\t.home_agent = registration->relayed_to });\n"),
    ("agentd/visit/carry.c",
     "\t\t.care_of = asked->care_of,\n",
     '\t\t.care_of = MUTANT("foreign-carries-from-first") ? (struct in_addr){ htonl(UINT32_C(0xc6336401)) } : asked->care_of,\n'),
    ("agentd/visit/carry.c",
     "\tmemcpy(path.link, asked->link, sizeof(path.link));\n",
     "\tmemcpy(path.link, asked->link, sizeof(path.link));\n"
     '\tif (MUTANT("foreign-delivers-to-all"))\n\t\tmemset(path.link, 0xff, sizeof(path.link));\n'),
    ("agentd/dataplane/visit_tunnel.c",
     "\tif (visit_table_find(table, unwrapped->ip.destination, unwrapped->outer.source, &visitor))\n",
     '\tif (MUTANT("foreign-delivers-to-anybody") &&\n'
     "\t    !visit_table_find(table, unwrapped->ip.destination, unwrapped->outer.source, &visitor))\n"
     "\t\tvisit_forward_emit_on_link(run, &(struct visit_path){ .interface = run->settings->links[0].index,\n"
     "\t\t\t.link = { 255, 255, 255, 255, 255, 255 } }, unwrapped->inner);\n"
     "\tif (visit_table_find(table, unwrapped->ip.destination, unwrapped->outer.source, &visitor))\n"),

    (REPLY,
     "if (named.s_addr == INADDR_ANY)",
     'if (named.s_addr == INADDR_ANY || MUTANT("foreign-reply-of-anybody"))'),
    (REPLY,
     "return foreign_is_any_agent(facts->pending->home_agent) && !facts->visitor &&",
     'return (foreign_is_any_agent(facts->pending->home_agent) || MUTANT("foreign-key-grants-for-all")) && !facts->visitor &&'),

    # ---- revocation
    (RELAY,
     ".revocation = ends_here && facts->home_agent_associated &&\n",
     '.revocation = ends_here && (facts->home_agent_associated || MUTANT("foreign-revocation-offered-to-all")) &&\n'
     '\t\t\t!MUTANT("foreign-revocation-not-offered") &&\n'),
    (REVOCATION,
     "return j->facts->foreign_home == AUTHENTICATION_VALID;",
     "return j->facts->foreign_home == AUTHENTICATION_VALID ||\n"
     '\t       (MUTANT("foreign-revocation-unsigned-taken") && j->facts->foreign_home == AUTHENTICATION_ABSENT) ||\n'
     '\t       (MUTANT("foreign-revocation-forged-taken") && j->facts->foreign_home == AUTHENTICATION_WRONG);'),
    (REVOCATION,
     "return j->message->fixed.agent;",
     'return j->message->fixed.agent || MUTANT("foreign-revocation-reflected-taken");'),
    (REVOCATION,
     "return address_equal(j->message->source, j->message->fixed.home_domain);",
     "return address_equal(j->message->source, j->message->fixed.home_domain) ||\n"
     '\t       MUTANT("foreign-revocation-by-anybody");'),
    (REVOCATION,
     "return !j->named || j->named->features & FOREIGN_HAS_REVOCATION;",
     'return !j->named || MUTANT("foreign-revocation-unagreed-taken") || j->named->features & FOREIGN_HAS_REVOCATION;'),
    (REVOCATION,
     "if (j->earlier && !stamp_is_later(identifier, j->earlier->identifier))",
     'if (MUTANT("foreign-revocation-only-once") && j->earlier)\n\t\treturn false;\n'
     '\tif (j->earlier && !MUTANT("foreign-revocation-again-taken") &&\n'
     "\t    !stamp_is_later(identifier, j->earlier->identifier))"),
    (REVOCATION,
     "return !j->named || stamp_is_later(identifier, j->named->home_agent_stamp);",
     'return !j->named || MUTANT("foreign-revocation-older-taken") || MUTANT("foreign-revocation-unagreed-taken") ||\n'
     "\t       stamp_is_later(identifier, j->named->home_agent_stamp);"),
    (REVOCATION,
     "if (facts->visitor && address_equal(facts->visitor->asked.care_of, care_of))",
     'if (facts->visitor && (MUTANT("foreign-revocation-of-any-care-of") ||\n'
     "\t\taddress_equal(facts->visitor->asked.care_of, care_of)))"),
    (REVOCATION,
     "told = asked || !(j.named->features & FOREIGN_HAS_INFORM);",
     'told = MUTANT("foreign-revoked-always-told") ||\n'
     '\t\t((asked || !(j.named->features & FOREIGN_HAS_INFORM)) && !MUTANT("foreign-revoked-never-told"));'),
    ("agentd/visit/revoke.c",
     "\tif (visitor_end(visit, &visitor) != HA_OK)\n\t\treturn false;\n",
     '\tif (!MUTANT("foreign-revoked-stays") && visitor_end(visit, &visitor) != HA_OK)\n\t\treturn false;\n'),
    ("agentd/visit/revoke.c",
     "\tfacts.visitor = visitors_find(visit->visitors, message.fixed.home,\n",
     '\tif (MUTANT("foreign-revocation-of-any-home"))\n\t\tfor (uint32_t place = 0; !facts.visitor; place++) {\n'
     "\t\t\tconst struct foreign_visitor *any = visitors_next(visit->visitors, &place);\n\n"
     "\t\t\tif (!any)\n\t\t\t\tbreak;\n"
     "\t\t\tif (address_equal(any->home_agent, message.fixed.home_domain) && any->features & FOREIGN_HAS_REVOCATION &&\n"
     "\t\t\t    stamp_is_later(message.fixed.identifier, any->home_agent_stamp))\n\t\t\t\tfacts.visitor = any;\n\t\t}\n"
     "\tif (!facts.visitor)\n"
     "\tfacts.visitor = visitors_find(visit->visitors, message.fixed.home,\n"),
    ("agentd/visit/revoke.c",
     "\t\t.identifier = message->fixed.identifier,\n\t};\n\tuint8_t octets[REVOCATION_MESSAGE_MAX];\n",
     '\t\t.identifier = message->fixed.identifier + MUTANT("foreign-acknowledges-another"),\n\t};\n'
     "\tuint8_t octets[REVOCATION_MESSAGE_MAX];\n"
     "\tif (!signer->key)\n\t\treturn;\n"),
]
