/* client.c - a blocking client of the control socket. */
#include "agentd/control/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define refuse(client, why, ...)                                                                   \
	ha_refuse((client)->report, sizeof((client)->report), why, __VA_ARGS__)

static enum ha_error refuse_connect(struct control_client *client, const char *path, int number)
{
	if (number == ENOENT || number == ECONNREFUSED)
		return refuse(client, HA_E_NOTFOUND, "agentd does not answer on %s: is it running?",
		              path);
	if (number == EACCES || number == EPERM)
		return refuse(client, HA_E_PERMISSION,
		              "you may not use %s: that takes root or the group of the socket",
		              path);
	return refuse(client, HA_E_IO, "%s: %s", path, strerror(number));
}

static enum ha_error refuse_silence(struct control_client *client)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return refuse(client, HA_E_IO, "agentd does not answer in time");
	return refuse(client, HA_E_IO, "the connection to agentd broke: %s", strerror(errno));
}

enum ha_error control_client_open(struct control_client *client, const char *path,
                                  uint32_t timeout_s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = timeout_s };

	*client = (struct control_client){ .descriptor = -1 };
	if (strlen(path) >= sizeof(address.sun_path))
		return refuse(client, HA_E_RANGE, "%.60s...: the path is too long for a socket",
		              path);
	memcpy(address.sun_path, path, strlen(path));
	client->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->descriptor < 0)
		return refuse_connect(client, path, errno);
	setsockopt(client->descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(client->descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(client->descriptor, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return refuse_connect(client, path, errno);
	return HA_OK;
}

static enum ha_error send_all(struct control_client *client)
{
	size_t sent = 0;

	while (sent < client->octets.size) {
		ssize_t n = send(client->descriptor, client->octets.at + sent,
		                 client->octets.size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* A refusal may have been sent before the connection was closed. */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return HA_OK;
		if (n < 0)
			return refuse_silence(client);
		sent += (size_t)n;
	}
	return HA_OK;
}

static enum ha_error receive(struct control_client *client, void *out, size_t size)
{
	size_t received = 0;

	while (received < size) {
		ssize_t n = recv(client->descriptor, (uint8_t *)out + received, size - received, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse_silence(client);
		if (n == 0)
			return refuse(client, HA_E_IO, "agentd closed the connection");
		received += (size_t)n;
	}
	return HA_OK;
}

static enum ha_error receive_answer(struct control_client *client, const struct control_sink *sink,
                                    bool *ended)
{
	uint8_t header[CONTROL_HEADER_SIZE];
	enum ha_error why = receive(client, header, sizeof(header));
	size_t size;

	if (why != HA_OK)
		return why;
	if (!frame_header_decode(header, CONTROL_ANSWER_MAX, &size))
		return refuse(client, HA_E_SYNTAX, "what answers is not agentd");
	octets_drop(&client->octets, client->octets.size);
	if (octets_reserve(&client->octets, size) != HA_OK)
		return refuse(client, HA_E_NOMEM, "out of memory");
	why = receive(client, client->octets.at, size);
	if (why != HA_OK)
		return why;
	if (control_answer_decode(client->octets.at, size, sink, ended) != HA_OK)
		return refuse(client, HA_E_SYNTAX, "what answers is not agentd");
	if (!*ended && sink->page)
		sink->page(sink->context);
	return HA_OK;
}

enum ha_error control_client_ask(struct control_client *client,
                                 const struct control_request *request,
                                 const struct control_sink *sink)
{
	struct control_request whole = *request;
	bool ended = false;
	enum ha_error why;

	whole.group = client->group;
	octets_free(&client->octets);
	why = control_request_encode(&whole, &client->octets);
	if (why != HA_OK)
		return refuse(client, why, "the request is too long");
	why = send_all(client);
	octets_free(&client->octets); /* it may hold a key */
	while (why == HA_OK && !ended)
		why = receive_answer(client, sink, &ended);
	return why;
}

void control_client_close(struct control_client *client)
{
	octets_free(&client->octets);
	if (client->descriptor >= 0)
		close(client->descriptor);
	client->descriptor = -1;
}
