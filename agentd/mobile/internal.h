/* internal.h - what the files of mobile.h share. */
#ifndef AGENTD_MOBILE_INTERNAL_H
#define AGENTD_MOBILE_INTERNAL_H

#include "agentd/mobile/mobile.h"

#define MOBILE_LINK 1u /* the only interface, as heard.h counts them */

/* choose.c: where it is. false: it does not know. The challenge of *out is borrowed from what
 * was heard. */
bool mobile_choose(const struct mobile *mobile, uint64_t now_ms, struct mobile_attachment *out);
bool mobile_attachment_equal(const struct mobile_attachment *a, const struct mobile_attachment *b);
/* Others are asked rather than this agent for a while, longer each time. */
void mobile_refuse_agent(struct mobile *mobile, struct in_addr agent, uint64_t now_ms);
/* It has accepted. */
void mobile_trust_agent(struct mobile *mobile, struct in_addr agent);
/* Whose advertisement says that this is home; 0: nobody's does. */
struct in_addr mobile_home_heard(const struct mobile *mobile, uint64_t now_ms);
struct mac mobile_mac_of(const struct mobile *mobile, struct in_addr agent);

/* mobile.c */
/* This agent has that link address. */
void mobile_keep_mac(struct mobile *mobile, struct in_addr source, struct mac from);
/* What is wished for, can be done without and is not offered is not wished for any more. */
void mobile_suit_agent(struct mobile *mobile);

/* home_agents.c */
/* It has accepted, and may be used again. */
void mobile_note_home_agent(struct mobile *mobile, struct in_addr address);
/* Go on with the next one. */
void mobile_drop_home_agent(struct mobile *mobile);

/* register.c */
void mobile_show(struct mobile *mobile);
void mobile_forget_expired(struct mobile *mobile, uint64_t now_ms);
/* Whom it waits for in vain is not waited for any longer, if there is somebody else. */
void mobile_note_silence(struct mobile *mobile, uint64_t now_ms);
/* When the binding is to be renewed; UINT64_MAX: there is none, or something else comes first. */
uint64_t mobile_refresh_ms(const struct mobile *mobile);
void mobile_register(struct mobile *mobile, uint64_t now_ms);
void mobile_keep_alive(struct mobile *mobile, uint64_t now_ms);

#endif
