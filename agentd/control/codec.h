/* codec.h - the control protocol: frames, requests and answers as octets and
 * back. The face of the protobuf schema proto/control.proto for server and
 * client; nothing here reads or writes a descriptor.
 *
 * A frame is a length of 4 octets in network order and a message of that many.
 * What comes from the other side is bounded before it is allocated for.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_CONTROL_CODEC_H
#define AGENTD_CONTROL_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define CONTROL_HEADER_SIZE 4u
#define CONTROL_REQUEST_MAX (2u << 20) /* octets of a message */
#define CONTROL_ANSWER_MAX (1u << 20)
#define CONTROL_ARGUMENTS_MAX 32u
#define CONTROL_TEXT_MAX 512u  /* octets of a verb or an argument */
#define CONTROL_VALUES_MAX 96u /* in one record */

void frame_header_encode(uint8_t out[CONTROL_HEADER_SIZE], size_t size);
/* Octets of the message that follows. false when that is more than `max`: hang
 * up, for there is no telling where the next frame begins. */
bool frame_header_decode(const uint8_t in[CONTROL_HEADER_SIZE], size_t max, size_t *size);

/* ---- a growing buffer that is wiped: requests carry keys ---- */

struct octets {
	uint8_t *at;
	size_t size;
	size_t room;
};

/* Room for `more` octets after `size`. HA_E_NOMEM leaves it as it was. */
enum ha_error octets_reserve(struct octets *octets, size_t more);
enum ha_error octets_append(struct octets *octets, const void *at, size_t size);
/* Drop the first `size` octets. */
void octets_drop(struct octets *octets, size_t size);
void octets_free(struct octets *octets); /* wipes; leaves an empty one */

/* ---- requests ---- */

struct control_request {
	const char *verb;
	const char *const *arguments;
	size_t argument_count;
	const void *secret;
	size_t secret_size;
	uint32_t group; /* which home agent of the process */
	void *message;  /* of the decoder; owns the rest */
};

/* HA_E_SYNTAX for anything that is not a request within the limits above,
 * HA_E_NOMEM. On success the request is freed by control_request_free. */
enum ha_error control_request_decode(const void *at, size_t size, struct control_request *out);
void control_request_free(struct control_request *request); /* wipes; accepts a zeroed one */

/* Append a frame. HA_E_RANGE when it is over the limits, HA_E_NOMEM. */
enum ha_error control_request_encode(const struct control_request *request, struct octets *out);

/* ---- answers ---- */

enum control_kind {
	CONTROL_NULL,
	CONTROL_TEXT,
	CONTROL_NUMBER,
	CONTROL_FLAG,
};

struct control_value {
	const char *name;
	enum control_kind kind;
	const char *text;
	uint64_t number; /* or the flag */
};

/* An answer being written: values collect until answer_record makes them one
 * record; what is left at answer_end are facts of the whole. Errors stick. */
struct answer {
	struct octets frame; /* with its header, once sealed */
	struct control_value values[CONTROL_VALUES_MAX];
	size_t value_count;
	char text[8192]; /* of the values */
	size_t text_size;
	size_t records;
	enum ha_error error; /* HA_E_NOMEM, HA_E_NOSPACE: too much for one answer */
};

void answer_begin(struct answer *answer);
/* `name` is static text. Text is cut when it is too long for a record. */
void answer_text(struct answer *answer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* null for "". */
void answer_text_or_null(struct answer *answer, const char *name, const char *text);
void answer_number(struct answer *answer, const char *name, uint64_t number);
void answer_flag(struct answer *answer, const char *name, bool flag);
void answer_null(struct answer *answer, const char *name);
void answer_record(struct answer *answer);
/* The last words; message may be NULL. */
void answer_end(struct answer *answer, enum ha_error error, const char *message);
/* Fill in the header. The frame may be sent now. */
void answer_seal(struct answer *answer);
void answer_free(struct answer *answer);

/* An answer being read. */
struct control_end {
	enum ha_error error;
	const char *message; /* never NULL */
	const struct control_value *facts;
	size_t fact_count;
};

struct control_sink {
	void *context;
	void (*record)(void *context, const struct control_value *values, size_t count);
	void (*end)(void *context, const struct control_end *end);
	/* A page that is not the last is over: agentd has begun. NULL = of no interest. */
	void (*page)(void *context);
};

/* Hands each record and the end, if there is one (*ended), to the sink. Texts
 * are borrowed for the call. HA_E_SYNTAX, also for want of memory. */
enum ha_error control_answer_decode(const void *at, size_t size, const struct control_sink *sink,
                                    bool *ended);

#endif
