/* codec.c - frames, and requests as octets and back. The decoder's memory
 * comes from a purse of fixed size, so that a small message cannot make the
 * protobuf library allocate a large tree, and goes back wiped. */
#include "agentd/control/codec.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/control/purse.h"
#include "proto/authenticator.h"
#include "proto/control.pb-c.h"

void frame_header_encode(uint8_t out[CONTROL_HEADER_SIZE], size_t size)
{
	uint32_t length = htonl((uint32_t)size);

	memcpy(out, &length, sizeof(length));
}

bool frame_header_decode(const uint8_t in[CONTROL_HEADER_SIZE], size_t max, size_t *size)
{
	uint32_t length;

	memcpy(&length, in, sizeof(length));
	*size = ntohl(length);
	return *size <= max;
}

/* ---- octets ---- */

enum ha_error octets_reserve(struct octets *octets, size_t more)
{
	size_t room = octets->room ? octets->room : 1024;
	uint8_t *at;

	while (room - octets->size < more)
		room *= 2;
	if (room == octets->room)
		return HA_OK;
	at = malloc(room); /* not realloc: it would leave a copy of keys behind */
	if (!at)
		return HA_E_NOMEM;
	if (octets->size)
		memcpy(at, octets->at, octets->size);
	if (octets->at)
		mip_wipe(octets->at, octets->room);
	free(octets->at);
	octets->at = at;
	octets->room = room;
	return HA_OK;
}

enum ha_error octets_append(struct octets *octets, const void *at, size_t size)
{
	enum ha_error why = octets_reserve(octets, size);

	if (why != HA_OK || size == 0)
		return why;
	memcpy(octets->at + octets->size, at, size);
	octets->size += size;
	return HA_OK;
}

void octets_drop(struct octets *octets, size_t size)
{
	if (size == 0)
		return;
	octets->size -= size;
	memmove(octets->at, octets->at + size, octets->size);
	mip_wipe(octets->at + octets->size, size);
}

void octets_free(struct octets *octets)
{
	if (octets->at)
		mip_wipe(octets->at, octets->room);
	free(octets->at);
	*octets = (struct octets){ 0 };
}

/* ---- the purse ---- */

struct coin {
	size_t size;
	_Alignas(16) uint8_t at[];
};

static void *purse_take(void *context, size_t size)
{
	struct purse *purse = context;
	struct coin *coin;

	if (size > purse->left || purse->left - size < sizeof(*coin))
		return NULL;
	coin = malloc(sizeof(*coin) + size);
	if (!coin)
		return NULL;
	purse->left -= sizeof(*coin) + size;
	coin->size = size;
	return coin->at;
}

static void purse_give(void *context, void *at)
{
	struct coin *coin;

	(void)context; /* what was spent stays spent */
	if (!at)
		return;
	coin = (struct coin *)((uint8_t *)at - offsetof(struct coin, at));
	mip_wipe(coin->at, coin->size);
	free(coin);
}

void purse_open(struct purse *purse, size_t octets)
{
	purse->left = octets;
	purse->allocator = (ProtobufCAllocator){ .alloc = purse_take,
		                                 .free = purse_give,
		                                 .allocator_data = purse };
}

/* ---- requests ---- */

/* A message, and the purse that its tree came from. */
struct request_message {
	struct purse purse;
	Hearth__Control__Request *tree;
};

static bool within_limits(const Hearth__Control__Request *tree)
{
	if (strlen(tree->verb) > CONTROL_TEXT_MAX || tree->n_arguments > CONTROL_ARGUMENTS_MAX)
		return false;
	for (size_t i = 0; i < tree->n_arguments; i++)
		if (strlen(tree->arguments[i]) > CONTROL_TEXT_MAX)
			return false;
	return true;
}

enum ha_error control_request_decode(const void *at, size_t size, struct control_request *out)
{
	struct request_message *message = malloc(sizeof(*message));

	*out = (struct control_request){ 0 };
	if (!message)
		return HA_E_NOMEM;
	purse_open(&message->purse, CONTROL_REQUEST_MAX + (64u << 10));
	message->tree = hearth__control__request__unpack(&message->purse.allocator, size, at);
	out->message = message;
	if (!message->tree || !within_limits(message->tree)) {
		control_request_free(out);
		return HA_E_SYNTAX;
	}
	out->verb = message->tree->verb;
	out->arguments = (const char *const *)message->tree->arguments;
	out->argument_count = message->tree->n_arguments;
	out->group = message->tree->has_group ? message->tree->group : 0;
	if (message->tree->has_secret) {
		out->secret = message->tree->secret.data;
		out->secret_size = message->tree->secret.len;
	}
	return HA_OK;
}

void control_request_free(struct control_request *request)
{
	struct request_message *message = request->message;

	if (message && message->tree)
		hearth__control__request__free_unpacked(message->tree, &message->purse.allocator);
	free(message);
	*request = (struct control_request){ 0 };
}

enum ha_error control_request_encode(const struct control_request *request, struct octets *out)
{
	Hearth__Control__Request tree = HEARTH__CONTROL__REQUEST__INIT;
	enum ha_error why;
	size_t size;

	tree.verb = (char *)request->verb;
	tree.arguments = (char **)request->arguments;
	tree.n_arguments = request->argument_count;
	tree.has_secret = request->secret != NULL;
	tree.secret.data = (uint8_t *)request->secret;
	tree.secret.len = request->secret_size;
	tree.has_group = request->group != 0;
	tree.group = request->group;
	size = hearth__control__request__get_packed_size(&tree);
	if (size > CONTROL_REQUEST_MAX || !within_limits(&tree))
		return HA_E_RANGE;
	why = octets_reserve(out, CONTROL_HEADER_SIZE + size);
	if (why != HA_OK)
		return why;
	frame_header_encode(out->at + out->size, size);
	hearth__control__request__pack(&tree, out->at + out->size + CONTROL_HEADER_SIZE);
	out->size += CONTROL_HEADER_SIZE + size;
	return HA_OK;
}
