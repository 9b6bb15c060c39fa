// SPDX-License-Identifier: GPL-2.0-or-later
#include "setting.h"
#include "xml.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *parameter;		/* of the query */
	const char *root;		/* of its document; NULL: there is none, and */
	enum s3_code absent;		/* so it is said */
} settings[S3_SETTINGS] = {
	[S3_SETTING_ACCELERATE] = { "accelerate", "AccelerateConfiguration", S3_OK },
	[S3_SETTING_ENCRYPTION] = {
		"encryption", "ServerSideEncryptionConfiguration", S3_OK },
	[S3_SETTING_LOGGING] = { "logging", "BucketLoggingStatus", S3_OK },
	[S3_SETTING_NOTIFICATION] = { "notification", "NotificationConfiguration", S3_OK },
	[S3_SETTING_OBJECT_LOCK] = { "object-lock", NULL, S3_NO_SUCH_OBJECT_LOCK },
	[S3_SETTING_PAYMENT] = { "requestPayment", "RequestPaymentConfiguration", S3_OK },
	[S3_SETTING_REPLICATION] = { "replication", NULL, S3_NO_SUCH_REPLICATION },
	[S3_SETTING_WEBSITE] = { "website", NULL, S3_NO_SUCH_WEBSITE },
};

const char *s3_setting_parameter(enum s3_setting s)
{
	return settings[s].parameter;
}

/* S3_SETTINGS when there is none of that name. */
enum s3_setting s3_setting_find(struct str parameter)
{
	unsigned int i;

	for (i = 0; i < S3_SETTINGS; i++)
		if (str_is(parameter, settings[i].parameter))
			break;
	return i;
}

/* What S3 says of a bucket that has none; S3_OK: it always has a document. */
enum s3_code s3_setting_absent(enum s3_setting s)
{
	return settings[s].absent;
}

/* All is encrypted, whoever asks for it: as S3 has it by default. */
static void put_encryption(struct out *o)
{
	xml_open(o, "Rule");
	xml_open(o, "ApplyServerSideEncryptionByDefault");
	xml_text(o, "SSEAlgorithm", STR("AES256"));
	xml_close(o, "ApplyServerSideEncryptionByDefault");
	xml_bool(o, "BucketKeyEnabled", false);
	xml_close(o, "Rule");
}

/* The document of one that has it: s3_setting_absent() is S3_OK. */
void s3_answer_setting(struct out *o, enum s3_setting s)
{
	xml_open_root(o, settings[s].root);
	if (s == S3_SETTING_ENCRYPTION)
		put_encryption(o);
	else if (s == S3_SETTING_PAYMENT)
		xml_text(o, "Payer", STR("BucketOwner"));
	xml_close(o, settings[s].root);
}

/* --- documents ------------------------------------------------------------ */

static enum s3_code once(void *arg)
{
	bool *seen = arg;

	if (*seen)
		return S3_MALFORMED_XML;
	*seen = true;
	return S3_OK;
}

static enum s3_code algorithm(void *arg, struct str text)
{
	if (str_is(text, "AES256"))
		return once(arg);
	return str_is(text, "aws:kms") || str_is(text, "aws:kms:dsse") ? S3_NOT_IMPLEMENTED :
									S3_MALFORMED_XML;
}

/* There is no key of KMS here, and so none that S3 would use less often. */
static enum s3_code kms_key(void *arg, struct str text)
{
	(void)arg;
	(void)text;
	return S3_INVALID_ARGUMENT;
}

static enum s3_code bucket_key(void *arg, struct str text)
{
	(void)arg;
	if (str_is(text, "false"))
		return S3_OK;
	return str_is(text, "true") ? S3_NOT_IMPLEMENTED : S3_MALFORMED_XML;
}

static enum s3_code payer(void *arg, struct str text)
{
	if (str_is(text, "BucketOwner"))
		return once(arg);
	return str_is(text, "Requester") ? S3_NOT_IMPLEMENTED : S3_MALFORMED_XML;
}

static enum s3_code not_here(void *arg, const char *const *attributes)
{
	(void)arg;
	(void)attributes;
	return S3_NOT_IMPLEMENTED;
}

/**
 * s3_read_setting - may a bucket be given that?
 * @s:		what is to be set
 * @document:	the body of the request
 * @f:		says why when it is refused
 *
 * Return: S3_OK when it is so anyway; S3_NOT_IMPLEMENTED for what S3 could be asked for besides.
 */
enum s3_code s3_read_setting(enum s3_setting s, struct str document, struct s3_fault *f)
{
#define ENCRYPTION	"ServerSideEncryptionConfiguration"
#define BY_DEFAULT	ENCRYPTION "/Rule/ApplyServerSideEncryptionByDefault"
	static const struct xml_rule encryption[] = {
		{ ENCRYPTION, false, NULL, NULL },
		{ ENCRYPTION "/Rule", false, NULL, NULL },
		{ BY_DEFAULT, false, NULL, NULL },
		{ BY_DEFAULT "/SSEAlgorithm", true, NULL, algorithm },
		{ BY_DEFAULT "/KMSMasterKeyID", true, NULL, kms_key },
		{ ENCRYPTION "/Rule/BucketKeyEnabled", true, NULL, bucket_key },
	};
	static const struct xml_rule payment[] = {
		{ "RequestPaymentConfiguration", false, NULL, NULL },
		{ "RequestPaymentConfiguration/Payer", true, NULL, payer },
	};
	/* Nothing is in them; what could be is not here. */
	static const struct xml_rule logging[] = {
		{ "BucketLoggingStatus", false, NULL, NULL },
		{ "BucketLoggingStatus/LoggingEnabled", false, not_here, NULL },
	};
	static const struct xml_rule notification[] = {
		{ "NotificationConfiguration", false, NULL, NULL },
		{ "NotificationConfiguration/TopicConfiguration", false, not_here, NULL },
		{ "NotificationConfiguration/QueueConfiguration", false, not_here, NULL },
		{ "NotificationConfiguration/CloudFunctionConfiguration", false, not_here, NULL },
		{ "NotificationConfiguration/EventBridgeConfiguration", false, not_here, NULL },
	};
	bool seen = s == S3_SETTING_LOGGING || s == S3_SETTING_NOTIFICATION;
	enum s3_code code;

	if (s == S3_SETTING_ENCRYPTION)
		code = xml_read(document, encryption, COUNT(encryption), &seen, f);
	else if (s == S3_SETTING_PAYMENT)
		code = xml_read(document, payment, COUNT(payment), &seen, f);
	else if (s == S3_SETTING_LOGGING)
		code = xml_read(document, logging, COUNT(logging), NULL, f);
	else if (s == S3_SETTING_NOTIFICATION)
		code = xml_read(document, notification, COUNT(notification), NULL, f);
	else
		return s3_fail(f, S3_NOT_IMPLEMENTED, NULL);
	return code || seen ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}
