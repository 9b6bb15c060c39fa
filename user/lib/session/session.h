/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: to whom secrets may be given.
 *
 *	{"session": "shop", "version": 1,
 *	 "images": ["sha256:HEX"], "signers": [AUTHORITY], "tiers": [3, 4],
 *	 "hosts": ["a"], "policies": ["sha256:HEX"],
 *	 "command": ["/bin/shop", "--token", "${secret:token}"],
 *	 "secrets": [{"name": "token", "deliver": "device"}],
 *	 "max_releases": 3, "not_after": "2027-01-01T00:00:00Z"}
 *
 * An image has to be among the images, if there are any, and signed by one of the signers, if there
 * are any; of the two one at least is there.  So it is with hosts and the digests of policies by
 * which they were judged.  A signer is an authority of admission.h, but none that is static.
 *
 * What is bound is the document as it was written, byte for byte: its SHA-256 is what all else
 * refers to.
 */
#ifndef SKY_SESSION_SESSION_H
#define SKY_SESSION_SESSION_H

#include "base/cleanup.h"
#include "sigstore/admission.h"
#include "sigstore/json.h"

#define SESSION_MAX_BYTES	32768u	/* of a document */
#define SESSION_NAME_MAX	63u	/* of a session, a secret, a host */
#define SESSION_SECRETS		32u
#define SESSION_VALUE_MAX	16384u	/* bytes of a secret */
#define SESSION_VALUES_MAX	49152u	/* of all of them */
#define SESSION_WORD_MAX	1024u	/* of a secret that is a word, or part of one */
#define SESSION_IMAGES		64u
#define SESSION_SIGNERS		16u
#define SESSION_HOSTS		64u
#define SESSION_POLICIES	16u
#define SESSION_WORDS		64u
#define SESSION_DIGEST		32u
#define SESSION_WHY		320u

enum session_delivery {
	SESSION_DEVICE,		/* a block device, or a file of a container */
	SESSION_CMDLINE,	/* in place of ${secret:NAME} */
};

struct session_secret {
	struct str name;
	enum session_delivery deliver;
};

/* All zeros is none; texts are the document's. */
struct session {
	struct doc doc;
	uint8_t digest[SESSION_DIGEST];		/* of the document's bytes */
	struct str name;
	uint32_t version;			/* from 1 */
	uint8_t (*image)[SESSION_DIGEST];
	uint8_t (*policy)[SESSION_DIGEST];
	struct str *host, *word;
	struct session_secret *secret;
	unsigned int images, policies, hosts, words, secrets;
	struct admission *signers;		/* NULL: anybody */
	unsigned int tiers;			/* bits */
	uint32_t max_releases;			/* 0: any number */
	int64_t not_after;			/* seconds since 1970; 0: for ever */
};

#define CLEANUP_SESSION	CLEANUP(session_free) struct session

/**
 * session_parse - read a document
 * @text:	untrusted; may go afterwards
 * @s:		receives it; session_free() after any return
 * @why:	receives what is wrong, the member named
 *
 * What is not known is refused, as what is understood by halves would let in too much, and so is
 * null.  Recurses: not for fibers.
 *
 * Return: 0; -EINVAL with @why; -ENOMEM, -EIO.
 */
int session_parse(struct str text, struct session *s, char why[SESSION_WHY]);
void session_free(struct session *s);

/* Is it a name of a session, or of a secret: 1 to 63 of A-Z a-z 0-9 _ . -, no dot or dash first? */
bool session_name_ok(struct str name);

/* The secret of a name, or NULL. */
const struct session_secret *session_find(const struct session *s, struct str name);

/*
 * Are two the same but for version and secrets?  A secret that was given under the one may then be
 * kept under the other.
 */
bool session_same_terms(const struct session *a, const struct session *b);

/* What wants secrets. */
struct session_start {
	unsigned int tier;
	const uint8_t *image;			/* digest, SESSION_DIGEST */
	struct str host;
	const uint8_t *policy;			/* by which that was judged, or NULL */
	struct str bundle;			/* that vouches for the image, or none */
	const struct sigstore_trust *trust;	/* for signers with certificates, or NULL */
	int64_t now;				/* seconds since 1970 */
	int64_t until;				/* as in struct admission_store */
};

/**
 * session_judge - does a start fulfil what a session says?
 * @why:	receives why not
 *
 * Whether the host holds a lease, and how often secrets were given, is not looked at.
 *
 * Return: 0; -EACCES, -ETIME: it is over, with @why; -ETIMEDOUT; -ENOMEM.
 */
int session_judge(const struct session *s, const struct session_start *start,
		  char why[SESSION_WHY]);

/* --- command.c --- */

/* May these bytes be a word of a command, or part of one: printable ASCII, without blank or bar? */
bool session_word_ok(const void *value, size_t len);

/**
 * session_command - the command, secrets put in
 * @value:	of each secret, in the order of the session
 * @to:		receives the words, each with a NUL behind it
 * @size:	bytes
 *
 * Return: bytes; -EINVAL: a value is none for a word; -EMSGSIZE.
 */
int session_command(const struct session *s, const struct str *value, char *to, size_t size);

/* For session_parse(): are templates right?  Return: 0, or -EINVAL with what is wrong in @why. */
int session_check_command(const struct session *s, char why[SESSION_WHY]);

/* --- image.c: what is on the device (sky_secret.h) --- */

/**
 * session_image - write those that are to be on the device
 * @value:	of each secret, in the order of the session
 * @to:		SKY_SECRET_SIZE_MAX bytes
 *
 * Return: bytes of the device; -EMSGSIZE; -EIO.
 */
int session_image(const struct session *s, const struct str *value, void *to);

/**
 * session_image_find - read a device as a guest does
 * @image:	@len bytes, of whoever
 * @value:	receives where the secret lies
 *
 * Return: 0; -ENOENT; -EBADMSG: it is no such device, or damaged.
 */
int session_image_find(const void *image, size_t len, struct str name, struct str *value);

#endif /* SKY_SESSION_SESSION_H */
