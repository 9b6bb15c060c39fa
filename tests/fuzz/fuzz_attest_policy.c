// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile policies, and then hostile evidence: behind a NUL comes the log, behind another the
 * list.  Nobody is trusted by a policy that asks for values, since none of them is ever right.
 */
#include "fuzz_util.h"

#include "tpm/attest.h"

static void judge(const struct attest_policy *p, struct str log, struct str ima)
{
	static struct attest_evidence e;
	static struct attest_verdict v;
	char line[640];
	json_t *o;

	memset(&e, 0, sizeof(e));
	e.log = log;
	e.ima = ima;
	tpm_pcr_add(&e.pcrs, p->bank)->known = TPM_PCRS_ALL;
	require(!attest_judge(p, &e, &v));
	require(v.trusted == !v.findings);
	if (v.findings)
		require(!!*attest_finding_text(&v.finding[0], line, sizeof(line)));
	o = attest_verdict_json(&v);
	require(!!o);
	json_decref(o);
	/* Nothing was measured: there is not even a boot_aggregate. */
	if (p->ima.asked && !ima.len)
		require(!v.trusted);
	memset(&e.pcrs, 0, sizeof(e.pcrs));
	require(!attest_judge(p, &e, &v) && !v.trusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size), rest = text, log = STR_NONE, document = STR_NONE;
	struct attest_policy *p = NULL;
	struct attest_fault fault;
	int rc;

	str_cut(&rest, '\0', &document);
	if (rest.at)
		str_cut(&rest, '\0', &log);
	rc = attest_policy_parse(&p, document, &fault);
	require(rc ? !p && *fault.text : !!p);
	if (p)
		judge(p, log, rest);
	attest_policy_free(p);
	free((char *)text.at);
	return 0;
}
