// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#define LINE	1024

struct line {
	char text[LINE];
	unsigned int len;
};

void guest_puts_bytes(const void *data, uint64_t len)
{
	struct hvt_hc_puts puts = { .data = guest_address(data), .len = len };

	guest_call(HVT_HC_PUTS, guest_address(&puts));
}

void guest_puts(const char *text)
{
	guest_puts_bytes(text, strlen(text));
}

static void put(struct line *line, char c)
{
	if (line->len < LINE - 1)
		line->text[line->len++] = c;
}

static void put_number(struct line *line, uint64_t v, unsigned int base, unsigned int width,
		       char pad)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (; width > n; width--)
		put(line, pad);
	while (n)
		put(line, digits[--n]);
}

static void put_signed(struct line *line, int64_t v, unsigned int width, char pad)
{
	if (v < 0)
		put(line, '-');
	put_number(line, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, width, pad);
}

/* A pointer to the list, since an array type would be one already. */
struct arguments {
	va_list list;
};

static const char *put_one(struct line *line, const char *format, struct arguments *args)
{
	char pad = *format == '0' ? '0' : ' ';
	unsigned int width = 0;
	bool is_long = false;
	const char *s;
	uint64_t v;

	for (; *format >= '0' && *format <= '9'; format++)
		width = width * 10 + *format - '0';
	for (; *format == 'l' || *format == 'z'; format++)
		is_long = true;
	switch (*format) {
	case 's':
		for (s = va_arg(args->list, const char *); *s; s++)
			put(line, *s);
		break;
	case 'c':
		put(line, va_arg(args->list, int));
		break;
	case 'd':
		put_signed(line, is_long ? va_arg(args->list, int64_t) : va_arg(args->list, int),
			   width, pad);
		break;
	case 'u':
	case 'x':
	case 'p':
		is_long |= *format == 'p';
		v = is_long ? va_arg(args->list, uint64_t) : va_arg(args->list, unsigned int);
		put_number(line, v, *format == 'u' ? 10 : 16, width, pad);
		break;
	default:
		put(line, *format);
		break;
	}
	return *format ? format + 1 : format;
}

static void print(const char *format, struct arguments *args)
{
	struct line line = { .len = 0 };

	while (*format) {
		if (*format == '%')
			format = put_one(&line, format + 1, args);
		else
			put(&line, *format++);
	}
	guest_puts_bytes(line.text, line.len);
}

void guest_printf(const char *format, ...)
{
	struct arguments args;

	va_start(args.list, format);
	print(format, &args);
	va_end(args.list);
}

void guest_fail(const char *format, ...)
{
	struct arguments args;

	guest_puts("failed: ");
	va_start(args.list, format);
	print(format, &args);
	va_end(args.list);
	guest_exit(1);
}
