// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of buckets: those that are as they are, ownership, and public access. */
#include "text_util.h"

#include "s3/ownership.h"
#include "s3/public_access.h"
#include "s3/setting.h"

static struct s3_fault fault;

/* What is so anyway may be asked for; what comes out can be read in again. */
static void settings(void **state)
{
#define PAYMENT(inner)	"<RequestPaymentConfiguration>" inner "</RequestPaymentConfiguration>"
#define SSE(inner) \
	"<ServerSideEncryptionConfiguration><Rule>" inner \
	"</Rule></ServerSideEncryptionConfiguration>"
#define BY_DEFAULT(inner) \
	"<ApplyServerSideEncryptionByDefault>" inner "</ApplyServerSideEncryptionByDefault>"
#define ALGORITHM(name)	"<SSEAlgorithm>" name "</SSEAlgorithm>"
#define LOGS(inner)	"<BucketLoggingStatus>" inner "</BucketLoggingStatus>"
#define NOTIFIES(inner)	"<NotificationConfiguration>" inner "</NotificationConfiguration>"
	static const struct {
		enum s3_setting setting;
		const char *document;
		enum s3_code code;
	} cases[] = {
		{ S3_SETTING_PAYMENT, PAYMENT("<Payer>BucketOwner</Payer>"), S3_OK },
		{ S3_SETTING_PAYMENT, PAYMENT("<Payer>Requester</Payer>"), S3_NOT_IMPLEMENTED },
		{ S3_SETTING_PAYMENT, PAYMENT("<Payer>me</Payer>"), S3_MALFORMED_XML },
		{ S3_SETTING_PAYMENT, PAYMENT(""), S3_MALFORMED_XML },
		{ S3_SETTING_PAYMENT, SSE(BY_DEFAULT(ALGORITHM("AES256"))), S3_MALFORMED_XML },
		{ S3_SETTING_ENCRYPTION, SSE(BY_DEFAULT(ALGORITHM("AES256"))), S3_OK },
		{ S3_SETTING_ENCRYPTION, SSE(BY_DEFAULT(ALGORITHM("aws:kms"))), S3_NOT_IMPLEMENTED },
		{ S3_SETTING_ENCRYPTION, SSE(BY_DEFAULT(ALGORITHM("aws:kms:dsse"))),
		  S3_NOT_IMPLEMENTED },
		{ S3_SETTING_ENCRYPTION, SSE(BY_DEFAULT(ALGORITHM("ROT13"))), S3_MALFORMED_XML },
		{ S3_SETTING_ENCRYPTION,
		  SSE(BY_DEFAULT(ALGORITHM("AES256") "<KMSMasterKeyID>k</KMSMasterKeyID>")),
		  S3_INVALID_ARGUMENT },
		{ S3_SETTING_ENCRYPTION,
		  SSE(BY_DEFAULT(ALGORITHM("AES256")) "<BucketKeyEnabled>true</BucketKeyEnabled>"),
		  S3_NOT_IMPLEMENTED },
		{ S3_SETTING_ENCRYPTION,
		  SSE(BY_DEFAULT(ALGORITHM("AES256")) BY_DEFAULT(ALGORITHM("AES256"))),
		  S3_MALFORMED_XML },
		{ S3_SETTING_ENCRYPTION, SSE("<BucketKeyEnabled>false</BucketKeyEnabled>"),
		  S3_MALFORMED_XML },
		{ S3_SETTING_ENCRYPTION, "", S3_MISSING_REQUEST_BODY },
		{ S3_SETTING_LOGGING, LOGS(""), S3_OK },
		{ S3_SETTING_LOGGING, LOGS("<LoggingEnabled><TargetBucket>b</TargetBucket></LoggingEnabled>"),
		  S3_NOT_IMPLEMENTED },
		{ S3_SETTING_LOGGING, LOGS("<Log/>"), S3_MALFORMED_XML },
		{ S3_SETTING_LOGGING, "<NotificationConfiguration/>", S3_MALFORMED_XML },
		{ S3_SETTING_NOTIFICATION, "<NotificationConfiguration/>", S3_OK },
		{ S3_SETTING_NOTIFICATION, NOTIFIES("<QueueConfiguration/>"), S3_NOT_IMPLEMENTED },
		{ S3_SETTING_NOTIFICATION, "", S3_MISSING_REQUEST_BODY },
		{ S3_SETTING_WEBSITE, "<WebsiteConfiguration/>", S3_NOT_IMPLEMENTED },
		{ S3_SETTING_ACCELERATE, "<AccelerateConfiguration/>", S3_NOT_IMPLEMENTED },
	};
	static const enum s3_setting shown[] = {
		S3_SETTING_ENCRYPTION, S3_SETTING_LOGGING, S3_SETTING_NOTIFICATION,
		S3_SETTING_PAYMENT,
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (s3_read_setting(cases[i].setting, str_of(cases[i].document), &fault) !=
		    cases[i].code)
			fail_msg("%s: %s", cases[i].document, s3_code_name(fault.code));
	for (i = 0; i < COUNT(shown); i++) {
		struct out o = OUT(text, sizeof(text));

		s3_answer_setting(&o, shown[i]);
		assert_int_equal(s3_read_setting(shown[i], out_written(&o), &fault), S3_OK);
	}
	for (i = 0; i < S3_SETTINGS; i++) {
		struct str name = str_of(s3_setting_parameter(i));

		assert_int_equal(s3_setting_find(name), i);
		if (s3_setting_absent(i))
			assert_int_equal(s3_code_status(s3_setting_absent(i)), 404);
	}
	assert_int_equal(s3_setting_find(STR("acl")), S3_SETTINGS);
}

/* One rule, with one of three names; what comes out can be read in again. */
static void ownership(void **state)
{
#define CONTROLS(inner)	"<OwnershipControls>" inner "</OwnershipControls>"
#define OWNED(inner)	"<Rule>" inner "</Rule>"
#define IS(name)	"<ObjectOwnership>" name "</ObjectOwnership>"
	static const struct {
		const char *document;
		enum s3_code code;
		enum s3_ownership is;
	} cases[] = {
		{ CONTROLS(OWNED(IS("ObjectWriter"))), S3_OK, S3_OBJECT_WRITER },
		{ CONTROLS(OWNED(IS("BucketOwnerPreferred"))), S3_OK, S3_BUCKET_OWNER_PREFERRED },
		{ CONTROLS(OWNED(IS("BucketOwnerEnforced"))), S3_OK, S3_BUCKET_OWNER_ENFORCED },
		{ CONTROLS(OWNED(IS("Nobody"))), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED(IS("objectWriter"))), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED(IS(""))), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED("")), S3_MALFORMED_XML, 0 },
		{ CONTROLS(""), S3_MALFORMED_XML, 0 },
		{ CONTROLS(IS("ObjectWriter")), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED(IS("ObjectWriter") IS("ObjectWriter"))), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED(IS("ObjectWriter")) OWNED("")), S3_MALFORMED_XML, 0 },
		{ CONTROLS(OWNED("") OWNED(IS("ObjectWriter"))), S3_MALFORMED_XML, 0 },
		{ OWNED(IS("ObjectWriter")), S3_MALFORMED_XML, 0 },
		{ "", S3_MISSING_REQUEST_BODY, 0 },
	};
	enum s3_ownership o;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (s3_read_ownership(str_of(cases[i].document), &o, &fault) != cases[i].code)
			fail_msg("%s: %s", cases[i].document, s3_code_name(fault.code));
		if (!cases[i].code)
			assert_int_equal(o, cases[i].is);
	}
	for (i = 0; i < S3_OWNERSHIPS; i++) {
		struct out to = OUT(text, sizeof(text));

		s3_answer_ownership(&to, i);
		assert_int_equal(s3_read_ownership(out_written(&to), &o, &fault), S3_OK);
		assert_int_equal(o, i);
		assert_int_equal(s3_ownership_find(str_of(s3_ownership_name(i))), i);
	}
	assert_int_equal(s3_ownership_find(STR("")), S3_OWNERSHIPS);
	assert_int_equal(s3_ownership_find(STR("ObjectWriters")), S3_OWNERSHIPS);
}

/* Four flags, each at most once; all sixteen can be read in again, as a document and as kept. */
static void public_access(void **state)
{
#define BLOCKS		"PublicAccessBlockConfiguration"
#define BLOCK(inner)	"<" BLOCKS ">" inner "</" BLOCKS ">"
#define ACLS(value)	"<BlockPublicAcls>" value "</BlockPublicAcls>"
	static const struct {
		const char *document;
		enum s3_code code;
		unsigned int flags;
	} cases[] = {
		{ BLOCK(ACLS("true")), S3_OK, 1 }, { BLOCK(ACLS("TRUE")), S3_OK, 1 },
		{ BLOCK(ACLS("false")), S3_OK, 0 },
		{ BLOCK("<IgnorePublicAcls>true</IgnorePublicAcls>" ACLS("false")), S3_OK, 2 },
		{ BLOCK("<BlockPublicPolicy>true</BlockPublicPolicy>"), S3_OK, 4 },
		{ BLOCK("<RestrictPublicBuckets>true</RestrictPublicBuckets>"), S3_OK, 8 },
		{ BLOCK(""), S3_INVALID_REQUEST, 0 },
		{ BLOCK(ACLS("true") ACLS("true")), S3_MALFORMED_XML, 0 },
		{ BLOCK(ACLS("true") ACLS("false")), S3_MALFORMED_XML, 0 },
		{ BLOCK(ACLS("yes")), S3_MALFORMED_XML, 0 },
		{ BLOCK(ACLS("")), S3_MALFORMED_XML, 0 },
		{ BLOCK(ACLS("true") "<BlockAll>true</BlockAll>"), S3_MALFORMED_XML, 0 },
		{ ACLS("true"), S3_MALFORMED_XML, 0 }, { "", S3_MISSING_REQUEST_BODY, 0 },
	};
	static const char *const unreadable[] = { "", "101", "10101", "1012", "true", "1 01" };
	unsigned int flags, read;
	char text[512], kept[8];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (s3_read_public_access(str_of(cases[i].document), &flags, &fault) !=
		    cases[i].code)
			fail_msg("%s: %s", cases[i].document, s3_code_name(fault.code));
		if (!cases[i].code)
			assert_int_equal(flags, cases[i].flags);
	}
	for (flags = 0; flags <= S3_PUBLIC_ACCESS_ALL; flags++) {
		struct out to = OUT(text, sizeof(text)), word = OUT(kept, sizeof(kept));

		s3_answer_public_access(&to, flags);
		assert_int_equal(s3_read_public_access(out_written(&to), &read, &fault), S3_OK);
		assert_int_equal(read, flags);
		s3_public_access_write(&word, flags);
		assert_true(s3_public_access_parse(out_written(&word), &read));
		assert_int_equal(read, flags);
	}
	for (i = 0; i < COUNT(unreadable); i++)
		assert_false(s3_public_access_parse(str_of(unreadable[i]), &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings), cmocka_unit_test(ownership),
		cmocka_unit_test(public_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
