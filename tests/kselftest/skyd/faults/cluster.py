# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of single locations share: a skyd of many edges, objects with a memory, a report."""

import concurrent.futures
import contextlib
import hashlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from core import wire
from core.client import Client
from core.sign import Cred
from daemon import PORT, Daemon, Failed, poll


def remark(text, *values):
    print("# " + (text % values if values else text), flush=True)


class Cluster(Daemon):
    """skyd with so many edges, of which one can be taken away: its process and its folder."""

    def __init__(self, folder, binaries, edges, rate=0, more=""):
        super().__init__(folder, binaries)
        self.edges, self.rate, self.more = edges, rate, more
        self.lost = set()

    def configure(self):
        text = ["[skyd]", "state = %s" % self.store, "control = unix:%s/control" % self.store, "chroot =",
                "[gateway]", "listen = 127.0.0.1:%d" % PORT, "user =", "[backend]", "grace = 1s",
                "repair_rate = %d" % self.rate, "user =", "[vault]", "keys = %s/vault/keys" % self.store, "user =",
                "[edges]", "user =", "[resolver]", "user ="]
        for i in range(1, self.edges + 1):
            if i not in self.lost:
                text += ["[edge edge%d]" % i, "listen = 127.0.0.1:%d" % (PORT + i),
                         "path = %s/edge%d" % (self.store, i)]
        text.append(self.more)
        self.config = self.store.parent / "skyd.conf"
        self.config.write_text("\n".join(text) + "\n")

    def lose(self, edge):
        """For good: it is not started again, and what it had is no more."""
        self.signal("edge edge%d" % edge, signal.SIGKILL)
        self.stop()
        self.lost.add(edge)
        self.configure()
        shutil.rmtree(self.store / ("edge%d" % edge))
        self.start()

    def repair(self, edge):
        return self.skyctl("location", "repair", "edge%d" % edge, "--status")

    def moved(self, edge, seconds=90):
        """Until all of it is elsewhere."""
        def over():
            with contextlib.suppress(Failed):
                return self.repair(edge)["state"] in ("waiting", "done")
            return False
        poll(seconds, "all that edge%d had is elsewhere: %s" % (edge, self.repair(edge)), over)

    def scrub(self, edge, *how, seconds=90):
        """Until it has ended."""
        self.skyctl("location", "scrub", "edge%d" % edge, *how)
        return self.scrubbed("edge%d" % edge, seconds)

    def scrubbed(self, name, seconds=90):
        last = {}

        def state():
            with contextlib.suppress(Failed, subprocess.TimeoutExpired):
                last.update(self.skyctl("location", "scrub", name, "--status"))
                return last if last["state"] in ("done", "refused") else None
            return None
        try:
            return poll(seconds, "the scrub of %s ends" % name, state)
        except Failed as e:
            raise Failed("%s: %s" % (e, last)) from None

    def whole(self):
        """A quorum is enough for a write: what came too late for it, or not at all, is made anew."""
        for edge in range(1, self.edges + 1):
            if edge not in self.lost:
                self.scrub(edge)

    def query(self, text):
        base = sqlite3.connect(self.store / "store.db")
        rows = base.execute(text).fetchall()
        base.close()
        return rows

    def number(self, edge):
        rows = self.query("SELECT id, name FROM location WHERE kind = 1")
        return [n for n, name in rows if bytes(name) == b"edge%d" % edge][0]

    def named_at(self, edge):
        number = self.number(edge)
        return sum(location == number for _, location in self.named())

    def say(self, lines):
        """The last of what it said, without what is said all the time."""
        said = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        for line in [each for each in said if not re.search("audit:|administrator: .*: 200", each)][-lines:]:
            remark("%s", line)


class Store:
    """Objects, and what they have to be."""

    def __init__(self, daemon, bucket):
        self.bucket = bucket
        self.client = Client(daemon.endpoint, Cred(*daemon.credentials()), "us-east-1")
        self.objects = {}
        self.chance = random.Random(4)

    def put(self, key, size):
        data = self.chance.randbytes(size)
        self.client.put(self.bucket, key, data)
        self.objects[key] = hashlib.sha256(data).digest()

    def upload(self, key, sizes):
        parts = [self.chance.randbytes(size) for size in sizes]
        self.client.upload(self.bucket, key, parts)
        self.objects[key] = hashlib.sha256(b"".join(parts)).digest()

    def delete(self, key):
        self.client.delete(self.bucket, key)
        del self.objects[key]

    def fill(self):
        for i in range(18):
            self.put("small%02d" % i, 100 + 977 * i)
        for i in range(3):
            self.put("many%d" % i, 700000 + i)
        self.upload("parts", [5 << 20, 70000])
        self.put("pages", 70 << 16)      # of more generations than one page has

    def wrong(self):
        """Names of what does not read back."""
        def one(key):
            try:
                got = self.client.call("GET", self.bucket, key)
            except (wire.Broken, OSError):
                return key
            return key if got.status != 200 or hashlib.sha256(got.body).digest() != self.objects[key] else None
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return [key for key in pool.map(one, sorted(self.objects)) if key]


class Report:
    def __init__(self, names):
        self.names, self.number, self.bad = names, 0, 0
        print("KTAP version 1\n1..%d" % len(names), flush=True)
        self.began = time.monotonic()

    def tell(self, problems):
        for problem in problems[:10]:
            remark("%s", problem)
        self.bad += bool(problems)
        self.number += 1
        print("%sok %d %s" % ("not " if problems else "", self.number, self.names[self.number - 1]), flush=True)
        remark("after %.1f s", time.monotonic() - self.began)

    def rest(self, reason):
        while self.number < len(self.names):
            self.tell([reason])
