/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Software TPMs of a test, with certificates of an authority of its own. */
#ifndef TEST_TPM_SWTPM_H
#define TEST_TPM_SWTPM_H

#include "shell.h"

/* An authority for certificates of TPMs in @top/ca, whose root is @top/ca/roots.pem. */
static inline void swtpm_authority(const char *top)
{
	RUN(0, "cd %s && mkdir ca && T=$PWD &&"
	    "printf 'create_certs_tool=/usr/bin/swtpm_localca\\n"
	    "create_certs_tool_config=%%s/ca.conf\\ncreate_certs_tool_options=%%s/ca.options\\n' $T $T >setup.conf &&"
	    "printf 'statedir=%%s/ca\\nsigningkey=%%s/ca/key.pem\\nissuercert=%%s/ca/issuer.pem\\n"
	    "certserial=%%s/ca/serial\\n' $T $T $T $T >ca.conf &&"
	    "echo '--platform-manufacturer Sky --platform-version 1 --platform-model M' >ca.options",
	    top);
}

/* One of them: it listens at @top/@name/s. */
static inline void swtpm_start(const char *top, const char *name)
{
	RUN(0, "cd %s && mkdir -p %s/state && T=$PWD && D=$T/%s &&"
	    "swtpm_setup --tpm2 --tpmstate $D/state --create-ek-cert --overwrite --pcr-banks sha256"
	    " --config $T/setup.conf &&"
	    "swtpm socket --tpm2 --tpmstate dir=$D/state --server type=unixio,path=$D/s"
	    " --ctrl type=unixio,path=$D/s.ctrl --flags startup-clear,not-need-init"
	    " --pid file=$D/pid --daemon", top, name, name);
}

static inline void swtpm_stop(const char *top, const char *name)
{
	sh("kill $(cat %s/%s/pid)", top, name);
}

#endif /* TEST_TPM_SWTPM_H */
