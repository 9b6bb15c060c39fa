// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom the system believes.  OpenSSL opens the files of its folder one by one, when it needs them:
 * who is locked in by then reads all of them before.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tls_private.h"

static X509_STORE *believed;

/* As c_rehash(1) names them: of eight digits, and a number. */
static bool is_certificate(const char *name)
{
	size_t hash = strspn(name, "0123456789abcdef");

	return hash == 8 && name[8] == '.' && name[9] &&
	       name[9 + strspn(name + 9, "0123456789")] == 0;
}

static void add_folder(X509_STORE *store, const char *folder)
{
	char path[PATH_MAX];
	struct dirent *one;
	DIR *dir = opendir(folder);

	if (!dir)
		return;
	while ((one = readdir(dir)))
		if (is_certificate(one->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", folder, one->d_name) < (int)sizeof(path))
			X509_STORE_load_file(store, path);
	closedir(dir);
}

/* A list with colons, as OpenSSL has it. */
static int add_folders(X509_STORE *store, const char *list)
{
	char *copy = strdup(list), *rest = copy, *folder;

	if (!copy)
		return -ENOMEM;
	while ((folder = strsep(&rest, ":")))
		if (*folder)
			add_folder(store, folder);
	free(copy);
	return 0;
}

static const char *said(const char *variable, const char *otherwise)
{
	const char *value = getenv(variable);

	return value && *value ? value : otherwise;
}

int tls_trust_load(void)
{
	X509_STORE *store = X509_STORE_new();
	int rc = store ? 0 : -ENOMEM;

	if (!rc) {
		X509_STORE_load_file(store, said(X509_get_default_cert_file_env(),
						 X509_get_default_cert_file()));
		rc = add_folders(store, said(X509_get_default_cert_dir_env(),
					     X509_get_default_cert_dir()));
	}
	/* A file that is not there, or is none, is nobody who is believed. */
	ERR_clear_error();
	if (rc) {
		X509_STORE_free(store);
		return rc;
	}
	X509_STORE_free(believed);
	believed = store;
	return 0;
}

void tls_trust_forget(void)
{
	X509_STORE_free(believed);
	believed = NULL;
}

bool tls_trust_use(SSL_CTX *ctx)
{
	if (believed)
		SSL_CTX_set1_cert_store(ctx, believed);
	return believed;
}
