// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signed PCR policies: byte for byte what systemd-measure(1) of systemd 252 makes with a TPM, of
 * the same PCR and the same key.
 */
#include <errno.h>
#include <string.h>

#include "text_util.h"

#include "base/hex.h"
#include "tpm/pcr_policy.h"

/* Made for this test, and good for nothing else. */
static const char key[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDsUu4lzKlamtEr\n"
	"6YxjnJ42GmoJnQt0IXFo5ukcMHjgx7R79U5ZRB2zfWcTtrM8uENKxwPVl8o9UPYT\n"
	"+EyklgKQmfBHQJ2+eckiayM2qTLlvGX+sklTsExCQeBNcLDT2zpq1DCU229MT0Yj\n"
	"QpKi9RLYQsbbvO59Nr8DSDnbdbjqcD+FIATMSql+EBVxvV0e7ceO0GMPwGt/Dq5Y\n"
	"yMHxqc4cGskVwOAVJlKTJFfNjTs60gXCP/7hwu/s9Vy8iya9FwNh6WpgQXVaNE85\n"
	"dGoYj2WrduNiEj87QEIJSULfdltUKoNs1muxP7Vk5YYJ00A83EDAiaU4sL04Ji8i\n"
	"6SACb3DjAgMBAAECggEAQS/Q9AlDr7Pjvc6ixHlXpMnddQBmP+bXrx1+sKFoPmyn\n"
	"yseMEJB69t9A9w2e3EFhgndqBdlkVkyGTFTh40Zjt7pWrnjS6k8SnZVa9cFvQjKZ\n"
	"GcvY8SZAqsgcFJBgnlerAfu82Nq8lRqK2MAMzbl3NMMaslMnn89hmgiquO/8jWHY\n"
	"VxnEs1QGS8Y1HR+D9HwJkW/xv0opu1elovFzyQChK0fUuM4V1WreqCI+SH9GjGV4\n"
	"Aq4tiC0wWCxqQZDizz3fKUx/AFwdla71wsl5dXuaaf+jWnr4diG2kyEJPr3BLwFn\n"
	"AIgPD8xLlbuEOiRFHbEKsItJiRsjKxm2bHa8supCoQKBgQD5EwMVVatv3V0OMXaI\n"
	"5fiBWcs8eFj7iqY/Cgzyjh5H03BONakF+mBzjvVZN3cWPSXOZxX2u29dt7lXnZ+3\n"
	"ISiu31Rf0e/fUS0+YPocdKNuRdKvHDrKtdj06lUA36Bt0rsh3lH4Jb2vDT0SxA5N\n"
	"vkr5RTgiUD3uwT1I35Ze3nUR4QKBgQDy5ShRGMPdluvCh2gkaRtBBHJlJTrxPzH6\n"
	"Xqgdm/GC7cze2+PXwsd0x1HnM+CdRF2NQ2KA/y5/JhtHun4/VrN90rfuKFeFOoyC\n"
	"D7I6ytQyvQIuKuqfjHI+ts274Z2UyezgwtXT4P6L2rKcjrMmZVu1el6zkUw0xOIf\n"
	"eqCz55ojQwKBgBCR+zqIIIeoqnAvSjuBUS8J0kOLnh/d8YFwIbxhSBJvNqF9YGlN\n"
	"Zu1JLXlp/zozhzhcE1H+1kHd3y69BcshIZvAr9RQGy04MVJdEUajW9wSORn9PswN\n"
	"nQluLYmJVxr3UgvGxp1DpYLn1pBRCsKRTluXB00BGZ2wrWsTtOVK128BAoGBAJma\n"
	"y71FYRAwEhYqFXT5NzANxN4sBjNsWInR9JUM+lVnVykUe+kFl6dFKYmB6CjshBEC\n"
	"rTeQqPHlwljBGnept8b5TDIDNx3c4eCaVocRn9Iab1eM8mVFpzX72u1XB5WBgRi+\n"
	"fgUJA1CkVFHneGnurWl94ofCeiPg4nMv1JMRAwwLAoGBAO7HM+EGq7me6wAaWRCg\n"
	"b8OGf08FK5DArbTX4mQXHufkx3PMbqO3Nkh4bj4ETdPgJMn2ONHSzxb0NgLfmLX2\n"
	"8fhkbEd4FDOqxZaXf3VUW4MnMOUu2rree98Z3UOZugf3ueqGXqBBSkoulAe3yWB7\n"
	"UmbuTGjL3RpFA0M3Tm91vZfa\n"
	"-----END PRIVATE KEY-----\n";

/* systemd-measure sign --linux=FILE of "hello", --bank=sha256 --phase=enter-initrd */
#define PCR_11	"5c36cd8e536514074c29dd469a99a586a530e15100c3a51dcbc1c14a4f56237e"
#define PKFP	"00a925b477c51a28db5f92cd23856bf91a66125095948f2bb92f704ad5ac465a"
#define POL	"a02e8312b51ad1f066ef515edadaebdd4d6ccd079f031d0d27ea74dbd59a9a4d"
#define SIG	"LQb4bfOM9cBdPVE5peyy0pWe35wQSklHzO2qF9IRx49yeBn3PfyMIYAuceGL/2dgzcKaxGxkV6alu4tuW2Nh" \
		"zyptB0pW0rThORTWG2XoXvqslu+VY204PHKqpKFhpoh9UEGKtRNgI2oHl2m//Ydvzjx1s52ffVD5wNmyhUmU" \
		"AJYeD+r8jox0B1qK/NT36EuWLOJske2ol8P/uk3ghsRGd7Yo1LAyFxkPAqFOK/vmL3biT8yEwFehd4h4SPII" \
		"1Tdli6s//PD3dxty1g7D7L4ODYVeiGXBUpoNz0nryXOsgA5vLyxrK0S2ZDMx6Uiyb6FI5aYbfFmTXcnVRj+J" \
		"pUrhJQ=="

static struct tpm_pcr_bank bank;

static int make_bank(void **state)
{
	uint8_t value[PCR_POLICY_BYTES];

	(void)state;
	bank = (struct tpm_pcr_bank){ .alg = tpm_alg_by_id(TPM_ALG_SHA256) };
	return hex_decode(PCR_11, value, sizeof(value)) || tpm_pcr_put(&bank, 11, value);
}

static void as_systemd(void **state)
{
	json_t *to;
	char *text;

	(void)state;
	assert_int_equal(pcr_policy_sign(STR(key), &bank, 1 << 11, &to), 0);
	text = json_dumps(to, JSON_COMPACT);
	assert_string_equal(text, "{\"pcrs\":[11],\"pkfp\":\"" PKFP "\",\"pol\":\"" POL
				  "\",\"sig\":\"" SIG "\"}");
	free(text);
	json_decref(to);
}

/* PCRs that nobody has named, none at all, of another bank, or beyond what there is. */
static void refuses(void **state)
{
	struct tpm_pcr_bank other = bank;
	uint8_t digest[PCR_POLICY_BYTES];
	json_t *to;

	(void)state;
	assert_int_equal(pcr_policy_digest(&bank, 0, digest), -EINVAL);
	assert_int_equal(pcr_policy_digest(&bank, 1 << 10, digest), -EINVAL);
	assert_int_equal(pcr_policy_digest(&bank, 1 << 11 | 1, digest), -EINVAL);
	assert_int_equal(pcr_policy_digest(&bank, 1 << 11 | 1 << 24, digest), -EINVAL);
	other.alg = tpm_alg_by_name(STR("sha1"));
	assert_int_equal(pcr_policy_digest(&other, 1 << 11, digest), -EINVAL);
	assert_int_equal(pcr_policy_sign(STR("no key"), &bank, 1 << 11, &to), -EINVAL);
	assert_null(to);
	assert_int_equal(pcr_policy_sign((struct str){ key, sizeof(key) / 2 }, &bank, 1 << 11,
					 &to), -EINVAL);
}

/* Each bit of a value, and each other choice of PCRs, is another policy. */
static void differs(void **state)
{
	uint8_t digest[PCR_POLICY_BYTES], right[PCR_POLICY_BYTES];
	unsigned int bit;

	(void)state;
	assert_int_equal(pcr_policy_digest(&bank, 1 << 11, right), 0);
	for (bit = 0; bit < 8 * PCR_POLICY_BYTES; bit++) {
		bank.value[11][bit / 8] ^= 1 << bit % 8;
		assert_int_equal(pcr_policy_digest(&bank, 1 << 11, digest), 0);
		assert_memory_not_equal(digest, right, sizeof(digest));
		bank.value[11][bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(tpm_pcr_put(&bank, 12, bank.value[11]), 0);
	assert_int_equal(pcr_policy_digest(&bank, 1 << 12, digest), 0);
	assert_memory_not_equal(digest, right, sizeof(digest));
}

static void keys(void **state)
{
	char *fresh = pcr_policy_make_key(), *public;
	json_t *to;

	(void)state;
	assert_non_null(fresh);
	public = pcr_policy_public(str_of(fresh));
	assert_true(str_starts(str_of(public), STR("-----BEGIN PUBLIC KEY-----\n")));
	assert_int_equal(pcr_policy_sign(str_of(fresh), &bank, 1 << 11, &to), 0);
	assert_null(pcr_policy_public(str_of(public)));
	json_decref(to);
	free(public);
	free(fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_systemd), cmocka_unit_test(refuses), cmocka_unit_test(keys),
		cmocka_unit_test(differs),
	};

	return cmocka_run_group_tests_name("pcr_policy", tests, make_bank, NULL);
}
