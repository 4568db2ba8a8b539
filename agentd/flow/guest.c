/* guest.c - a guest's life, and the addresses that it has while it leads. */
#include "agentd/flow/guest_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/flow/internal.h"

/* ---- coming up ---- */

static void make_locks(struct guest *guest)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&guest->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&guest->lock, NULL);
	pthread_mutex_init(&guest->wish_lock, NULL);
	pthread_mutex_init(&guest->answer_lock, NULL);
	pthread_mutex_init(&guest->clock_lock, NULL);
}

static enum ha_error open_addresses(struct guest *guest, char *report, size_t size)
{
	enum ha_error why = HA_OK;
	size_t count = 0;

	if (guest->witness)
		return HA_OK;
	(void)shared_addresses_parse(guest->config.visit_shared, guest->shared, &count);
	for (size_t i = 0; i < count && why == HA_OK; i++) {
		const struct ownership_options options = {
			.address = guest->shared[i].address,
			.interface = guest->shared[i].interface,
			.hook = "",
			.subject = "foreign agent",
			.option = "foreign-agent.shared",
			.until = guest_until_ns,
			.context = guest,
		};

		why = ownership_open(&options, &guest->ownerships[i], report, size);
		guest->shared_count += why == HA_OK;
	}
	return why;
}

struct guest *guest_open(const struct guest_options *options, enum ha_error *why, char *report,
                         size_t size)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	*why = HA_E_NOMEM;
	snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
	if (!guest)
		return NULL;
	guest->options = *options;
	guest->config = *options->config;
	guest->witness = config_is_witness(&guest->config);
	guest_watch_init(guest);
	snprintf(guest->directory, sizeof(guest->directory), "%s/groups/%u",
	         guest->config.data_directory, CONFIG_GROUP_VISITORS);
	make_locks(guest);
	guest->face.ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	guest_face(guest);
	if (guest->face.ready < 0)
		*why = ha_refuse(report, size, HA_E_IO, "no descriptor left for visitors");
	else
		*why = open_addresses(guest, report, size);
	if (*why == HA_OK)
		*why = guest_run_open(guest, report, size);
	if (*why == HA_OK)
		return guest;
	guest_close(guest);
	return NULL;
}

static enum ha_error start_thread(struct guest *guest)
{
	int number = pthread_create(&guest->thread, NULL, guest_store_thread, guest);

	guest->started = number == 0;
	return ha_error_of_errno(number);
}

enum ha_error guest_start(struct guest *guest, char *report, size_t size)
{
	enum ha_error why = guest_run_start(guest);

	if (why == HA_OK)
		why = start_thread(guest);
	if (why == HA_OK)
		why = guest_watch_start(guest);
	return why == HA_OK ? why
	                    : ha_refuse(report, size, why, "the visitors cannot be started: %s",
	                                ha_strerror(why));
}

/* ---- what others see ---- */

const struct visitors_members *guest_members(struct guest *guest)
{
	return &guest->face;
}

void guest_status(struct guest *guest, struct guest_status *out)
{
	*out = (struct guest_status){ .stored_index = guest->stored,
		                      .failing = guest->failing,
		                      .witness = guest->witness };
	pthread_mutex_lock(&guest->lock);
	if (guest->visitors)
		out->visitors = visitors_count(guest->visitors);
	pthread_mutex_unlock(&guest->lock);
	pthread_mutex_lock(&guest->answer_lock);
	if (guest->shown)
		replication_status(guest->replication, &out->replication);
	pthread_mutex_unlock(&guest->answer_lock);
}

/* ---- an operator's wishes ---- */

/* The engine that may be asked, until wish_end(). NULL: another member's store is put here. */
static struct replication *wish_begin(struct guest *guest)
{
	pthread_mutex_lock(&guest->wish_lock);
	return guest->shown ? guest->replication : NULL;
}

static enum ha_error wish_end(struct guest *guest, enum ha_error why)
{
	pthread_mutex_unlock(&guest->wish_lock);
	return why;
}

enum ha_error guest_transfer(struct guest *guest, uint8_t member)
{
	struct replication *asked = wish_begin(guest);

	return wish_end(guest, asked ? replication_transfer(asked, member) : HA_E_CLOSED);
}

enum ha_error guest_drain(struct guest *guest, bool drain)
{
	struct replication *asked = wish_begin(guest);

	return wish_end(guest, asked ? replication_drain(asked, drain) : HA_E_CLOSED);
}

enum ha_error guest_admit(struct guest *guest, uint8_t member)
{
	struct replication *asked = wish_begin(guest);

	return wish_end(guest, asked ? replication_admit(asked, member) : HA_E_CLOSED);
}

/* ---- going down ---- */

void guest_halt(struct guest *guest)
{
	if (!guest)
		return;
	guest_watch_stop(guest);
	guest_answer(guest, false);
	for (size_t i = 0; i < guest->shared_count; i++)
		ownership_leave(guest->ownerships[i]);
}

static void end_thread(struct guest *guest)
{
	if (!guest->started)
		return;
	atomic_store(&guest->ending, true);
	pthread_mutex_lock(&guest->lock);
	guest->stopping = true;
	pthread_cond_signal(&guest->wake);
	pthread_mutex_unlock(&guest->lock);
	pthread_join(guest->thread, NULL);
	guest->started = false;
}

void guest_close(struct guest *guest)
{
	if (!guest)
		return;
	guest_watch_stop(guest);
	end_thread(guest);
	guest_run_close(guest);
	for (size_t i = 0; i < guest->shared_count; i++)
		ownership_close(guest->ownerships[i]);
	if (guest->face.ready >= 0)
		close(guest->face.ready);
	guest_watch_free(guest);
	pthread_cond_destroy(&guest->wake);
	pthread_mutex_destroy(&guest->lock);
	pthread_mutex_destroy(&guest->wish_lock);
	pthread_mutex_destroy(&guest->answer_lock);
	pthread_mutex_destroy(&guest->clock_lock);
	free(guest);
}
