# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to a skyd in bad years, from a seed.

Roles and edges are killed at any moment, edges stand still, are slow, have a full disk.  One
edge, always the same, rots: bytes change, and old fragments stand where newer ones belong.
No more than that can be asked for: a PUT is durable on k + 1 locations, and one of them lies.
"""

import random
import signal
import threading
import time

from daemon import ROLES


class Torment:
    def __init__(self, daemon, seed, pause, full, rotten, say):
        self.daemon, self.say = daemon, say
        self.chance = random.Random("torment/%s" % seed)
        self.pause = pause
        self.full, self.rotten = full, rotten       # numbers of edges
        self.done = {}
        self.threads = []

    def _count(self, what):
        self.done[what] = self.done.get(what, 0) + 1
        self.say("%s" % what)

    def _later(self, function):
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        self.threads.append(thread)

    def kill(self):
        """One role or edge; True if it was there."""
        kind = self.chance.random()
        name = self.chance.choice(ROLES) if kind < 0.75 else "edge edge%d" % self.chance.randint(1, 6)
        if not self.daemon.signal(name, signal.SIGKILL):
            return False
        self._count("kill " + name.split()[0])
        return True

    def _held(self, name, times):
        """Stopped and continued: (stopped, running) seconds."""
        pid = self.daemon.parts().get(name)
        try:
            for stopped, running in times if pid else ():
                self.daemon.signal(name, signal.SIGSTOP)
                time.sleep(stopped)
                self.daemon.signal(name, signal.SIGCONT)
                time.sleep(running)
        finally:
            self.daemon.signal(name, signal.SIGCONT)

    def stop(self):
        name, seconds = "edge edge%d" % self.chance.randint(1, 6), self.chance.uniform(0.2, 4)
        self._count("stop")
        self._later(lambda: self._held(name, [(seconds, 0)]))

    def slow(self):
        name = "edge edge%d" % self.chance.randint(1, 6)
        self._count("slow")
        self._later(lambda: self._held(name, [(0.15, 0.02)] * 15))

    def fill(self):
        """The small disk gets full, for a while."""
        seconds = self.chance.uniform(0.5, 3)
        path = self.daemon.store / ("edge%d" % self.full) / "filler"
        self._count("full")

        def run():
            try:
                with open(path, "wb", buffering=0) as file:
                    while file.write(bytes(1 << 20)) == 1 << 20:
                        pass
            except OSError:
                pass
            time.sleep(seconds)
            path.unlink(missing_ok=True)
        self._later(run)

    def corrupt(self):
        """Some bytes of a fragment, whatever they are."""
        files = self.daemon.large_files(self.rotten) + self.daemon.segments(self.rotten)
        if not files:
            return
        path = self.chance.choice(files)
        try:
            with open(path, "r+b", buffering=0) as file:
                size = file.seek(0, 2)
                # The beginning of a segment says what it is: without it, all of it would be gone.
                at = self.chance.randrange(4096, max(size, 4097))
                file.seek(at)
                old = file.read(self.chance.choice((1, 16, 4096)))
                if old:
                    file.seek(at)
                    file.write(bytes(b ^ 0x5A for b in old))
                    self._count("corrupt")
        except OSError:
            pass

    def stale(self):
        """A fragment of another generation, older or not, stands where one belongs."""
        files = self.daemon.large_files(self.rotten)
        if len(files) < 2:
            return
        old, new = self.chance.sample(files, 2)
        try:
            data = old.read_bytes()
            with open(new, "r+b", buffering=0) as file:
                file.write(data)
                file.truncate(len(data))
            self._count("stale")
        except OSError:
            pass

    def run(self, kills, worked_at):
        """Until so many were killed, each under load: when something had been acknowledged since."""
        others = (self.stop, self.slow, self.fill, self.corrupt, self.stale)
        killed, killed_at = 0, 0.0
        deadline = time.monotonic() + 60 + 15 * kills
        while killed < kills and time.monotonic() < deadline:
            time.sleep(self.chance.uniform(0.02, self.pause))
            if self.chance.random() < 0.6:
                if worked_at() > killed_at and self.kill():
                    killed, killed_at = killed + 1, time.monotonic()
            else:
                self.chance.choice(others)()
        for thread in self.threads:
            thread.join(30)
        return killed
