// SPDX-License-Identifier: GPL-2.0-or-later
#include "service.h"

#define NSEC_PER_MSEC	1000000ull
#define TURN_FRAMES	64u		/* before what they ask for is served */
#define WAIT_MS		1000u
#define CPUID_RDRAND	(1u << 30)

static struct net net;
static bool used[TCP_CONNECTIONS];

static uint64_t now_ms(void)
{
	return guest_monotonic_ns() / NSEC_PER_MSEC + 1;
}

/* 0 if the processor has none. */
static uint64_t hardware_random(void)
{
	uint32_t a = 1, b, c = 0, d;
	unsigned int tries;
	uint64_t v = 0;
	uint8_t good = 0;

	__asm__ volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	for (tries = 0; c & CPUID_RDRAND && !good && tries < 16; tries++)
		__asm__ volatile("rdrand %0; setc %1" : "=r" (v), "=qm" (good) : : "cc");
	return good ? v : 0;
}

void service_secret(uint8_t secret[16])
{
	uint64_t pool[8], half;
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(pool); i++)
		pool[i] = i % 2 ? guest_tsc() ^ guest_wall_ns() : hardware_random();
	memset(secret, 0, 16);
	for (i = 0; i < 2; i++) {
		half = siphash((const uint8_t *)pool, pool, sizeof(pool) - i);
		memcpy(secret + 8 * i, &half, 8);
	}
}

const char *service_option(const char *arg, const char *name)
{
	size_t len = strlen(name);

	if (strlen(arg) <= len || memcmp(arg, name, len) || arg[len] != '=')
		return NULL;
	return arg + len + 1;
}

size_t service_digits(char *to, uint64_t v)
{
	char digits[20];
	size_t n = 0, i;

	do {
		digits[n++] = '0' + v % 10;
		v /= 10;
	} while (v);
	for (i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	return n;
}

/* A frame that cannot be sent is lost, like any other. */
static void send_frame(void *context, const uint8_t *frame, size_t len)
{
	const struct service *service = context;

	guest_net_write(service->net, frame, len);
}

static const struct net_ops ops = { .send = send_frame };

static void configure(const struct service *service, int argc, char **argv)
{
	const struct hvt_manifest_entry *device = guest_device(service->net);
	struct net_config config = { .mtu = device->u.net.mtu };
	const char *value;
	int i;

	memcpy(config.mac, device->u.net.mac, 6);
	service_secret(config.secret);
	for (i = 0; i < argc; i++) {
		value = service_option(argv[i], "ip");
		if (value && !ip_address_parse(value, &config.address, &config.prefix))
			guest_fail("not an address: %s\n", argv[i]);
		value = service_option(argv[i], "gw");
		if (value && !ip_address_parse(value, &config.gateway, NULL))
			guest_fail("not an address: %s\n", argv[i]);
	}
	if (!net_init(&net, &config, &ops, (void *)service, now_ms()))
		guest_fail("ip=A.B.C.D/BITS must be a host's, and gw=A.B.C.D in its network\n");
	tcp_listen(&net, service->port);
}

static void take_frames(const struct service *service)
{
	static uint8_t frame[2048];
	unsigned int i;
	uint64_t len;

	for (i = 0; i < TURN_FRAMES; i++) {
		len = sizeof(frame);
		if (guest_net_read(service->net, frame, &len) || len > sizeof(frame))
			return;
		net_input(&net, now_ms(), frame, len);
	}
}

static void serve_all(const struct service *service)
{
	bool closing[TCP_CONNECTIONS] = { false };
	uint64_t now = now_ms();
	unsigned int i;
	int c;

	while ((c = tcp_accept(&net, service->port)) >= 0) {
		used[c] = true;
		service->open(c);
	}
	for (i = 0; i < TCP_CONNECTIONS; i++)
		closing[i] = used[i] && !service->serve(&net, i, now);
	if (service->turn)
		service->turn();
	for (i = 0; i < TCP_CONNECTIONS; i++) {
		if (!closing[i])
			continue;
		used[i] = false;
		tcp_close(&net, i);
	}
}

void service_run(const struct service *service, int argc, char **argv)
{
	uint64_t ready, now, next;

	configure(service, argc, argv);
	guest_printf("serving at port %u\n", service->port);
	for (;;) {
		now = now_ms();
		next = net_next(&net, WAIT_MS);
		if (guest_poll(next > now ? (next - now) * NSEC_PER_MSEC : 0, &ready) < 0)
			guest_fail("poll\n");
		take_frames(service);
		serve_all(service);
		net_run(&net, now_ms());
	}
}
