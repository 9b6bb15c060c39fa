// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "bytes.h"
#include "event_bind.h"

#define PCR_GRUB	8	/* its commands */
#define PCR_STUB	11	/* systemd's: sections of an image */
#define PCR_CMDLINE	12	/* systemd's: a command line of the user's */
#define GUID_BYTES	16

/* What GRUB puts before a command in the log, but not before what it digests. */
static const char *const grub_words[] = {
	"grub_cmd: ", "grub_cmd ", "kernel_cmdline: ", "grub_kernel_cmdline ", "kernel_cmdline ",
	"module_cmdline: ",
};

static bool is_variable_type(uint32_t type)
{
	return type == EV_EFI_VARIABLE_DRIVER_CONFIG || type == EV_EFI_VARIABLE_BOOT ||
	       type == EV_EFI_VARIABLE_BOOT2 || type == EV_EFI_VARIABLE_AUTHORITY;
}

bool event_variable(const struct event *ev, struct event_variable *var)
{
	struct bytes b = bytes_of(ev->data.at, ev->data.len);
	uint64_t name, value;

	if (!is_variable_type(ev->type) || !bytes_take(&b, GUID_BYTES, &var->guid) ||
	    !bytes_le64(&b, &name) || !bytes_le64(&b, &value))
		return false;
	/* Neither sum nor product can overflow once each is known to fit. */
	if (name > b.len / 2 || !bytes_str(&b, 2 * name, &var->name) ||
	    !bytes_str(&b, value, &var->value))
		return false;
	var->len = ev->data.len - b.len;
	return true;
}

bool event_variable_is(const struct event_variable *var, const char *name)
{
	size_t i, len = strlen(name);

	if (var->name.len != 2 * len)
		return false;
	for (i = 0; i < len; i++)
		if (var->name.at[2 * i] != name[i] || var->name.at[2 * i + 1])
			return false;
	return true;
}

/* The command without GRUB's word; false: none of them is in front. */
static bool grub_command(const struct event *ev, struct str *command)
{
	unsigned int i;

	for (i = 0; i < sizeof(grub_words) / sizeof(grub_words[0]); i++)
		if (ev->pcr == PCR_GRUB && str_starts(ev->data, str_of(grub_words[i]))) {
			*command = str_skip(ev->data, strlen(grub_words[i]));
			return true;
		}
	return false;
}

static struct str without_nul(struct str s)
{
	return s.len && !s.at[s.len - 1] ? str_head(s, s.len - 1) : s;
}

/* UTF-16 of ASCII with a NUL as ASCII with a NUL, as systemd-stub digests a section's name. */
static bool section_name(const struct event *ev, char *text, size_t size, struct str *name)
{
	size_t i, len = ev->data.len / 2;

	if (ev->type != EV_IPL || ev->pcr != PCR_STUB || ev->data.len % 2 || len < 3 ||
	    len > size || ev->data.at[0] != '.')
		return false;
	for (i = 0; i < len; i++) {
		text[i] = ev->data.at[2 * i];
		if (ev->data.at[2 * i + 1] || (i + 1 < len) != (text[i] > ' ' && text[i] < 0x7f))
			return false;
	}
	*name = (struct str){ text, len };
	return true;
}

struct try {
	const struct tpm_alg *alg;
	const uint8_t *digest;
	int rc;
};

static bool is_of(struct try *t, struct str part)
{
	uint8_t digest[TPM_DIGEST_MAX];

	if (t->rc)
		return false;
	t->rc = tpm_hash(t->alg, part.at, part.len, digest);
	return !t->rc && !memcmp(digest, t->digest, t->alg->size);
}

static int bind_variable(struct try *t, const struct event *ev)
{
	struct event_variable var;

	if (!event_variable(ev, &var))
		return EVENT_UNBOUND;
	/* shim counts the padding of its own structure as data, and digests without it. */
	if (var.len != ev->data.len && is_of(t, str_head(ev->data, var.len)))
		return EVENT_BOUND;
	/* The text of the profile is unclear about boot options, so that firmware differs. */
	if (ev->type == EV_EFI_VARIABLE_BOOT && is_of(t, var.value))
		return EVENT_BOUND_VALUE;
	return EVENT_UNBOUND;
}

static int bind_ipl(struct try *t, const struct event *ev)
{
	char text[64];
	struct str part;

	if (grub_command(ev, &part) && (is_of(t, part) || is_of(t, without_nul(part))))
		return EVENT_BOUND;
	if (section_name(ev, text, sizeof(text), &part) && is_of(t, part))
		return EVENT_BOUND;
	return EVENT_UNBOUND;
}

/* The digest of an error is that of 1, and the data says which error. */
static int bind_separator(struct try *t)
{
	return is_of(t, (struct str){ "\1\0\0", 4 }) ? EVENT_BOUND_VALUE : EVENT_UNBOUND;
}

int event_is_failure(const struct event *ev, const struct tpm_alg *alg)
{
	struct try t = { .alg = alg, .digest = event_digest_of(ev, alg) };
	int bound = t.digest ? bind_separator(&t) : EVENT_UNBOUND;

	return t.rc ? t.rc : bound != EVENT_UNBOUND;
}

int event_binding(const struct event *ev, const struct tpm_alg *alg)
{
	struct try t = { .alg = alg, .digest = event_digest_of(ev, alg) };
	int bound = EVENT_UNBOUND;

	if (!t.digest || ev->type == EV_NO_ACTION)
		return EVENT_UNBOUND;
	if (is_of(&t, ev->data))
		bound = EVENT_BOUND;
	else if (is_variable_type(ev->type))
		bound = bind_variable(&t, ev);
	else if (ev->type == EV_IPL)
		bound = bind_ipl(&t, ev);
	else if (ev->type == EV_SEPARATOR)
		bound = bind_separator(&t);
	return t.rc ? t.rc : bound;
}

bool event_must_be_bound(const struct event *ev)
{
	struct str command;

	switch (ev->type) {
	case EV_S_CRTM_VERSION:
	case EV_SEPARATOR:
	case EV_ACTION:
	case EV_EFI_ACTION:
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
	case EV_EFI_VARIABLE_BOOT:
	case EV_EFI_VARIABLE_BOOT2:
	case EV_EFI_VARIABLE_AUTHORITY:
	case EV_EFI_GPT_EVENT:
	case EV_OMIT_BOOT_DEVICE_EVENTS:
		return true;
	case EV_IPL:
		return ev->pcr == PCR_CMDLINE || grub_command(ev, &command);
	}
	return false;
}

enum event_separator event_separator(const struct event *ev)
{
	static const char ones[4] = { -1, -1, -1, -1 };

	if (ev->data.len != 4)
		return SEPARATOR_OTHER;
	if (!memcmp(ev->data.at, "\0\0\0", 4) || !memcmp(ev->data.at, ones, 4))
		return SEPARATOR_NORMAL;
	return memcmp(ev->data.at, "WBCL", 4) ? SEPARATOR_ERROR : SEPARATOR_OTHER;
}

/* ASCII of what is text of one or two bytes a character, as much as fits; false: it is not. */
static bool plain_text(struct str s, unsigned int wide, char *text, size_t size)
{
	size_t i, n = 0;

	while (s.len >= wide && !s.at[s.len - wide] && (wide == 1 || !s.at[s.len - 1]))
		s.len -= wide;
	*text = '\0';
	if (!s.len || s.len % wide)
		return false;
	for (i = 0; i < s.len; i += wide)
		if (s.at[i] < ' ' || s.at[i] > '~' || (wide == 2 && s.at[i + 1]))
			return false;
	for (i = 0; i < s.len && n + 1 < size; i += wide)
		text[n++] = s.at[i];
	text[n] = '\0';
	return true;
}

const char *event_describe(const struct event *ev, char *text, size_t size)
{
	struct event_variable var;
	struct str data = ev->data;

	*text = '\0';
	if (event_variable(ev, &var)) {
		plain_text(var.name, 2, text, size);
		return text;
	}
	/* A tagged event: number, length, text. */
	if (ev->type == EV_EVENT_TAG && data.len > 8)
		data = str_skip(data, 8);
	if (data.len < 3 || !plain_text(data, 1, text, size))
		plain_text(data, 2, text, size);
	return text;
}
