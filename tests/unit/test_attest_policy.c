// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies: every error by its place; what lists of files, modules, records, volumes and images
 * allow, by lists of IMA's that are written here.
 */
#include <errno.h>

#include "attest_util.h"

#define DOC(rest)	"{\"version\":1,\"name\":\"p\"," rest "}"
#define SHA_A		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_REST		"112233445566778899aabbccddeeff"
#define ID		"00" ID_REST

static void refused(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "", "line 1: " }, { "{", "line 1: " }, { "[]", "it is not an object" },
		{ "{\"a\":1,\"a\":1}", "line 1: duplicate" },
		{ "{\"names\":1}", "names: there is no such member" },
		{ "{\"n\\u0007e\":1}", "n?e: there is no such member" },
		{ "{}", "version: it is missing" }, { "{\"version\":2}", "version: 2 is not" },
		{ "{\"version\":1}", "name: it is missing" },
		{ "{\"version\":1,\"name\":\"\"}", "name: it is empty" },
		{ "{\"version\":1,\"name\":\"a\\u0000b\"}", "name: it is empty, or has a NUL" },
		{ DOC("\"bank\":\"sha256\""), "the policy asks for nothing" },
		{ DOC("\"bank\":\"sha1\""), "bank: no bank" },
		{ DOC("\"bank\":\"md5\""), "bank: no bank" },
		{ DOC("\"bank\":11"), "bank: it is not a text" },
		{ DOC("\"pcrs\":[]"), "pcrs: it is not an object" },
		{ DOC("\"pcrs\":{\"24\":\"" SHA_A "\"}"), "pcrs.24: there is no PCR" },
		{ DOC("\"pcrs\":{\"07\":\"" SHA_A "\"}"), "pcrs.07: there is no PCR" },
		{ DOC("\"pcrs\":{\"x\":\"" SHA_A "\"}"), "pcrs.x: there is no PCR" },
		{ DOC("\"pcrs\":{\"4\":[]}"), "pcrs.4: the list is empty" },
		{ DOC("\"pcrs\":{\"4\":\"aa\"}"), "pcrs.4: it is not a digest of sha256" },
		{ DOC("\"pcrs\":{\"4\":\"sha384:" SHA_A "\"}"), "pcrs.4: it is not a digest of" },
		{ DOC("\"pcrs\":{\"4\":[\"" SHA_A "\",7]}"), "pcrs.4[1]: it is not a text" },
		{ DOC("\"pcrs\":{\"4\":{}}"), "pcrs.4: it is not a list" },
		{ DOC("\"sequences\":{\"4\":\"" SHA_A "\"}"), "sequences.4: it is not a list" },
		{ DOC("\"sequences\":{\"4\":[\"" SHA_A "\",[]]}"),
		  "sequences.4[1]: the list is empty" },
		{ DOC("\"sequences\":{\"4\":[[\"" SHA_A "\",\"x\"]]}"),
		  "sequences.4[0][1]: it is not a digest of sha256" },
		{ DOC("\"replay\":7"), "replay: it is not a list" },
		{ DOC("\"replay\":[24]"), "replay[0]: 24 is not from 0 to 23" },
		{ DOC("\"replay\":[4,10]"), "replay[1]: PCR 10 is judged by ima" },
		{ DOC("\"secure_boot\":true"), "secure_boot: it is not an object" },
		{ DOC("\"secure_boot\":{\"DB\":[]}"), "secure_boot.DB: there is no such member" },
		{ DOC("\"secure_boot\":{\"db\":[\"x\"]}"), "secure_boot.db[0]: it is not a digest" },
		{ DOC("\"ima\":{\"boot_aggregate\":1}"), "ima.boot_aggregate: it is neither" },
		{ DOC("\"ima\":{\"files\":{}}"), "ima.files: it is not a list" },
		{ DOC("\"ima\":{\"files\":[]}"), "ima.files: the list is empty" },
		{ DOC("\"ima\":{\"files\":[{}]}"), "ima.files[0].path: it is missing" },
		{ DOC("\"ima\":{\"files\":[{\"path\":\"/a\"},{\"path\":3}]}"),
		  "ima.files[1].path: it is not a text" },
		{ DOC("\"ima\":{\"files\":[{\"path\":\"/a\",\"digests\":[]}]}"),
		  "ima.files[0].digests: the list is empty" },
		{ DOC("\"ima\":{\"digests\":[\"" SHA_A "\"]}"), "ima.digests[0]: it is not a digest" },
		{ DOC("\"ima\":{\"digests\":[\"md5:00\"]}"), "ima.digests[0]: it is not a digest" },
		{ DOC("\"ima\":{\"records\":[{\"text\":[\"x\"]}]}"),
		  "ima.records[0].name: it is missing" },
		{ DOC("\"ima\":{\"records\":[{\"name\":\"x\",\"text\":\"y\"}]}"),
		  "ima.records[0].text: it is not a list" },
		{ DOC("\"ima\":{\"images\":[\"sha512:00\"]}"), "ima.images[0]: it is not a digest of" },
		{ DOC("\"ima\":{\"volumes\":[{\"k\":4}]}"), "ima.volumes[0].volume_id: it is not 32" },
		{ DOC("\"ima\":{\"volumes\":[{\"volume_id\":\"`0" ID_REST "\"}]}"),
		  "ima.volumes[0].volume_id: it is not 32" },
		{ DOC("\"ima\":{\"volumes\":[{\"volume_id\":\"0`" ID_REST "\"}]}"),
		  "ima.volumes[0].volume_id: it is not 32" },
		{ DOC("\"ima\":{\"volumes\":[{\"volume_id\":\"" ID "\",\"k\":0}]}"),
		  "ima.volumes[0].k: 0 is not from 1 to 255" },
		{ DOC("\"ima\":{\"volumes\":[{\"volume_id\":\"" ID "\",\"min_epoch\":-1}]}"),
		  "ima.volumes[0].min_epoch: -1 is not from 0" },
	};
	struct attest_policy *p;
	struct attest_fault fault;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct blob b = blob_copy(cases[i].text, strlen(cases[i].text));

		p = NULL;
		assert_int_equal(attest_policy_parse(&p, (struct str){ (char *)b.at, b.len },
						     &fault), -EINVAL);
		assert_null(p);
		if (strncmp(fault.text, cases[i].fault, strlen(cases[i].fault)))
			fail_msg("%s: %s", cases[i].text, fault.text);
		blob_free(&b);
	}
	assert_int_equal(attest_policy_parse(&p, (struct str){ "", ATTEST_POLICY_MAX + 1 }, &fault),
			 -EMSGSIZE);
}

/* --- lists that are written here */

struct machine {
	struct boot b;
	struct made list;
	json_t *policy, *ima;
};

static void put_digest_field(struct made *d, const void *data, size_t len)
{
	uint8_t digest[TPM_DIGEST_MAX];

	tpm_hash(tpm_alg_by_id(TPM_ALG_SHA256), data, len, digest);
	put32(d, 40);
	put(d, "sha256:", 8);
	put(d, digest, 32);
}

/* An entry whose digest is that of @content; a record has its text behind the name. */
static void add(struct machine *m, const char *template, const char *name, const char *content,
		const char *text)
{
	struct made d = { .len = 0 };

	put_digest_field(&d, content, strlen(content));
	put_field(&d, name, strlen(name) + 1);
	if (strcmp(template, "ima-ng"))
		put_field(&d, text, strlen(text));
	put_entry(&m->list, template, &d);
}

static void record(struct machine *m, const char *name, const char *text)
{
	add(m, "ima-buf", name, text, text);
}

/* A boot whose list has its first entry alone, and a policy with this of IMA. */
static void start(struct machine *m, const char *ima)
{
	struct ima_list list;
	struct ima_entry e;

	memset(m, 0, sizeof(*m));
	m->b = boot_of(PREDICTED);
	assert_int_equal(ima_open(&list, m->b.ima.at, m->b.ima.len, NULL), 0);
	assert_int_equal(ima_next(&list, &e), 1);
	put(&m->list, m->b.ima.at, list.offset);
	m->policy = json_pack("{s:i, s:s}", "version", 1, "name", "p");
	m->ima = json_loads(ima, 0, NULL);
	assert_non_null(m->ima);
	json_object_set_new(m->policy, "ima", m->ima);
}

static struct attest_verdict *judge(struct machine *m)
{
	quote_list(&m->b, (struct blob){ m->list.at, m->list.len });
	m->b.e.ima = (struct str){ (char *)m->list.at, m->list.len };
	return judged(m->policy, &m->b.e);
}

static void end(struct machine *m)
{
	json_decref(m->policy);
	boot_free(&m->b);
}

/* SHA-256 of "good". */
#define GOOD	"sha256:770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"

#define FILES	"{\"files\":[{\"path\":\"/bin/a b\",\"digests\":[\"" GOOD "\"]}," \
	"{\"path\":\"/bin/a b\",\"digests\":[\"sha256:" SHA_A "\"]}," \
	"{\"path\":\"/log/*\"}, {\"path\":\"/z\"}],\"digests\":[\"" GOOD "\"]}"

static void files(void **state)
{
	struct machine m;

	(void)state;
	start(&m, FILES);
	assert_trusted(judge(&m));
	add(&m, "ima-ng", "/bin/a b", "good", NULL);
	add(&m, "ima-sig", "/bin/other", "good", "\3sig");
	add(&m, "ima-ng", "/log/x/y", "anything", NULL);
	add(&m, "ima-ng", "/z", "anything", NULL);
	assert_trusted(judge(&m));
	add(&m, "ima-ng", "/bin/a b", "bad", NULL);
	assert_found(judge(&m), "ima-file", -1, 5);
	assert_non_null(strstr(judge(&m)->finding[0].text, "/bin/a b (sha256)"));
	add(&m, "ima-ng", "/zz", "anything", NULL);
	assert_found(judge(&m), "ima-file", -1, 6);
	assert_int_equal(judge(&m)->findings, 2);
	end(&m);
}

/* A module is of its own list, whatever else allows files of its path. */
static void modules(void **state)
{
	struct machine m;

	(void)state;
	start(&m, "{\"files\":[{\"path\":\"/*\"}],\"modules\":[\"" GOOD "\"]}");
	add(&m, "ima-ng", "/lib/modules/good.ko", "good", NULL);
	add(&m, "ima-ng", "/lib/modules/list", "anything", NULL);
	assert_trusted(judge(&m));
	add(&m, "ima-ng", "/lib/modules/evil.ko.xz", "evil", NULL);
	assert_found(judge(&m), "ima-module", -1, 3);
	end(&m);
}

#define RECORDS	"{\"records\":[{\"name\":\"kernel_version\",\"text\":[\"6.1.*\",\"6.12.*\"]}," \
	"{\"name\":\"dm_device_*\"}]}"

static void records(void **state)
{
	struct machine m;

	(void)state;
	start(&m, RECORDS);
	record(&m, "kernel_version", "6.12.1");
	record(&m, "dm_device_resume", "any");
	assert_trusted(judge(&m));
	record(&m, "kernel_version", "5.10.1");
	assert_found(judge(&m), "ima-record", -1, 3);
	record(&m, "selinux-state", "enforcing=0");
	assert_found(judge(&m), "ima-record", -1, 4);
	end(&m);
}

/*
 * The data of ima-sig and ima-buf has one form.  A file that is called a record, or a record that
 * is called a file, is seen by what its digest is of; so is a second boot_aggregate.
 */
static void relabelled(void **state)
{
	struct machine m;

	(void)state;
	start(&m, "{\"records\":[{\"name\":\"dm_device_*\"}],\"boot_aggregate\":false}");
	add(&m, "ima-buf", "dm_device_resume", "a file's content", "");
	assert_found(judge(&m), "ima-record", -1, 1);
	assert_non_null(strstr(judge(&m)->finding[0].text, "not of its record"));
	add(&m, "ima-sig", "kernel_version", "a record", "a record");
	assert_found(judge(&m), "ima-record", -1, 2);
	add(&m, "ima-sig", IMA_AGGREGATE, "a file", "");
	assert_found(judge(&m), "ima-aggregate", -1, 3);
	assert_int_equal(judge(&m)->findings, 3);
	end(&m);
}

#define ANY_FILE	"{\"files\":[{\"path\":\"*\"}],\"images\":[\"" SHA_A "\"]," \
			"\"modules\":[\"" GOOD "\"]}"

/* Where files may have any content, no record and no module passes for such a file. */
static void hidden(void **state)
{
	struct made d = { .len = 0 };
	struct machine m;
	size_t len;

	(void)state;
	start(&m, ANY_FILE);
	add(&m, "ima-sig", "hedge-image", "sha256:" SHA_A, "sha256:" SHA_A);
	add(&m, "ima-sig", "/empty", "", "");
	assert_trusted(judge(&m));
	len = m.list.len;
	add(&m, "ima-sig", "hedge-image", "sha256:" SHA_B, "sha256:" SHA_B);
	assert_found(judge(&m), "ima-image", -1, 3);
	m.list.len = len;
	add(&m, "d-ng|n-ng|x", "hedge-image", "sha256:" SHA_B, "sha256:" SHA_B);
	assert_found(judge(&m), "ima-image", -1, 3);
	/* The name is passed over. */
	m.list.len = len;
	add(&m, "d-ng|x|n-ng", "/evil.ko", "evil", "");
	m.b.e.ima = (struct str){ (char *)m.list.at, m.list.len };
	assert_found(judged(m.policy, &m.b.e), "ima-damaged", -1, -1);
	/* A digest that cannot be made here: it could be of a record. */
	m.list.len = len;
	put_field(&d, "wp512:\0" "digest", 13);
	put_field(&d, "hedge-image", 12);
	put_field(&d, "sha256:" SHA_B, 71);
	put_entry(&m.list, "ima-sig", &d);
	assert_found(judge(&m), "ima-file", -1, 3);
	end(&m);
}

/* The list has to begin with what ties it to the firmware; an empty one says nothing. */
static void no_aggregate(void **state)
{
	struct machine m;

	(void)state;
	start(&m, "{\"files\":[{\"path\":\"*\"}]}");
	m.list.len = 0;
	assert_found(judge(&m), "ima-aggregate", -1, -1);
	add(&m, "ima-ng", "/x", "x", NULL);
	assert_found(judge(&m), "ima-aggregate", -1, 0);
	/* That of another boot. */
	m.list.len = 0;
	add(&m, "ima-ng", IMA_AGGREGATE, "other PCRs", NULL);
	assert_found(judge(&m), "ima-aggregate", -1, 0);
	/* In another PCR, that nobody has quoted for it. */
	m.list.at[0] = 12;
	assert_found(judge(&m), "ima-aggregate", -1, -1);
	end(&m);
}

#define TABLE(more)	"dm_version=4.47.0;name=v\\,target_name\\=x,uuid=,major=253,minor=0," \
			"minor_count=1,num_targets=1;target_index=0,target_begin=0," \
			"target_len=8,target_name=rlnc,target_version=1.0.0," more ";"
#define VOLUME(epoch)	"volume_id=" ID ",k=4,n=6,symbol=4096,mode=dense" epoch

#define VOLUMES	"{\"volumes\":[{\"volume_id\":\"" ID "\",\"k\":4,\"n\":6,\"mode\":\"dense\"," \
	"\"min_epoch\":8}]}"

static void volumes(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ TABLE("volume_id=" ID ",k=3,n=6,mode=dense,min_epoch=9"), "k is another" },
		{ TABLE("volume_id=" ID ",k=4,n=5,mode=dense,min_epoch=9"), "n is another" },
		{ TABLE("volume_id=" ID ",k=4,n=6,mode=systematic,min_epoch=9"), "mode" },
		{ TABLE(VOLUME(",min_epoch=7")), "epoch" }, { TABLE(VOLUME("")), "epoch" },
		{ TABLE(VOLUME(",min_epoch=8,min_epoch=9")), "epoch" },
		{ TABLE("volume_id=ff" ID ",k=4"), "not on the policy's list" },
		{ TABLE("k=4"), "no volume_id" },
		{ TABLE("volume_id\\=" ID), "no volume_id" },
		{ TABLE(VOLUME(",min_epoch=8")) "target_name=crypt,target_version=1;", "mixes" },
	};
	struct machine m;
	unsigned int i;

	(void)state;
	start(&m, VOLUMES);
	record(&m, "dm_table_load", TABLE(VOLUME(",min_epoch=8")));
	record(&m, "dm_table_load", TABLE(VOLUME(",min_epoch=100")));
	assert_trusted(judge(&m));
	assert_true(judge(&m)->claimed[CLAIM_STORAGE]);
	for (i = 0; i < COUNT(wrong); i++) {
		size_t len = m.list.len;
		struct attest_verdict *v;

		record(&m, "dm_table_load", wrong[i].text);
		v = judge(&m);
		assert_found(v, "ima-volume", -1, 3);
		assert_true(v->refused[CLAIM_STORAGE]);
		if (!strstr(v->finding[0].text, wrong[i].why))
			fail_msg("%s: %s", wrong[i].text, v->finding[0].text);
		m.list.len = len;
	}
	/* A table of others is a record like any other. */
	record(&m, "dm_table_load", "dm_version=4.47.0;target_name=crypt,x=1;");
	assert_found(judge(&m), "ima-record", -1, 3);
	end(&m);
}

static void images(void **state)
{
	struct machine m;

	(void)state;
	start(&m, "{\"images\":[\"" SHA_A "\"]}");
	record(&m, "hedge-image", "sha256:" SHA_A);
	record(&m, "hedge-image", "snapshot-sha256:" SHA_A);
	assert_trusted(judge(&m));
	record(&m, "hedge-image", "sha256:" SHA_B);
	assert_found(judge(&m), "ima-image", -1, 3);
	assert_string_equal(judge(&m)->finding[0].found, SHA_B);
	record(&m, "hedge-image", "sha256:" SHA_A "00");
	assert_found(judge(&m), "ima-image", -1, 4);
	end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused), cmocka_unit_test(files), cmocka_unit_test(modules),
		cmocka_unit_test(records), cmocka_unit_test(relabelled), cmocka_unit_test(hidden),
		cmocka_unit_test(no_aggregate), cmocka_unit_test(volumes),
		cmocka_unit_test(images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
