// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of buckets that are as they are. */
#include "text_util.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(settings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
