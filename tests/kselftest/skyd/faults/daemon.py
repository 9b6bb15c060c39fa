# SPDX-License-Identifier: GPL-2.0-or-later
"""A skyd of one's own: started, found in its parts, made to believe that time has passed."""

import configparser
import json
import os
import pathlib
import re
import signal
import sqlite3
import struct
import subprocess
import time
import urllib.request

EDGES = 6
ROLES = ("gateway", "backend", "vault", "resolver")
PORT = 9000
NOWHERE = 0xFFFF


class Failed(Exception):
    """Something did not come about that a test cannot do without."""


def poll(seconds, what, function):
    """Wait until function gives something true, which is returned."""
    deadline = time.monotonic() + seconds
    while True:
        got = function()
        if got:
            return got
        if time.monotonic() > deadline:
            raise Failed("%s: not within %d s" % (what, seconds))
        time.sleep(0.05)


class Daemon:
    """skyd, in a network where nobody else is."""

    def __init__(self, folder, binaries):
        self.store = pathlib.Path(folder) / "store"
        self.log = pathlib.Path(folder) / "log"
        self.bin = pathlib.Path(binaries)
        self.endpoint = "http://127.0.0.1:%d" % PORT
        self.config = None      # a file, instead of what --dev has
        self.process = None

    def start(self):
        how = ["--config", str(self.config)] if self.config else ["--dev", str(self.store)]
        began = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.bin / "skyd", *how], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        poll(60, "skyd is ready", lambda: self.alive() and b"parent: ready" in self._since(began))
        poll(30, "all edges are known", lambda: self.status()["locations"]["used"] >= EDGES)

    def _since(self, at):
        with open(self.log, "rb") as log:
            log.seek(at)
            return log.read()

    def alive(self):
        if self.process.poll() is not None:
            raise Failed("skyd has ended with status %s" % self.process.returncode)
        return True

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed("skyd does not stop") from None
        self.process = None

    def parts(self):
        """Its processes: by name ("gateway", "edge edge3") the number."""
        found = {}
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        for pid in listed.stdout.split():
            try:
                name = pathlib.Path("/proc", pid, "comm").read_text().strip()
            except OSError:
                continue
            if name != "skyd":      # one that has not begun
                found[name] = int(pid)
        return found

    @staticmethod
    def wanted():
        """The names of all parts that --dev starts."""
        return {*ROLES, *("edge edge%d" % (i + 1) for i in range(EDGES))}

    def signal(self, name, number):
        """Send one of its parts a signal; False when it is not there just now."""
        pid = self.parts().get(name)
        if not pid:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def skyctl(self, *words):
        ran = subprocess.run([self.bin / "skyctl", *words, "--dev", str(self.store), "--json"],
                             capture_output=True, text=True, check=False, timeout=60)
        if ran.returncode:
            raise Failed("skyctl %s: %s" % (" ".join(map(str, words)), ran.stderr.strip()))
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def status(self):
        try:
            return self.skyctl("status")
        except (Failed, subprocess.TimeoutExpired):
            return {"locations": {"used": 0}, "garbage": {"items": -1}}

    def credentials(self):
        """Access key and secret of the first team."""
        poll(30, "credentials", (self.store / "credentials").exists)
        read = configparser.ConfigParser()
        read.read(self.store / "credentials")
        return read["default"]["aws_access_key_id"], read["default"]["aws_secret_access_key"]

    # --- edges ---

    def metrics(self, edge):
        """What an edge counts: names without their prefix."""
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % (PORT + edge), timeout=20) as answer:
            text = answer.read().decode()
        return {m[1]: float(m[2]) for m in re.finditer(r"^skyhold_edge_(\w+) (\S+)$", text, re.M)}

    def fragments_at(self, edge):
        """How many it has: the least of some readings, as what the backend measures with is there for a moment."""
        least = int(self.metrics(edge)["fragments"])
        for _ in range(3):
            time.sleep(0.1)
            least = min(least, int(self.metrics(edge)["fragments"]))
        return least

    def fragments(self):
        """How many fragments each edge has, from edge1 on."""
        return [self.fragments_at(i + 1) for i in range(EDGES)]

    def large_files(self, edge):
        return sorted((self.store / ("edge%d" % edge) / "fragments" / "large").glob("[0-9a-f][0-9a-f]/*"))

    def segments(self, edge):
        return sorted((self.store / ("edge%d" % edge) / "fragments" / "log").iterdir())

    # --- metadata ---

    def expire(self):
        """While it is stopped: what runs out with time has run out."""
        base = sqlite3.connect(self.store / "store.db")
        with base:
            base.execute("UPDATE reservation SET expires = 1")
            base.execute("UPDATE piece SET expires = 1")
            base.execute("UPDATE garbage SET due = 1")
        base.close()

    def numbers(self):
        """The locations' numbers of the edges, from edge1 on."""
        base = sqlite3.connect(self.store / "store.db")
        rows = base.execute("SELECT url, id FROM location WHERE kind = 1 AND state <> 2").fetchall()
        base.close()
        by_port = {int(url.rsplit(b":", 1)[1]): number for url, number in
                   ((bytes(u) if not isinstance(u, str) else u.encode(), n) for u, n in rows) if b":" in url}
        return [by_port[PORT + 1 + i] for i in range(EDGES)]

    def named(self):
        """What metadata names: (name, location) of each fragment; each once, or it is an error."""
        base = sqlite3.connect(self.store / "store.db")
        pages = []
        for table in ("object", "version", "part", "page"):
            pages += [r[0] for r in base.execute("SELECT records FROM %s WHERE length(records) > 0" % table)]
        base.close()
        found = set()
        for page in pages:
            for pair in fragments_of(page):
                if pair in found:
                    raise Failed("fragment %s/%d is named twice" % pair[0])
                found.add(pair)
        return found


def fragments_of(page):
    """Fragments of a page of include/uapi/sky_manifest.h: pairs of (generation, row) and location."""
    magic, _, count, size = struct.unpack_from("<4sIII", page, 0)
    if magic != b"SKYM" or size != len(page):
        raise Failed("a page of records is none")
    at = 64
    for _ in range(count):
        generation, n = page[at:at + 16].hex(), page[at + 27]
        for row, location in enumerate(struct.unpack_from("<%dH" % n, page, at + 64)):
            if location not in (0, NOWHERE):
                yield (generation, row), location
        at += 64 + (2 * n + 7) // 8 * 8
