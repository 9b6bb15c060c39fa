// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile questions and answers on the links of trust: to and from the vault, the verifier,
 * hosts that attest, the runner of workloads, the resolver, and tools at the control socket.
 * The first byte chooses the message.
 */
#include "fuzz_schema.h"
#include "../../user/skyd/admin.h"
#include "../../user/skyd/attest_link.h"
#include "../../user/skyd/edge_link.h"
#include "../../user/skyd/resolver.h"
#include "../../user/skyd/runner.h"
#include "../../user/skyd/vault.h"
#include "../../user/skyd/vault_govern.h"
#include "../../user/skyd/vault_session.h"
#include "../../user/skyd/verifier_link.h"

static const struct rpc_schema *const schemas[] = {
	&vault_ask_schema, &vault_give_schema, &vault_presign_schema, &vault_presigned_schema,
	&vault_counts_schema, &vault_hosts_schema, &vault_step_schema, &vault_stepped_schema,
	&vault_session_state_schema, &vault_take_schema, &vault_taken_schema,
	&vault_wrapped_schema, &vault_release_schema, &vault_released_schema,
	&verifier_ask_schema, &verifier_begun_schema, &verifier_evidence_schema,
	&verifier_judged_schema, &attest_begin_schema, &attest_begun_schema,
	&attest_enrol_schema, &attest_credential_schema, &attest_secret_schema,
	&attest_piece_schema, &attest_evidence_schema, &attest_judged_schema,
	&runner_ask_schema, &runner_answer_schema, &resolver_question_schema,
	&resolver_answer_schema, &edge_hello_schema, &admin_ask_schema, &admin_give_schema,
};

#define SCHEMAS	(sizeof(schemas) / sizeof(schemas[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u64 room[1 << 16], more[1 << 16];

	if (size)
		fuzz_schema(schemas[data[0] % SCHEMAS], data + 1, size - 1, room, more,
			    sizeof(room));
	return 0;
}
