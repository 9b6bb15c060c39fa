// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hedgectl run: which images it runs, and that it is these very bytes.  The monitor is made up:
 * a pipe, and a program behind it that reads the image that a start names.
 */
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "shell.h"
#include "sigstore_judge.h"

#define NAMED	"--policy named.yaml --trusted-root root --bundle "
#define ZEROES	"sha256:0000000000000000000000000000000000000000000000000000000000000000"

static char top[64], hex[65];

/*
 * What the module does: reads commands, and at a start the image under its path.  Before that it
 * changes the file that was judged; and it can be told to have run something else.
 */
static const char monitor[] =
	"import hashlib, os, re, sys\n"
	"fd = os.open('proc/monitor', os.O_RDWR)\n"
	"log = open('log', 'w')\n"
	"text = ''\n"
	"while True:\n"
	"    text += os.read(fd, 65536).decode()\n"
	"    m = re.search(r'start\\|([^|]*)\\|([^|]*)\\|.*verify=enforce', text)\n"
	"    if not m: continue\n"
	"    open('image', 'w').write('another')\n"
	"    data = open(m.group(2), 'rb').read()\n"
	"    try:\n"
	"        os.write(os.open(m.group(2), os.O_RDWR), b'x')\n"
	"        log.write('writable\\n')\n"
	"    except PermissionError: log.write('sealed\\n')\n"
	"    digest = hashlib.sha256(data).hexdigest()\n"
	"    log.write(text + '\\nran ' + digest + '\\n')\n"
	"    log.flush()\n"
	"    with open('proc/vmstats/' + m.group(1), 'w') as f:\n"
	"        f.write('id 3\\ndigest ' + (sys.argv[1] if len(sys.argv) > 1 else digest) + '\\n')\n"
	"    break\n"
	"text = os.read(fd, 65536).decode()\n"
	"log.write('then ' + text + '\\n')\n";

static void save(const char *name, struct str s)
{
	MUST(!file_write_atomic(name, s.at, s.len, 0600));
}

static void save_json(const char *name, const json_t *j)
{
	save(name, text_of_json(j));
}

/* Nothing may be started. */
static void refuses(int status, const char *args, const char *why)
{
	RUN(status, "rm -f proc/monitor; : >proc/monitor; hedgectl run %s", args);
	heard(why);
	RUN(0, "cat proc/monitor");
	assert_string_equal(said, "");
}

/* @name is the VM's; @args of hedgectl run have it run. */
static void runs(const char *name, const char *args)
{
	RUN(0, "printf '" "what is signed\\n" "' >image; rm -f proc/monitor proc/vmstats/%s log; mkfifo proc/monitor proc/vmstats/%s; "
	    "timeout 30 python3 monitor.py & until [ -e log ]; do sleep 0.01; done; "
	    "timeout 20 hedgectl run %s; s=$?; echo end >proc/monitor; wait; exit $s",
	    name, name, args);
}

static void logged(const char *words)
{
	RUN(0, "cat log");
	heard(words);
}

static void starts(void **state)
{
	char text[256];

	(void)state;
	runs("vm", "--key key --signature signature --name vm image -- go");
	heard("VM \"vm\" runs after");
	snprintf(text, sizeof(text), "disallow|%sallow|%sstart|vm|/proc/", hex, hex);
	logged(text);
	heard("||64|||go|verify=enforce");
	runs("image", "--policy keyed.json --bundle key.json --json image");
	heard("\"spawn_ms\": ");
	heard(hex);
	runs("image", NAMED "bundles --reference reg.example.org/web/kv:1 -m 32 --watchdog 5 image");
	logged("||32||| |watchdog=5|verify=enforce");
	runs("image", "--identity " IDENTITY " --issuer " OIDC_ISSUER
	     " --bundle named.json --trusted-root root image");
}

/* The file has changed when the module looks at it, and still what was judged is what runs. */
static void swapped(void **state)
{
	char text[80];

	(void)state;
	RUN(0, "sha256sum image");
	heard(hex);
	runs("image", "--key key --signature signature image");
	snprintf(text, sizeof(text), "ran %s", hex);
	logged(text);
	heard("sealed");
	not_heard("writable");
	RUN(0, "cat image");
	assert_string_equal(said, "another");
	refuses(2, "--key key --signature signature image", "signature-invalid");
}

/* The module says that it has run something else, as it would if this path had been loaded. */
static void other_image(void **state)
{
	(void)state;
	RUN(2, "rm -f proc/monitor log; mkfifo proc/monitor proc/vmstats/image; "
	    "timeout 30 python3 monitor.py 00ff & until [ -e log ]; do sleep 0.01; done; "
	    "timeout 20 hedgectl run --key key --signature signature image; s=$?; wait; exit $s");
	heard("had another image (00ff), and was stopped");
	logged("then stop|image");
}

static void warned(void **state)
{
	(void)state;
	runs("image", "--policy warn.json --bundle stranger.json image");
	heard("warning: image runs all the same: keyed: no authority has signed it; ");
	runs("image", "--policy open.json image");
	heard("warning: image runs all the same: no policy is about it");
	runs("image", "--policy open.json --json image");
	heard("\"warned\": true");
}

static void refused(void **state)
{
	(void)state;
	refuses(2, "--policy keyed.json --bundle stranger.json image",
		"image is refused: keyed: no authority has signed it; the-key: signature-invalid");
	refuses(2, "--policy keyed.json image",
		"image is refused: keyed: no authority has signed it; there is no bundle");
	refuses(2, NAMED "bundles image",
		"no policy is about it, and such images are denied");
	refuses(2, NAMED "late.json --reference reg.example.org/web/kv image",
		"web: no authority has signed it; authority-0: certificate-expired");
	refuses(2, "--policy keyed.json --bundle key.json other", "digest-mismatch");
	refuses(2, "--policy keyed.json --bundle key.json --reference image@" ZEROES " image",
		"and not what --reference says");
	refuses(2, "--key other_key --signature signature image", "signature-invalid");
	refuses(2, "--key key --bundle stranger.json image", "key has not signed it");
	/* Both have to hold. */
	refuses(2, "--key other_key --policy keyed.json --bundle key.json image",
		"other_key has not signed it");
}

static void wrong(void **state)
{
	(void)state;
	refuses(1, "image", "say who may vouch for it");
	refuses(1, "--key key image", "say where its signature is");
	refuses(1, "--key key --signature signature --bundle key.json image", "not both");
	refuses(1, "--identity x --bundle named.json image", "need each other");
	refuses(1, "--identity x --issuer y --bundle named.json image", "--trusted-root");
	refuses(1, "--key key --signature signature --verify off image", "unrecognized option '--verify'");
	refuses(1, "--key key --signature signature --name ../x image", "NAME: ");
	refuses(1, "--key key --signature signature --name 'a|b' image", "NAME: has a bar");
	refuses(1, "--policy root --bundle key.json image", "root: ");
	refuses(1, "--policy keyed.json --bundle key.json --reference 'a b' image",
		"is no name of an image");
	refuses(1, "--key key --signature root image", "the signature is not base64");
	refuses(4, "--key key --signature signature nothing", "nothing: No such file");
	refuses(1, "--key key --signature signature /dev/zero", "not a regular file");
	refuses(1, "--key key --signature signature empty", "empty: empty");
	RUN(0, "truncate -s 257M large");
	refuses(4, "--key key --signature signature large", "larger than 256 MiB");
	RUN(1, "rm large; hedgectl remote localhost run image");
	heard("\"run\" cannot be done on another machine");
}

static int setup(void **state)
{
	(void)state;
	RUN(0, "rm -rf proc; mkdir -p proc/vmcons proc/vmstats; : >proc/monitor; "
	    ": >proc/vmstats/errors; printf '" "what is signed\\n" "' >image");
	return 0;
}

static void save_policies(struct str key)
{
	json_t *spec = json_pack("{s:[{s:s}],s:s,s:[{s:s,s:{s:s%}}]}", "images", "glob", "**",
				 "mode", "enforce", "authorities", "name", "the-key", "key", "data",
				 key.at, key.len);
	json_t *policy = json_pack("{s:s,s:[{s:s,s:s,s:{s:s},s:o}]}", "noMatch", "deny",
				   "policies", "apiVersion", "policy.sigstore.dev/v1beta1", "kind",
				   "ClusterImagePolicy", "metadata", "name", "keyed", "spec", spec);

	MUST(policy);
	save_json("keyed.json", policy);
	json_object_set_new(spec, "mode", json_string("warn"));
	save_json("warn.json", policy);
	json_decref(policy);
	save("open.json", STR("{\"noMatch\": \"warn\", \"policies\": []}"));
	save("named.yaml", STR("policies:\n"
			       "- apiVersion: policy.sigstore.dev/v1beta1\n"
			       "  kind: ClusterImagePolicy\n"
			       "  metadata: {name: web}\n"
			       "  spec:\n"
			       "    images: [{glob: \"reg.example.org/**\"}]\n"
			       "    authorities:\n"
			       "    - keyless:\n"
			       "        identities:\n"
			       "        - {issuer: \"" OIDC_ISSUER "\", subject: \"" IDENTITY
			       "\"}\n"));
}

static void save_bundles(void)
{
	struct recipe named = { .body = 1, .promise = true };
	struct recipe late = { .body = 1, .promise = true, .t_log = T_LEAF + 1 };
	struct recipe by_key = { .body = 2, .tiles = true, .by_key = true };
	EVP_PKEY *stranger = key_ec("stranger", "prime256v1");
	struct recipe by_stranger = { .body = 2, .tiles = true, .by_key = true,
				      .signer = stranger };
	struct made m, l, k, s;
	struct world w;
	char *text;

	world_open(&w);
	make(&w, &named, &m);
	make(&w, &late, &l);
	make(&w, &by_key, &k);
	make(&w, &by_stranger, &s);
	text = base64_of(k.signature);
	save("signature", str_of(text));
	free(text);
	save_json("named.json", m.bundle);
	save_json("bundles/named.json", m.bundle);
	save_json("late.json", l.bundle);
	save_json("key.json", k.bundle);
	save_json("stranger.json", s.bundle);
	save_json("root", m.root);
	save("key", k.key);
	save("other_key", s.key);
	save_policies(k.key);
	made_free(&m);
	made_free(&l);
	made_free(&k);
	made_free(&s);
	EVP_PKEY_free(stranger);
	world_close(&w);
}

static int open_all(void **state)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	uint8_t digest[32];

	(void)state;
	strcpy(top, "/tmp/test_hedge_run.XXXXXX");
	if (len < 0 || !mkdtemp(top) || chdir(top))
		return -1;
	self[len] = 0;
	snprintf(path, sizeof(path), "%s:%s", dirname(self), getenv("PATH"));
	RUN(0, "mkdir bundles; : >empty; echo other >other");
	save("monitor.py", STR(monitor));
	save_bundles();
	sha256_str(STR(ARTEFACT), digest);
	hex_encode(digest, 32, hex);
	return setenv("PATH", path, 1) || setenv("HEDGECTL_ROOT", top, 1);
}

static int close_all(void **state)
{
	(void)state;
	forget();
	return chdir("/") || sh("rm -rf %s", top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts, setup),
		cmocka_unit_test_setup(swapped, setup),
		cmocka_unit_test_setup(other_image, setup),
		cmocka_unit_test_setup(warned, setup),
		cmocka_unit_test_setup(refused, setup),
		cmocka_unit_test_setup(wrong, setup),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
