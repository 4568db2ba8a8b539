/* internal.h - what the files of mobile.h share. */
#ifndef AGENTD_MOBILE_INTERNAL_H
#define AGENTD_MOBILE_INTERNAL_H

#include "agentd/mobile/mobile.h"

#define MOBILE_LINK 1u /* the only interface, as heard.h counts them */

/* choose.c: where it is. false: it does not know. The challenge of *out is borrowed from what
 * was heard. */
bool mobile_choose(const struct mobile *mobile, uint64_t now_ms, struct mobile_attachment *out);
bool mobile_attachment_equal(const struct mobile_attachment *a, const struct mobile_attachment *b);
/* Whether an advertisement says that this is home. */
bool mobile_home_is_heard(const struct mobile *mobile, uint64_t now_ms);
struct mac mobile_mac_of(const struct mobile *mobile, struct in_addr agent);

/* refuse.c */
/* Others are asked rather than this agent for a while, longer each time. */
void mobile_refuse_agent(struct mobile *mobile, struct in_addr agent, uint64_t now_ms);
/* It has accepted. */
void mobile_trust_agent(struct mobile *mobile, struct in_addr agent);
bool mobile_is_refused(const struct mobile *mobile, struct in_addr agent, uint64_t now_ms);
/* Or it is one of those that never accepted, of whom too many were refused. */
bool mobile_rests(const struct mobile *mobile, struct in_addr agent, uint64_t now_ms);
void mobile_refuse_home(struct mobile *mobile, uint64_t now_ms);
void mobile_trust_home(struct mobile *mobile);
bool mobile_is_home_refused(const struct mobile *mobile, uint64_t now_ms);
void mobile_refuse_nobody(struct mobile *mobile);
/* Whom it waits for in vain is not waited for any longer, if there is somebody else. */
void mobile_note_silence(struct mobile *mobile, uint64_t now_ms);

/* rival.c */
bool mobile_is_rival(const struct mobile *mobile, struct in_addr source, struct mac from,
                     uint64_t now_ms);
void mobile_note_rival(struct mobile *mobile, struct mac from, uint64_t now_ms);
void mobile_forget_rivals(struct mobile *mobile);
struct mac mobile_whom_to_ask(const struct mobile *mobile);
/* By which link address the agent is, when an answer of the home agent came from that one. */
struct mac mobile_who_answered(const struct mobile *mobile, struct mac from);
/* Whether this is a denial that nobody signed, from a link address that was not asked. */
bool mobile_is_stranger(const struct mobile *mobile, const struct mobile_verdict *verdict,
                        struct mac from);
/* Whether this is a denial that anybody may have made up, while there is another one to ask. */
bool mobile_doubts(struct mobile *mobile, const struct mobile_verdict *verdict, struct mac from,
                   uint64_t now_ms);

/* keep.c */
/* It is elsewhere now, and was attached there before. */
void mobile_keep(struct mobile *mobile, const struct mobile_attachment *before, uint64_t now_ms);
/* Whether packets go by the place before; if that is not there any more they do not. */
bool mobile_keeps(struct mobile *mobile, uint64_t now_ms);
/* An advertisement of an agent, from there, is good until then. */
void mobile_keep_heard(struct mobile *mobile, struct in_addr source, struct mac from,
                       uint64_t expires_ms);
/* Packets go by where it is, though that is not registered. */
void mobile_settle(struct mobile *mobile);
/* It is where it is registered, after all. */
void mobile_go_back(struct mobile *mobile);

/* mobile.c */
/* This agent has that link address. */
void mobile_keep_mac(struct mobile *mobile, struct in_addr source, struct mac from);
/* Whether it is the agent that is asked, or that it is registered through. */
bool mobile_serves(const struct mobile *mobile, struct in_addr source);
/* What is wished for, can be done without and is not offered is not wished for any more. */
void mobile_suit_agent(struct mobile *mobile);

/* home_agents.c */
/* It has accepted, and may be used again. */
void mobile_note_home_agent(struct mobile *mobile, struct in_addr address);
/* Go on with the next one. */
void mobile_drop_home_agent(struct mobile *mobile);

/* off.c */
/* Whether a binding is being ended so that something else may follow. */
bool mobile_is_parting(const struct mobile *mobile);
/* It is ended, or cannot be: what follows. */
void mobile_part(struct mobile *mobile);

/* discard.c */
/* A reply is not believed. */
void mobile_discard(struct mobile *mobile, const struct mobile_reply *reply,
                    const struct mobile_verdict *verdict, uint64_t now_ms);

/* held.c */
/* The one that was accepted; alone: the home agent has no other one. */
void mobile_hold(struct mobile *mobile, bool alone);
void mobile_forget_expired(struct mobile *mobile, uint64_t now_ms);
/* By the request that was accepted. */
void mobile_forget_ended(struct mobile *mobile);
/* All at once, wherever it is, if there is any but the one by where it is. */
enum mobile_purpose mobile_purpose_of_end(const struct mobile *mobile);
/* It was denied. A foreign agent of RFC 3344 relays nothing with another care-of address than its own
 * (77): then that one ends, at least. */
void mobile_end_less(struct mobile *mobile);

/* register.c */
bool mobile_is_away(const struct mobile *mobile);
void mobile_show(struct mobile *mobile);
/* When the binding is to be renewed; UINT64_MAX: there is none, or something else comes first. */
uint64_t mobile_refresh_ms(const struct mobile *mobile);
void mobile_register(struct mobile *mobile, uint64_t now_ms);
void mobile_keep_alive(struct mobile *mobile, uint64_t now_ms);

#endif
