// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "patience.h"
#include "s3.h"

#define AT(field)	offsetof(struct options, field)
#define CMD_ALL		(~(__uint128_t)0)
#define CMD_ASKING	(CMD_ADMIN | CMD_S3 | CMD_GOVERN)
#define CMD_PRINTING	(CMD_ASKING | CMD_A_VERIFY | CMD_A_WATCH | CMD_ATTEST | CMD_TPM | \
			 CMD_WORKLOAD | CMD_G_VERIFY | CMD_R_VERIFY | CMD_M_VERIFY | CMD_M_SHOW)
#define CMD_WAITING	(CMD_ADMIN | CMD_GOVERN | CMD_M_COLLECT | CMD_AUDIT | CMD_M_VERIFY | \
			 (CMD_S3 & ~CMD_O_PRESIGN))
#define CMD_QUOTES	(CMD_TPM_QUOTE | CMD_T_VERIFY)
#define CMD_OF_TEAM	(CMD_KEY | CMD_KEY_MAKE | CMD_KEY_SCOPE | CMD_PLACE | CMD_PLACE_SET | \
			 CMD_PLACE_LIST | CMD_PLACE_LEAVE | CMD_PLACE_SCRUB | CMD_POLICY | \
			 CMD_INTENT | CMD_SECRET_MAKE | CMD_SECRET)
#define CMD_MOVING	(CMD_O_CP | CMD_O_SYNC | CMD_O_CAT)
#define FILE_MAX	65536u

const struct option_row option_rows[] = {
	{ "team", 't', OPT_TEXT, AT(team), 0, 0, CMD_OF_TEAM, "TEAM",
	  "whose it is; of locations and policies, without it: everybody's" },
	{ "team", 't', OPT_TEXT, AT(team), 0, 0, CMD_T_HOST, "TEAM",
	  "with enrol: who may have its tokens, besides the administrator" },
	{ "scope", 0, OPT_TEXT, AT(scope), 0, 0, CMD_KEY_MAKE | CMD_KEY_SCOPE, "none|read|full",
	  "what the key may do (default full)" },
	{ "comment", 0, OPT_TEXT, AT(comment), 0, 0, CMD_KEY_MAKE, "TEXT", "what it is for" },
	{ "expires-in", 0, OPT_NUMBER, AT(expires_in), 1, 3162240000ull, CMD_KEY_MAKE, "SECONDS",
	  "how long it is good (default: for ever)" },
	{ "bucket", 0, OPT_TEXT, AT(bucket), 0, 0, CMD_KEY_SCOPE, "BUCKET",
	  "for which the scope holds" },
	{ "kind", 0, OPT_TEXT, AT(kind), 0, 0, CMD_PLACE_SET, "cloud|edge",
	  "anybody's S3, or an edge of skyd" },
	{ "url", 0, OPT_TEXT, AT(url), 0, 0, CMD_PLACE_SET, "URL",
	  "where it is: http:// or https://, with the bucket as a path" },
	{ "access-key", 0, OPT_TEXT, AT(access_key), 0, 0, CMD_PLACE_SET, "KEY",
	  "whose name requests are signed in" },
	{ "secret-file", 0, OPT_TEXT, AT(secret_file), 0, 0, CMD_PLACE_SET, "FILE",
	  "file of its secret; - is standard input" },
	{ "ca-file", 0, OPT_TEXT, AT(ca_file), 0, 0, CMD_PLACE_SET, "FILE",
	  "PEM of whom its certificate must be (default: the system's)" },
	{ "identity", 0, OPT_TEXT, AT(identity), 0, 0, CMD_PLACE_SET, "DIGITS",
	  "an edge's id and public point, as it logs them at its start" },
	{ "provider", 0, OPT_TEXT, AT(provider), 0, 0, CMD_PLACE_SET, "TEXT", "who runs it" },
	{ "region", 0, OPT_TEXT, AT(region), 0, 0, CMD_PLACE_SET, "TEXT",
	  "for which requests are signed (default us-east-1)" },
	{ "cluster", 0, OPT_TEXT, AT(cluster), 0, 0, CMD_PLACE_SET, "TEXT", "an edge's" },
	{ "description", 0, OPT_TEXT, AT(description), 0, 0, CMD_PLACE_SET | CMD_INTENT, "TEXT",
	  "for people" },
	{ "country", 0, OPT_TEXT, AT(country), 0, 0, CMD_PLACE_SET, "CC", "two letters" },
	{ "city", 0, OPT_TEXT, AT(city), 0, 0, CMD_PLACE_SET, "TEXT", "where it stands" },
	{ "jurisdiction", 0, OPT_TEXT, AT(jurisdiction), 0, 0, CMD_PLACE_SET | CMD_INTENT, "NAME",
	  "whose law holds: EU, EEA, UK, CH, US, CA" },
	{ "gdpr", 0, OPT_FLAG, AT(gdpr), 0, 0, CMD_PLACE_SET | CMD_INTENT, NULL,
	  "it is under the GDPR, or has to be" },
	{ "no-gdpr", 0, OPT_FLAG, AT(no_gdpr), 0, 0, CMD_PLACE_SET, NULL, "it is not" },
	{ "latitude", 0, OPT_TEXT, AT(latitude), 0, 0, CMD_PLACE_SET, "DEGREES", "north" },
	{ "longitude", 0, OPT_TEXT, AT(longitude), 0, 0, CMD_PLACE_SET, "DEGREES", "east" },
	{ "storage-price", 0, OPT_TEXT, AT(storage_price), 0, 0, CMD_PLACE_SET, "PRICE",
	  "$ a GB and month" },
	{ "ingress-price", 0, OPT_TEXT, AT(ingress_price), 0, 0, CMD_PLACE_SET, "PRICE", "$ a GB" },
	{ "egress-price", 0, OPT_TEXT, AT(egress_price), 0, 0, CMD_PLACE_SET, "PRICE", "$ a GB" },
	{ "new-name", 0, OPT_TEXT, AT(new_name), 0, 0, CMD_PLACE_SET, "NAME", "call it so" },
	{ "to", 0, OPT_OWN, 0, true, 0, CMD_PLACE_LEAVE, "NAME",
	  "another location that may have them; without it: any; may be said again" },
	{ "read", 0, OPT_FLAG, AT(read), 0, 0, CMD_PLACE_SCRUB, NULL,
	  "read all fragments, and compare their sums" },
	{ "accept", 0, OPT_FLAG, AT(accept), 0, 0, CMD_PLACE_SCRUB, NULL,
	  "the store is right: delete what it does not name, however much and new it is" },
	{ "status", 0, OPT_FLAG, AT(status), 0, 0, CMD_PLACE_JOB, NULL, "say how far it is" },
	{ "pause", 0, OPT_FLAG, AT(pause), 0, 0, CMD_PLACE_JOB, NULL, "do nothing for now" },
	{ "resume", 0, OPT_FLAG, AT(resume), 0, 0, CMD_PLACE_JOB, NULL, "go on after --pause" },
	{ "cancel", 0, OPT_FLAG, AT(cancel), 0, 0, CMD_PLACE_JOB, NULL,
	  "leave the rest as it is; what is repaired gets nothing new all the same" },
	{ "all", 'a', OPT_FLAG, AT(all), 0, 0, CMD_PLACE_LIST, NULL,
	  "those that are not used, too" },
	{ "losses", 0, OPT_NUMBER, AT(losses), 0, 254, CMD_INTENT, "N",
	  "locations that may be lost, any of them" },
	{ "availability", 0, OPT_TEXT, AT(availability), 0, 0, CMD_INTENT, "SHARE",
	  "of an object, below 1" },
	{ "max-price", 0, OPT_TEXT, AT(max_price), 0, 0, CMD_INTENT, "PRICE",
	  "$ a month for a GB of objects, coded" },
	{ "max-latency", 0, OPT_TEXT, AT(max_latency_ms), 0, 0, CMD_INTENT, "MS",
	  "of each location" },
	{ "policy", 0, OPT_TEXT, AT(policy), 0, 0, CMD_B_MAKE, "NAME",
	  "storage policy that the bucket has (default: default)" },
	{ "recursive", 'r', OPT_FLAG, AT(recursive), 0, 0, CMD_O_CP | CMD_O_LS | CMD_O_RM, NULL,
	  "all below the prefix or folder" },
	{ "versions", 0, OPT_FLAG, AT(versions), 0, 0, CMD_O_LS | CMD_O_RM, NULL,
	  "old ones and delete markers, too" },
	{ "uploads", 0, OPT_FLAG, AT(uploads), 0, 0, CMD_O_LS | CMD_O_RM, NULL,
	  "instead of objects: uploads that have not ended" },
	{ "version-id", 0, OPT_TEXT, AT(version), 0, 0,
	  CMD_O_CP | CMD_O_RM | CMD_O_CAT | CMD_O_STAT | CMD_O_PRESIGN, "ID",
	  "that one and not the newest" },
	{ "human", 'H', OPT_FLAG, AT(human), 0, 0, CMD_O_LS, NULL, "sizes in KiB, MiB..." },
	{ "delimiter", 0, OPT_TEXT, AT(delimiter), 0, 0, CMD_O_LS, "TEXT",
	  "what ends a common prefix (default /)" },
	{ "delete", 0, OPT_FLAG, AT(delete), 0, 0, CMD_O_SYNC, NULL,
	  "what the source does not have" },
	{ "checksum", 0, OPT_FLAG, AT(checksum), 0, 0, CMD_O_SYNC, NULL,
	  "compare contents where sizes and times agree" },
	{ "dry-run", 'n', OPT_FLAG, AT(dry_run), 0, 0, CMD_O_CP | CMD_O_SYNC | CMD_O_RM, NULL,
	  "only say what would be done" },
	{ "exclude", 0, OPT_OWN, 0, false, 0, CMD_O_CP | CMD_O_SYNC | CMD_O_RM, "PATTERN",
	  "leave out names of that pattern; the last that fits decides" },
	{ "include", 0, OPT_OWN, 0, true, 0, CMD_O_CP | CMD_O_SYNC | CMD_O_RM, "PATTERN",
	  "but take these" },
	{ "content-type", 0, OPT_TEXT, AT(content_type), 0, 0, CMD_O_CP | CMD_O_SYNC, "TYPE",
	  "of what is uploaded" },
	{ "threshold", 0, OPT_SIZE, AT(threshold), 1 << 20, S3_PART_MOST, CMD_MOVING, "SIZE",
	  "what is larger goes in parts (default 16M)" },
	{ "part-size", 0, OPT_SIZE, AT(part_size), S3_PART_LEAST, S3_PART_MOST, CMD_MOVING,
	  "SIZE", "of parts (default 16M)" },
	{ "parallel", 'j', OPT_NUMBER, AT(parallel), 1, S3_JOBS_MAX, CMD_MOVING, "N",
	  "requests at once (default 4)" },
	{ "expires", 0, OPT_NUMBER, AT(expires), 1, SIG_EXPIRES_MAX, CMD_O_PRESIGN, "SECONDS",
	  "how long the URL is good (default 3600)" },
	{ "method", 0, OPT_TEXT, AT(method), 0, 0, CMD_O_PRESIGN, "METHOD",
	  "what it is for: GET, PUT, HEAD, DELETE (default GET)" },
	{ "endpoint", 0, OPT_TEXT, AT(endpoint), 0, 0, CMD_S3, "URL",
	  "the server (default $AWS_ENDPOINT_URL)" },
	{ "profile", 0, OPT_TEXT, AT(profile), 0, 0, CMD_S3, "NAME",
	  "of ~/.aws/credentials and ~/.aws/config (default $AWS_PROFILE)" },
	{ "region", 0, OPT_TEXT, AT(region), 0, 0, CMD_S3, "TEXT",
	  "for which requests are signed (default us-east-1)" },
	{ "ca-file", 0, OPT_TEXT, AT(ca_file), 0, 0, CMD_S3, "FILE",
	  "PEM of whom the server's certificate must be (default: the system's)" },
	{ "no-sign-request", 0, OPT_FLAG, AT(anonymous), 0, 0, CMD_S3, NULL, "ask as nobody" },
	{ "uki", 0, OPT_TEXT, AT(uki), 0, 0, CMD_TPM_SIGN, "FILE",
	  "unified kernel image that will be booted: its PCRs 4, 9 and 11 are predicted" },
	{ "pcrs", 0, OPT_TEXT, AT(pcrs), 0, 0, CMD_TPM_SIGN, "FILE",
	  "PCRs that are known otherwise, in lines of BANK INDEX HEX" },
	{ "select", 0, OPT_TEXT, AT(select), 0, 0, CMD_TPM_SIGN, "LIST",
	  "which PCRs the policy is over (default 4+7+9+11)" },
	{ "epoch", 0, OPT_NUMBER, AT(epoch), 0, INT64_MAX, CMD_TPM_SIGN, "N",
	  "the last one that it is good for: what `rlncsetup tpm epoch` says, or more" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_TPM_SIGN, "FILE",
	  "private key in PEM that signs: RSA, or P-256" },
	{ "out", 0, OPT_TEXT, AT(out), 0, 0, CMD_TPM_SIGN, "FILE",
	  "JSON that the policy is added to" },
	{ "propose", 0, OPT_TEXT, AT(propose), 0, 0, CMD_TPM_SIGN, "NAME",
	  "sign nothing: print the actions by which members have skyd's vault sign it" },
	{ "bank", 0, OPT_TEXT, AT(bank), 0, 0, CMD_TPM_PREDICT | CMD_TPM_SIGN, "NAME",
	  "of which hash (default sha256)" },
	{ "policy", 0, OPT_TEXT, AT(policy), 0, 0, CMD_TPM_PREDICT, "NAME",
	  "print a policy of that name instead, for attest verify" },
	{ "secure-boot", 0, OPT_FLAG, AT(secure_boot), 0, 0, CMD_TPM_PREDICT | CMD_TPM_SIGN, NULL,
	  "Secure Boot will be on; a log says so itself" },
	{ "log", 0, OPT_TEXT, AT(log), 0, 0, CMD_TPM_PREDICT | CMD_TPM_SIGN, "FILE",
	  "event log of a boot of that firmware: its PCRs are said, too" },
	{ "nonce", 0, OPT_TEXT, AT(nonce), 0, 0, CMD_TPM_QUOTE, "DIGITS",
	  "what the TPM was given for this quote" },
	{ "pcrs", 0, OPT_TEXT, AT(pcrs), 0, 0, CMD_TPM_QUOTE, "FILE",
	  "that it has to vouch for: lines BANK INDEX HEX" },
	{ "select", 0, OPT_TEXT, AT(select), 0, 0, CMD_QUOTES, "LIST",
	  "which of them, as sha1:0,1+sha256:0,1,10 (default: all, in the file's order)" },
	{ "scheme", 0, OPT_TEXT, AT(scheme), 0, 0, CMD_QUOTES, "ecdsa|rsassa|rsapss",
	  "which signature is taken (default ecdsa)" },
	{ "hash", 0, OPT_TEXT, AT(hash), 0, 0, CMD_QUOTES, "NAME",
	  "and with which hash (default sha256)" },
	{ "ek", 0, OPT_TEXT, AT(ek), 0, 0, CMD_QUOTES, "FILE",
	  "endorsement key below which the attestation key has to lie" },
	{ "ek", 0, OPT_TEXT, AT(ek), 0, 0, CMD_T_HOST, "NAME",
	  "with enrol: Name of the endorsement key that it has, in hexadecimal" },
	{ "roots", 0, OPT_TEXT, AT(roots), 0, 0, CMD_TPM_EK, "FILE",
	  "PEM of the makers that are trusted" },
	{ "between", 0, OPT_TEXT, AT(between), 0, 0, CMD_TPM_EK, "FILE",
	  "PEM of what lies between them and the certificate" },
	{ "roles", 0, OPT_TEXT, AT(roles), 0, 0, CMD_PKI_ISSUE, "ROLES",
	  "which the machine has: gateway, backend, vault, edge, attester; with commas" },
	{ "hosts", 0, OPT_TEXT, AT(hosts), 0, 0, CMD_PKI_ISSUE, "HOSTS",
	  "its names and addresses, with commas: for HTTPS of an edge or a gateway" },
	{ "days", 0, OPT_NUMBER, AT(days), 1, 36500, CMD_PKI | CMD_PKI_ISSUE, "DAYS",
	  "how long it is good (default: an authority 3650, others 397)" },
	{ "policy", 0, OPT_TEXT, AT(policy), 0, 0, CMD_T_VERIFY, "FILE",
	  "what the machine must have booted and run, in JSON" },
	{ "pcrs", 0, OPT_TEXT, AT(pcrs), 0, 0, CMD_ATTEST, "FILE",
	  "values that were quoted, in lines of BANK PCR HEX" },
	{ "log", 0, OPT_TEXT, AT(log), 0, 0, CMD_T_VERIFY, "FILE", "the firmware's event log" },
	{ "ima", 0, OPT_TEXT, AT(ima), 0, 0, CMD_T_VERIFY, "FILE", "IMA's binary list" },
	{ "events", 0, OPT_FLAG, AT(events), 0, 0, CMD_T_REPLAY | CMD_T_IMA, NULL,
	  "list what was measured" },
	{ "sign", 0, OPT_TEXT, AT(sign_key), 0, 0, CMD_T_VERIFY, "FILE",
	  "private key of P-256: print the result as a signed token (EAR)" },
	{ "subject", 0, OPT_TEXT, AT(subject), 0, 0, CMD_T_VERIFY, "NAME",
	  "the machine's name in the token (default machine)" },
	{ "valid", 0, OPT_NUMBER, AT(valid), 1, 31622400, CMD_T_VERIFY, "SECONDS",
	  "how long the token is good (default 300)" },
	{ "nonce", 0, OPT_TEXT, AT(nonce), 0, 0, CMD_T_VERIFY, "TEXT",
	  "what the token has to answer; with --quote, the digits that the TPM was given" },
	{ "quote", 0, OPT_TEXT, AT(quote), 0, 0, CMD_T_VERIFY, "FILE",
	  "a TPM's message of the PCRs: they are believed only if it vouches for them" },
	{ "signature", 0, OPT_TEXT, AT(signature), 0, 0, CMD_T_VERIFY, "FILE", "of the quote" },
	{ "ak", 0, OPT_TEXT, AT(ak), 0, 0, CMD_T_VERIFY, "FILE", "the attestation key of it" },
	{ "ak", 0, OPT_TEXT, AT(ak), 0, 0, CMD_M_VERIFY | CMD_M_SHOW, "NAME",
	  "the host's attestation key, by its Name (default: that of the first certificate)" },
	{ "partial", 0, OPT_FLAG, AT(partial), 0, 0, CMD_M_VERIFY | CMD_M_SHOW, NULL,
	  "these are some of the records: others are before and behind" },
	{ "ledger", 0, OPT_TEXT, AT(ledger), 0, 0, CMD_M_VERIFY, "LEDGER",
	  "folder or URL of a ledger that has a leaf for each record" },
	{ "tenant", 0, OPT_TEXT, AT(tenant), 0, 0, CMD_M_SHOW, "NAME", "of this one alone" },
	{ "by", 0, OPT_TEXT, AT(by), 0, 0, CMD_M_SHOW, "hour|day|month|all",
	  "what is summed (default all)" },
	{ "since", 0, OPT_TEXT, AT(since), 0, 0, CMD_M_SHOW, "TIME",
	  "records that end then or later: 2026-11-22 or 2026-11-22T10:00:00Z" },
	{ "until", 0, OPT_TEXT, AT(until), 0, 0, CMD_M_SHOW, "TIME", "and before that" },
	{ "interval", 'i', OPT_NUMBER, AT(meter_interval), 1, 86400, CMD_M_COLLECT, "SECONDS",
	  "from one to the next (default 3600)" },
	{ "count", 0, OPT_NUMBER, AT(count), 1, UINT32_MAX, CMD_M_COLLECT, "N",
	  "end after so many (default: do not)" },
	{ "records", 0, OPT_TEXT, AT(meter.dir), 0, 0, CMD_M_COLLECT, "DIR",
	  "where they go (default /var/lib/skyd/meter)" },
	{ "boot-key", 0, OPT_TEXT, AT(meter.key_file), 0, 0, CMD_M_COLLECT, "FILE",
	  "key of this boot, in memory (default /run/skyd/meter.key)" },
	{ "ak", 0, OPT_TEXT, AT(meter.ak_file), 0, 0, CMD_M_COLLECT, "FILE",
	  "attestation key, made if it is not there (default /var/lib/skyd/ak)" },
	{ "tcti", 0, OPT_TEXT, AT(meter.tcti), 0, 0, CMD_M_COLLECT, "TEXT",
	  "where the TPM is, as tpm2-tools have it (default: /dev/tpmrm0)" },
	{ "ledger", 0, OPT_TEXT, AT(meter.ledger), 0, 0, CMD_M_COLLECT, "DIR",
	  "a ledger, which gets a leaf for each record" },
	{ "ledger-key", 0, OPT_TEXT, AT(meter.ledger_key), 0, 0, CMD_M_COLLECT, "FILE",
	  "its signer key" },
	{ "ledger-epoch", 0, OPT_TEXT, AT(meter.ledger_epoch), 0, 0, CMD_M_COLLECT, "FILE",
	  "its counter of epochs" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_AUDIT | CMD_M_VERIFY, "KEY",
	  "the log's verifier key, NAME+ID+DIGITS, or a file of it" },
	{ "checkpoint", 0, OPT_TEXT, AT(checkpoint), 0, 0, CMD_A_VERIFY | CMD_A_WATCH, "FILE",
	  "an older one, from which it has to go on; watch keeps it up to date" },
	{ "witnesses", 0, OPT_TEXT, AT(witnesses), 0, 0, CMD_AUDIT, "FILE",
	  "a policy of tlog-policy: how many of which witnesses there must have been" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_A_WITNESS, "FILE",
	  "the witness's signer key; made if it is not there" },
	{ "name", 0, OPT_TEXT, AT(name), 0, 0, CMD_A_WITNESS, "NAME",
	  "of a key that is made (default: the machine's)" },
	{ "logs", 0, OPT_TEXT, AT(log), 0, 0, CMD_A_WITNESS, "FILE",
	  "a policy of tlog-policy: its logs are looked at" },
	{ "state", 0, OPT_TEXT, AT(dir), 0, 0, CMD_A_WITNESS, "DIR",
	  "folder of what was cosigned; its loss is the loss of the witness" },
	{ "sheet", 0, OPT_TEXT, AT(sheet), 0, 0, CMD_R_SPLIT | CMD_R_JOIN | CMD_R_VERIFY, "FILE",
	  "what belongs to a group of shares; no secret" },
	{ "need", 0, OPT_NUMBER, AT(need), 2, 32, CMD_R_SPLIT, "K",
	  "shares that it takes (default 2)" },
	{ "shares", 0, OPT_NUMBER, AT(shares), 2, 32, CMD_R_SPLIT, "N",
	  "shares that there are (default 3)" },
	{ "passphrase", 0, OPT_TEXT, AT(passphrase), 0, 0, CMD_R_SPLIT | CMD_R_JOIN, "FILE",
	  "of the vault's keys; without it: they are not wrapped" },
	{ "dir", 0, OPT_TEXT, AT(dir), 0, 0, CMD_R_JOIN, "DIR",
	  "folder of governance, whose last decision is to recover" },
	{ "output", 'o', OPT_TEXT, AT(output), 0, 0, CMD_R_JOIN, "FILE", "where the keys go" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_G_VOTE, "FILE", "the member's signer key" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_G_PROPOSE, "FILE",
	  "the member's signer key: it is this member's proposal, who votes for it" },
	{ "key", 'k', OPT_TEXT, AT(key), 0, 0, CMD_G_VERIFY, "KEY",
	  "the log's verifier key, or a file of it" },
	{ "dir", 0, OPT_TEXT, AT(dir), 0, 0, CMD_GOVERN, "DIR",
	  "a folder of governance, instead of asking skyd" },
	{ "ledger", 0, OPT_TEXT, AT(ledger), 0, 0, CMD_GOVERN, "LEDGER",
	  "with --dir: folder of the audit ledger that is told, with its key beside it" },
	{ "ledger", 0, OPT_TEXT, AT(ledger), 0, 0, CMD_G_VERIFY, "LEDGER",
	  "folder of the audit ledger that has to tell of all decisions" },
	{ "days", 0, OPT_NUMBER, AT(days), 1, 3650, CMD_G_PROPOSE, "DAYS",
	  "how long it can be applied (default 7)" },
	{ "output", 'o', OPT_TEXT, AT(output), 0, 0, CMD_G_KEY | CMD_G_VOTE, "FILE",
	  "where the key goes; of a vote: keep the ballot there, and do not hand it in" },
	{ "output", 'o', OPT_TEXT, AT(output), 0, 0, CMD_A_PROVE, "FILE",
	  "where the receipt goes (default: standard output)" },
	{ "interval", 0, OPT_NUMBER, AT(interval), 1, 86400, CMD_A_WATCH, "SECONDS",
	  "pause between looks (default 10)" },
	{ "once", 0, OPT_FLAG, AT(once), 0, 0, CMD_A_WATCH, NULL, "look once" },
	{ "ca-file", 0, OPT_TEXT, AT(ca_file), 0, 0, CMD_AUDIT, "FILE",
	  "PEM of whom the server's certificate must be (default: the system's)" },
	{ "value", 0, OPT_OWN, 0, 0, 0, CMD_SECRET_MAKE, "NAME=FILE",
	  "file of a secret's bytes; - is standard input; again for another one" },
	{ "random", 0, OPT_OWN, 0, 0, 0, CMD_SECRET_MAKE, "NAME=BYTES",
	  "a secret that the vault draws, and nobody is told; again for another one" },
	{ "vault", 0, OPT_TEXT, AT(vault), 0, 0, CMD_SECRET_MAKE, "DIGITS",
	  "key of the vault, as it logs it at its start (default: what skyd says)" },
	{ "bundle", 0, OPT_TEXT, AT(bundle), 0, 0, CMD_WORKLOAD | CMD_W_RUN, "FILE",
	  "of sigstore; to admit images also a folder of *.json" },
	{ "trusted-root", 0, OPT_TEXT, AT(trusted_root), 0, 0, CMD_WORKLOAD, "FILE",
	  "trusted_root.json: logs and authorities to believe" },
	{ "key", 0, OPT_TEXT, AT(key), 0, 0, CMD_W_VERIFY, "FILE", "the signer's public key, PEM" },
	{ "signature", 0, OPT_TEXT, AT(signature), 0, 0, CMD_W_VERIFY, "FILE",
	  "instead of a bundle: what `cosign sign-blob --key` prints" },
	{ "identity", 0, OPT_TEXT, AT(identity), 0, 0, CMD_W_VERIFY, "NAME",
	  "who has to have signed: exactly the certificate's URI or address" },
	{ "issuer", 0, OPT_TEXT, AT(issuer), 0, 0, CMD_W_VERIFY, "URL",
	  "who has to have vouched for that name" },
	{ "policy", 0, OPT_TEXT, AT(policy), 0, 0, CMD_W_ADMIT, "FILE",
	  "which images may run, in JSON or YAML" },
	{ "control", 'c', OPT_TEXT, AT(control), 0, 0, CMD_ADMIN | CMD_GOVERN | CMD_M_COLLECT, "PATH",
	  "skyd's control socket (default " DEFAULT_CONTROL ")" },
	{ "dev", 0, OPT_TEXT, AT(dev), 0, 0, CMD_ASKING | CMD_M_COLLECT, "DIR",
	  "the one of `skyd --dev DIR`" },
	{ "timeout", 0, OPT_NUMBER, AT(timeout), 1, TIMEOUT_MAX, CMD_WAITING, "SECONDS",
	  "how long a server may say nothing (default: skyd 60, S3 300, a ledger 30, witnesses 10)" },
	{ "json", 0, OPT_FLAG, AT(json), 0, 0, CMD_PRINTING, NULL, "print JSON" },
	{ "verbose", 'v', OPT_VERBOSE, 0, 0, 0, CMD_ALL, NULL, "say what is being done" },
	{ "help", 'h', OPT_HELP, 0, 0, 0, CMD_ALL, NULL, "this list" },
	{ NULL },
};

static struct s3_filter filters[FILTERS_MAX];

const struct options option_defaults = {
	.control = DEFAULT_CONTROL, .expires_in = UINT64_MAX, .losses = UINT64_MAX,
	.bank = "sha256", .valid = 300, .epoch = UINT64_MAX, .need = 2, .shares = 3,
	.interval = 10, .delimiter = "/", .method = "GET", .expires = 3600, .parallel = 4,
	.by = "all", .meter_interval = 3600,
	.meter = {
		.dir = "/var/lib/skyd/meter", .key_file = "/run/skyd/meter.key",
		.ak_file = "/var/lib/skyd/ak",
	},
	.threshold = 16 << 20, .part_size = 16 << 20, .filter = filters,
};

static int add_secret(const struct option_row *row, const char *text, struct options *o)
{
	const bool value = !strcmp(row->name, "value");
	unsigned int *count = value ? &o->values : &o->randoms;

	if (*count == TARGETS_MAX)
		return fail(E2BIG, "--%s %s: more than %u secrets", row->name, text, TARGETS_MAX);
	(value ? o->value : o->random)[(*count)++] = text;
	return 0;
}

int options_set(const struct option_row *row, const char *text, struct options *o)
{
	if (!strcmp(row->name, "to")) {
		if (o->targets == TARGETS_MAX)
			return fail(E2BIG, "--to %s: more than %u locations", text, TARGETS_MAX);
		o->to[o->targets++] = text;
		return 0;
	}
	if (!strcmp(row->name, "value") || !strcmp(row->name, "random"))
		return add_secret(row, text, o);
	if (o->filters == FILTERS_MAX)
		return fail(E2BIG, "--%s %s: more than %u patterns", row->name, text, FILTERS_MAX);
	o->filter[o->filters++] = (struct s3_filter){ row->min, text };
	return 0;
}

enum member_kind { TEXT, REAL, CONTENT };

struct member {
	const char *name;
	size_t offset;
	enum member_kind kind;
};

static const struct member members[] = {
	{ "team", AT(team), TEXT }, { "scope", AT(scope), TEXT },
	{ "comment", AT(comment), TEXT }, { "bucket", AT(bucket), TEXT },
	{ "kind", AT(kind), TEXT }, { "provider", AT(provider), TEXT },
	{ "url", AT(url), TEXT }, { "country", AT(country), TEXT },
	{ "city", AT(city), TEXT }, { "region", AT(region), TEXT },
	{ "cluster", AT(cluster), TEXT }, { "new_name", AT(new_name), TEXT },
	{ "access_key", AT(access_key), TEXT }, { "identity", AT(identity), TEXT },
	{ "description", AT(description), TEXT }, { "latitude", AT(latitude), REAL },
	{ "longitude", AT(longitude), REAL }, { "storage_price", AT(storage_price), REAL },
	{ "ingress_price", AT(ingress_price), REAL }, { "egress_price", AT(egress_price), REAL },
	{ "secret_key", AT(secret_file), CONTENT }, { "ca", AT(ca_file), CONTENT },
};

static const struct member wishes[] = {
	{ "max_price", AT(max_price), REAL }, { "max_latency_ms", AT(max_latency_ms), REAL },
	{ "availability", AT(availability), REAL },
};

/* Of a file, without the end of its last line. */
static int content(const char *path, json_t **to)
{
	CLEANUP_FREE char *data = NULL;
	size_t len;
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", FILE_MAX, &data, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	*to = json_stringn(data, len);
	explicit_bzero(data, len);
	return *to ? 0 : fail(EINVAL, "%s is not text", path);
}

static int real(const char *name, const char *text, json_t **to)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > -1e12 && value < 1e12))
		return fail(EINVAL, "%s: \"%s\" is not a number", name, text);
	*to = json_real(value);
	return 0;
}

static int add(const struct options *o, const struct member *m, unsigned int count, json_t *to)
{
	int rc = 0;

	for (; !rc && count--; m++) {
		const char *text = *(const char *const *)((const char *)o + m->offset);
		json_t *value = NULL;

		if (!text)
			continue;
		if (m->kind == CONTENT)
			rc = content(text, &value);
		else if (m->kind == REAL)
			rc = real(m->name, text, &value);
		else
			value = json_string(text);
		if (!rc && json_object_set_new(to, m->name, value))
			rc = fail(EINVAL, "%s is not UTF-8", m->name);
	}
	return rc;
}

int options_intent(const struct options *o, json_t *to)
{
	if (o->jurisdiction)
		json_object_set_new(to, "jurisdiction", json_string(o->jurisdiction));
	if (o->gdpr)
		json_object_set_new(to, "gdpr", json_true());
	if (o->losses != UINT64_MAX)
		json_object_set_new(to, "losses", json_integer(o->losses));
	return add(o, wishes, sizeof(wishes) / sizeof(wishes[0]), to);
}

/* What is to become of a location's fragments. */
static int add_repair(const struct options *o, json_t *to)
{
	const struct {
		const char *name;
		bool set;
	} flags[] = {
		{ "status", o->status }, { "pause", o->pause }, { "resume", o->resume },
		{ "cancel", o->cancel }, { "read", o->read }, { "accept", o->accept },
	};
	json_t *names;
	unsigned int i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].set)
			json_object_set_new(to, flags[i].name, json_true());
	if (!o->targets)
		return 0;
	names = json_array();
	for (i = 0; i < o->targets; i++)
		if (json_array_append_new(names, json_string(o->to[i]))) {
			json_decref(names);
			return fail(EINVAL, "%s is not UTF-8", "to");
		}
	json_object_set_new(to, "to", names);
	return 0;
}

int options_members(const struct options *o, json_t *to)
{
	int rc = add_repair(o, to);

	if (rc)
		return rc;
	if (o->gdpr || o->no_gdpr)
		json_object_set_new(to, "gdpr", json_boolean(o->gdpr));
	if (o->jurisdiction)
		json_object_set_new(to, "jurisdiction", json_string(o->jurisdiction));
	if (o->expires_in != UINT64_MAX)
		json_object_set_new(to, "expires_in", json_integer(o->expires_in));
	if (o->all)
		json_object_set_new(to, "all", json_true());
	return add(o, members, sizeof(members) / sizeof(members[0]), to);
}

int options_missing(const char *verb, const char *name)
{
	const struct option_row *row = option_rows;
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(members[i].name, name))
			break;
	if (i == sizeof(members) / sizeof(members[0]))
		return -ENOENT;
	while (row->name && (row->kind != OPT_TEXT || row->offset != members[i].offset))
		row++;
	if (!row->name)
		return -ENOENT;
	fail(0, "--%s %s is missing; see `skyctl %s --help`", row->name, row->arg, verb);
	return 0;
}
