// SPDX-License-Identifier: GPL-2.0-or-later
/* A private authority in a folder: authority.crt, authority.key, NAME.crt and NAME.key. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "skyctl.h"
#include "tls/tls.h"

#include "../../skyd/relay_peers.h"

#define AUTHORITY	"authority"
#define AUTHORITY_DAYS	3650u
#define DAYS		397u	/* what browsers and others still take */
#define HOSTS_MAX	32u
#define HOST_MAX	256u

static int path_of(char *to, const char *dir, const char *name, const char *end)
{
	return snprintf(to, PATH_MAX, "%s/%s.%s", dir, name, end) < PATH_MAX ? 0 :
	       fail(ENAMETOOLONG, "%s is too long", dir);
}

int cmd_pki_init(const struct options *o, int argc, char **argv)
{
	char cert[PATH_MAX], key[PATH_MAX], why[TLS_WHY] = "";
	int rc;

	(void)argc;
	if (mkdir(argv[0], 0700) && errno != EEXIST)
		return fail_errno("cannot make %s", argv[0]);
	rc = path_of(cert, argv[0], AUTHORITY, "crt");
	rc = rc ? rc : path_of(key, argv[0], AUTHORITY, "key");
	if (rc)
		return rc;
	rc = tls_make_authority("skyd " AUTHORITY, o->days ? o->days : AUTHORITY_DAYS, cert, key,
				why);
	if (rc)
		return fail(-rc, "%s", why);
	printf("%s goes to each machine, as authority in [link]; %s stays here\n", cert, key);
	return 0;
}

/* What each role of a machine is for: who asks, and who answers. */
static int add_role(struct str word, const char *name, char uri[RELAY_URI],
		    struct tls_subject *subject)
{
	char text[128];
	struct relay_peer peer;

	snprintf(text, sizeof(text), "%.*s/%s", (int)(word.len < 32 ? word.len : 32), word.at,
		 name);
	if (!relay_peer_parse(str_of(text), &peer))
		return fail(EINVAL, "%s: a role is gateway, backend, vault, edge, attester or runner, and a name has letters, digits, -, _ and .",
			    text);
	relay_peer_uri(&peer, uri);
	subject->client |= peer.role != ROLE_VAULT;
	subject->server |= peer.role != ROLE_GATEWAY && peer.role != ROLE_ATTESTER &&
			   peer.role != ROLE_RUNNER;
	return 0;
}

int cmd_pki_issue(const struct options *o, int argc, char **argv)
{
	char cert[PATH_MAX], key[PATH_MAX], ca_cert[PATH_MAX], ca_key[PATH_MAX];
	char uris[ROLES][RELAY_URI], hosts[HOSTS_MAX][HOST_MAX], why[TLS_WHY] = "";
	const char *uri[ROLES + 1] = { NULL }, *host[HOSTS_MAX + 1] = { NULL };
	struct tls_subject subject = {
		.name = argv[1], .uri = uri, .host = host, .days = o->days ? o->days : DAYS,
	};
	struct str rest = str_of(o->roles), word;
	unsigned int n;
	int rc = 0;

	(void)argc;
	if (!o->roles)
		return fail(EINVAL, "say which --roles the machine has");
	for (n = 0; !rc && relay_peer_word(&rest, &word); n++) {
		if (n == ROLES)
			return fail(EINVAL, "there are not so many roles");
		uri[n] = uris[n];
		rc = add_role(word, argv[1], uris[n], &subject);
	}
	rest = str_of(o->hosts ? o->hosts : "");
	for (n = 0; !rc && relay_peer_word(&rest, &word); n++) {
		if (n == HOSTS_MAX || !str_copy(word, hosts[n], HOST_MAX))
			return fail(EINVAL, "there are too many hosts, or one is too long");
		host[n] = hosts[n];
		subject.server = true;
	}
	rc = rc ? rc : path_of(cert, argv[0], argv[1], "crt");
	rc = rc ? rc : path_of(key, argv[0], argv[1], "key");
	rc = rc ? rc : path_of(ca_cert, argv[0], AUTHORITY, "crt");
	rc = rc ? rc : path_of(ca_key, argv[0], AUTHORITY, "key");
	if (rc)
		return rc;
	rc = tls_issue(&subject, ca_cert, ca_key, cert, key, why);
	if (rc)
		return fail(-rc, "%s", why);
	printf("%s and %s go to %s\n", cert, key, argv[1]);
	return 0;
}
