/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed notes, as C2SP signed-note has them: a text, an empty line, and a line for each signature:
 *
 *	U+2014 " " NAME " " base64(key id, signature) "\n"
 *
 * A verifier key is NAME+ID+base64(type, public key), a signer key the same with PRIVATE+KEY+ in
 * front and the private key in it.  Names and ids say which key is meant; the id is
 * the beginning of SHA-256(NAME "\n" type, public key).
 *
 * Parsing takes no memory; what it hands out lies in the note.
 */
#ifndef SKY_LEDGER_NOTE_H
#define SKY_LEDGER_NOTE_H

#include "base/str.h"
#include "crypto/ed25519.h"

#define NOTE_NAME_MAX		255u	/* bytes of a key's name */
#define NOTE_MAX		131072u	/* bytes of a note: sixteen signatures of any kind fit */
#define NOTE_COSIGNED_MAX	8192u	/* bytes of a text that a witness signs */
#define NOTE_SIGNATURES		100u	/* of one note */
#define NOTE_KEY_TEXT_MAX	(NOTE_NAME_MAX + 80u)
#define NOTE_SIGNATURE_MAX	(8u + ED25519_SIGNATURE_BYTES)	/* of the kinds below */
#define NOTE_LINE_MAX		(NOTE_NAME_MAX + 128u)	/* a line of such a signature */

enum note_key_type {
	NOTE_ED25519		= 0x01,
	NOTE_COSIGNATURE	= 0x04,	/* of a witness, with its time: C2SP tlog-cosignature */
};

/* Whose signature is believed. */
struct note_verifier {
	char name[NOTE_NAME_MAX + 1];
	uint32_t id;
	uint8_t type;			/* enum note_key_type */
	uint8_t public[ED25519_PUBLIC_BYTES];
};

/* Who signs; to be wiped by note_signer_wipe(). */
struct note_signer {
	struct note_verifier verifier;
	uint8_t seed[ED25519_SEED_BYTES];
};

struct note {
	struct str text;		/* with its last newline */
	struct str signatures;		/* the lines */
	unsigned int count;
};

struct note_signature {
	struct str name;
	uint32_t id;
	struct str base64;		/* of the whole: id and signature */
};

/* May a key have this name?  Not empty, UTF-8, no spaces of Unicode, no plus, no controls. */
bool note_name_ok(struct str name);

/* Return: 0, or -EINVAL for what is no key, or of an id that is not its own. */
int note_verifier_parse(struct str text, struct note_verifier *to);
int note_signer_parse(struct str text, struct note_signer *to);
/* @text receives it, with a NUL. */
void note_verifier_print(const struct note_verifier *v, char text[NOTE_KEY_TEXT_MAX]);
void note_signer_print(const struct note_signer *s, char text[NOTE_KEY_TEXT_MAX]);

/**
 * note_signer_make - a signer of a private key
 * @name:	its name
 * @type:	what it signs
 * @seed:	the private key
 * @to:		receives it
 *
 * Return: 0; -EINVAL for a name that cannot be; -EIO.
 */
int note_signer_make(struct str name, enum note_key_type type,
		     const uint8_t seed[ED25519_SEED_BYTES], struct note_signer *to);
void note_signer_wipe(struct note_signer *s);

/**
 * note_parse - take a note apart; nothing is known of its signatures yet
 * @bytes:	from a stranger
 * @to:		receives the parts
 *
 * Return: 0, or -EBADMSG for what is no signed note.
 */
int note_parse(struct str bytes, struct note *to);
/* The next one of note.signatures.  Return: is there one? */
bool note_next(struct str *rest, struct note_signature *to);

/**
 * note_verify - has this key signed it?
 * @n:		of note_parse()
 * @v:		the key
 * @time:	receives the time of a cosignature, in seconds since 1970; may be NULL
 *
 * Return: 0; -ENOENT when no signature is of its name and id; -EBADMSG when one is and is wrong:
 * the whole note is to be refused then.
 */
int note_verify(const struct note *n, const struct note_verifier *v, uint64_t *time);

/**
 * note_sign - the line of a signature
 * @s:		who signs; of NOTE_COSIGNATURE: at @time
 * @text:	ends with a newline; of NOTE_COSIGNATURE: no longer than NOTE_COSIGNED_MAX
 * @time:	seconds since 1970
 * @line:	receives it, with its newline and a NUL
 *
 * Return: 0 or -EIO.
 */
int note_sign(const struct note_signer *s, struct str text, uint64_t time,
	      char line[NOTE_LINE_MAX]);

#endif /* SKY_LEDGER_NOTE_H */
