// SPDX-License-Identifier: GPL-2.0-or-later
/* Members on other machines: their URLs, and the kernel's names of NVMe things. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <asm/byteorder.h>

#include "netlink/nbd_url.h"
#include "nvme/nvme_names.h"

static void nbd_urls(void **state)
{
	static const struct {
		const char *text, *host, *port, *name;
		bool tls;
	} good[] = {
		{ "nbd://h", "h", "10809", "", false },
		{ "nbd://h/", "h", "10809", "", false },
		{ "nbd://host:1/x", "host", "1", "x", false },
		{ "nbd://10.0.0.1:65535/a/b", "10.0.0.1", "65535", "a/b", false },
		{ "nbd://[::1]/x", "::1", "10809", "x", false },
		{ "nbd://[fe80::1]:99/x", "fe80::1", "99", "x", false },
		{ "nbd://h/a%20disk%2f", "h", "10809", "a disk/", false },
		{ "nbd://h/:8", "h", "10809", ":8", false },
		{ "nbds://h:7/x", "h", "7", "x", true },
	};
	static const char *const bad[] = {
		"", "nbd:", "nbd:/h", "nbd://", "nbd:///x", "nbd://:1/x", "nbd://h:/x", "nbd://h:0/x",
		"nbd://h:65536/x", "nbd://h:123456/x", "nbd://h:1x/x", "nbd://[::1/x", "nbd://[]/x",
		"nbd://[::1]x/x", "nbd://u@h/x", "nbd://h/%", "nbd://h/%2", "nbd://h/%2x", "nbd://h/%00",
		"nbd://h/x?y", "nbdss://h/x", "nbd://h,x/x", "nbd://h=x/x",
		"nbd://h/x#y", "nbd://a b/x", "nbd://h/a b", "nbd://h/\033[2J", "nbd://h/\377",
		"nbd://\303\244/x", "nbd://h/a\nb", "nbd://h\033/x", "NBD://h/x", "http://h/x", "nbd://h?x",
	};
	struct nbd_url url;
	char *text;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(nbd_url_parse(good[i].text, &url), 0);
		assert_string_equal(url.at.host, good[i].host);
		assert_string_equal(url.at.port, good[i].port);
		assert_string_equal(url.export_name, good[i].name);
		assert_int_equal(url.tls, good[i].tls);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!nbd_url_parse(bad[i], &url))
			fail_msg("\"%s\" is taken for a URL", bad[i]);
	text = malloc(10000);
	memset(text, 'x', 9999);
	text[9999] = 0;
	memcpy(text, "nbd://", 6);
	assert_int_equal(nbd_url_parse(text, &url), -EINVAL);
	text[7] = '/';
	assert_int_equal(nbd_url_parse(text, &url), -EINVAL);
	text[8 + NBD_EXPORT_MAX] = 0;
	assert_int_equal(nbd_url_parse(text, &url), 0);
	free(text);
}


#define NQN	"nqn.2014-08.org.nvmexpress:uuid:0c1d"

static void nvme_urls(void **state)
{
	static const struct {
		const char *text, *host, *port, *nqn;
		uint32_t nsid;
	} good[] = {
		{ "nvme-tcp://h/" NQN, "h", "4420", NQN, 0 },
		{ "nvme-tcp://10.0.0.1:8009/" NQN, "10.0.0.1", "8009", NQN, 0 },
		{ "nvme-tcp://[::1]:1/" NQN, "::1", "1", NQN, 0 },
		{ "nvme-tcp://h/" NQN "?nsid=1", "h", "4420", NQN, 1 },
		{ "nvme-tcp://h/" NQN "?nsid=4294967294", "h", "4420", NQN, 0xfffffffe },
		{ "nvme-tcp://h/a/b", "h", "4420", "a/b", 0 },
		{ "nvme-tcp://h/n%3aq%3Fn", "h", "4420", "n:q?n", 0 },
	};
	static const char *const bad[] = {
		"", "nvme-tcp:", "nvme-tcp://", "nvme-tcp://h", "nvme-tcp://h/", "nvme-tcp:///" NQN,
		"nvme-tcp://h:/" NQN, "nvme-tcp://h:0/" NQN, "nvme-tcp://h:65536/" NQN,
		"nvme-tcp://h/" NQN "?", "nvme-tcp://h/" NQN "?nsid=", "nvme-tcp://h/" NQN "?nsid=0",
		"nvme-tcp://h/" NQN "?nsid=4294967295", "nvme-tcp://h/" NQN "?nsid=1x",
		"nvme-tcp://h/" NQN "?ns=1", "nvme-tcp://h/" NQN "?nsid=1&nsid=2",
		"nvme-tcp://h/" NQN "#x", "nvme-tcp://h/?nsid=1", "nvme-tcp://u@h/" NQN,
		/* What would be one more option to the kernel. */
		"nvme-tcp://h/a,hostnqn=b", "nvme-tcp://h/a%2chostnqn=b", "nvme-tcp://h,x=1/a",
		"nvme-tcp://h=x/a", "nvme-tcp://h/a b", "nvme-tcp://h/a%0ab", "nvme-tcp://h/a%00b",
		"nvme-tcp://h/a%7f", "nvme-tcp://h/\302\200", "nvme-tcp://h/\377", "NVME-TCP://h/a", "nvme-rdma://h/a", "nvme://h/a", "nbd://h/a",
	};
	struct nvme_url url;
	char text[512];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(nvme_url_parse(good[i].text, &url), 0);
		assert_string_equal(url.at.host, good[i].host);
		assert_string_equal(url.at.port, good[i].port);
		assert_string_equal(url.nqn, good[i].nqn);
		assert_int_equal(url.nsid, good[i].nsid);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!nvme_url_parse(bad[i], &url))
			fail_msg("\"%s\" is taken for a URL", bad[i]);
	snprintf(text, sizeof(text), "nvme-tcp://h/%0*d", NVME_NQN_MAX, 1);
	assert_int_equal(nvme_url_parse(text, &url), 0);
	snprintf(text, sizeof(text), "nvme-tcp://h/%0*d", NVME_NQN_MAX + 1, 1);
	assert_int_equal(nvme_url_parse(text, &url), -EINVAL);
}

/* Namespaces as the kernel names them with multipath and without, and what is none. */
static void nvme_disks(void **state)
{
	static const char *const bad[] = {
		"", "nvme", "nvme0", "nvme0n", "nvme0n1p1", "nvme0c1", "nvme0c1n", "nvme0c1n1p2",
		"nvmen1", "nvme0n1 ", "hwmon3", "ng0n1", "nvme0c1c2n3", "nvme99999999999n1", "nvme-3n1",
		"nvme 3n1", "nvme3c+7n1",
	};
	char name[NVME_NAME_MAX];
	unsigned int i;
	int controller;

	(void)state;
	assert_int_equal(nvme_disk_name("nvme3n12", name), 0);
	assert_string_equal(name, "nvme3n12");
	assert_int_equal(nvme_disk_name("nvme3c7n12", name), 0);
	assert_string_equal(name, "nvme3n12");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!nvme_disk_name(bad[i], name))
			fail_msg("\"%s\" is taken for a namespace", bad[i]);
	assert_int_equal(nvme_instance("instance=17,cntlid=2\n", &controller), 0);
	assert_int_equal(controller, 17);
	assert_int_equal(nvme_instance("transport=%s,traddr=%s\n", &controller), -EINVAL);
	assert_int_equal(nvme_instance("", &controller), -EINVAL);
	assert_int_equal(nvme_instance("instance=-3,cntlid=2\n", &controller), -EINVAL);
}

static void nvme_words(void **state)
{
	const struct nvme_patience patience = { .timeout_s = 5, .dead_s = 1 };
	struct nvme_host host = { .nqn = "" };
	struct nvme_url url;
	char text[512];

	(void)state;
	assert_int_equal(nvme_url_parse("nvme-tcp://h:99/" NQN, &url), 0);
	assert_int_equal(nvme_connect_words(&url, "10.0.0.1", &host, &patience, text, sizeof(text)), 0);
	assert_string_equal(text, "transport=tcp,traddr=10.0.0.1,trsvcid=99,nqn=" NQN
			    ",keep_alive_tmo=5,reconnect_delay=5,ctrl_loss_tmo=-1,fast_io_fail_tmo=1,duplicate_connect");
	strcpy(host.nqn, "us");
	strcpy(host.id, "7");
	assert_int_equal(nvme_connect_words(&url, "10.0.0.1", &host, &patience, text, sizeof(text)), 0);
	assert_non_null(strstr(text, ",hostnqn=us,hostid=7,"));
	assert_int_equal(nvme_connect_words(&url, "10.0.0.1", &host, &patience, text, 100),
			 -ENAMETOOLONG);
}

static void nvme_choices(void **state)
{
	static __le32 list[NVME_LIST_MAX];
	uint32_t nsid = 0;
	unsigned int i;

	(void)state;
	assert_int_equal(nvme_choose(list, 0, &nsid), -ENOENT);
	assert_int_equal(nvme_choose(list, 1, &nsid), -ENOENT);
	list[0] = cpu_to_le32(7);
	assert_int_equal(nvme_choose(list, 0, &nsid), 0);
	assert_int_equal(nsid, 7);
	assert_int_equal(nvme_choose(list, 8, &nsid), -ENOENT);
	list[1] = cpu_to_le32(9);
	assert_int_equal(nvme_choose(list, 0, &nsid), -ENOTUNIQ);
	assert_int_equal(nvme_choose(list, 7, &nsid), 0);
	assert_int_equal(nsid, 7);
	assert_int_equal(nvme_choose(list, 9, &nsid), 0);
	assert_int_equal(nsid, 9);
	/* A full list has no zero at its end. */
	for (i = 0; i < NVME_LIST_MAX; i++)
		list[i] = cpu_to_le32(i + 1);
	assert_int_equal(nvme_choose(list, NVME_LIST_MAX, &nsid), 0);
	assert_int_equal(nvme_choose(list, NVME_LIST_MAX + 1, &nsid), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nbd_urls), cmocka_unit_test(nvme_urls),
		cmocka_unit_test(nvme_disks), cmocka_unit_test(nvme_words),
		cmocka_unit_test(nvme_choices),
	};

	return cmocka_run_group_tests_name("members on other machines", tests, NULL, NULL);
}
