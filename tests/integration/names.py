"""Names that resolve to what a test says, and the places behind them. A small library that Postern loads before libc
answers its look-ups from a table, tells of each, and puts its clock forward."""

import contextlib
import errno
import fcntl
import functools
import mmap
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile

from gate import PATIENCE
from upstream import Upstream
from wire import ok

# The name server never sees these names, and libc's own order of addresses does not apply: the table's does.
LIBRARY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int Resolve(const char*, const char*, const struct addrinfo*, struct addrinfo**);

static void tell(const char* name) {
  int told = open(getenv("NAMES_TOLD"), O_WRONLY | O_CLOEXEC);
  dprintf(told, "%s\n", name);
  close(told);
}

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  Resolve* resolve = (Resolve*)dlsym(RTLD_NEXT, "getaddrinfo");
  struct addrinfo literal = {0};
  if (hints != NULL) literal = *hints;
  literal.ai_flags = (literal.ai_flags | AI_NUMERICHOST) & ~AI_ADDRCONFIG;
  *found = NULL;
  if (name == NULL) return resolve(name, service, hints, found);
  if (resolve(name, service, &literal, found) == 0) return 0;
  tell(name);
  FILE* table = fopen(getenv("NAMES_TABLE"), "re");
  flock(fileno(table), LOCK_SH);
  char address[64], listed[256];
  int failure = EAI_NONAME;
  while (fscanf(table, "%255s %63s", listed, address) == 2) {
    if (strcmp(listed, name) != 0) continue;
    failure = strcmp(address, "fails") == 0 ? EAI_AGAIN : resolve(address, service, &literal, found);
    while (*found != NULL) found = &(*found)->ai_next;
  }
  fclose(table);
  return failure;
}

static const volatile long* ahead;

__attribute__((constructor)) static void map_clock(void) {
  int file = open(getenv("NAMES_CLOCK"), O_RDONLY | O_CLOEXEC);
  ahead = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  const int is_shifted = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE;
  if (is_shifted && ahead != NULL) now->tv_sec += *ahead;
  return result;
}
"""


@functools.cache
def library():
    """Its path, and the folder that lives as long as this process."""
    compiler = shutil.which("cc")
    assert compiler, "no C compiler: apt-get install gcc libc6-dev"
    folder = tempfile.TemporaryDirectory(prefix="names-")
    path = os.path.join(folder.name, "names.so")
    build = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-x", "c", "-", "-o", path]
    subprocess.run(build, input=LIBRARY, text=True, check=True, timeout=PATIENCE)
    return path, folder


class Names:
    """What names resolve to for the gates started with its environment()."""

    def __init__(self, folder):
        self._folder = folder
        self._addresses = {}
        self._is_held = False
        self._table = (folder / "table").open("w")
        os.mkfifo(folder / "told")
        self._told = os.open(folder / "told", os.O_RDWR | os.O_NONBLOCK)
        self._look_ups = 0
        (folder / "clock").write_bytes(bytes(8))
        with (folder / "clock").open("r+b") as clock:
            self._clock = mmap.mmap(clock.fileno(), 8)
        self._ahead = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._table.close()
        os.close(self._told)
        self._clock.close()

    def environment(self):
        return {
            "LD_PRELOAD": library()[0],
            "NAMES_TABLE": str(self._folder / "table"),
            "NAMES_TOLD": str(self._folder / "told"),
            "NAMES_CLOCK": str(self._folder / "clock"),
            # AddressSanitizer wants to be the first library.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def set(self, name, addresses):
        """The addresses of the name from now on, in this order; none: there is no such name."""
        self._addresses[name] = addresses
        with contextlib.nullcontext() if self._is_held else self.held():
            self._table.seek(0)
            self._table.truncate()
            for listed, its in self._addresses.items():
                self._table.writelines(f"{listed} {address}\n" for address in its)
            self._table.flush()

    def fail(self, name):
        """Look-ups of the name fail as they do when no name server answers."""
        self.set(name, ["fails"])

    @contextlib.contextmanager
    def held(self):
        """Look-ups wait as long as this lasts, and then find what is set."""
        fcntl.flock(self._table, fcntl.LOCK_EX)
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            fcntl.flock(self._table, fcntl.LOCK_UN)

    def look_ups(self):
        """How many have begun so far."""
        with contextlib.suppress(BlockingIOError):
            while told := os.read(self._told, 65536):
                self._look_ups += told.count(b"\n")
        return self._look_ups

    def wait_for_look_ups(self, count):
        while self.look_ups() < count:
            assert select.select([self._told], [], [], PATIENCE)[0], f"{self._look_ups} of {count} look-ups"

    def forward(self, seconds):
        """Puts the gate's clock forward, by which it measures how old things are."""
        self._ahead += seconds
        self._clock[:] = struct.pack("l", self._ahead)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Port:
    """One port on several loopback addresses. Each refuses connections until something listens there."""

    def __init__(self, *addresses):
        self._services = []
        self._swallowed = []
        self._refusing = None
        while self._refusing is None:
            self._refusing = self._bind(addresses)

    def _bind(self, addresses):
        bound, self.number = {}, 0
        for address in addresses:
            bound[address] = socket.socket(family(address))
            try:
                bound[address].bind((address, self.number))
            except OSError as error:
                assert error.errno == errno.EADDRINUSE, f"{address}: {error}"
                for taken in bound.values():
                    taken.close()
                return None
            self.number = bound[address].getsockname()[1]
        return bound

    def _listener(self, address, backlog):
        if address not in self._refusing:  # something listened there before, and went
            return socket.create_server((address, self.number), family=family(address), backlog=backlog)
        listener = self._refusing.pop(address)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for the next one that listens here
        listener.listen(backlog)
        return listener

    def serve(self, address, *fields, script=None):
        """An upstream whose answers name its address; `fields` are in their heads."""

        def answer(connection):
            while connection.read_request():
                connection.send(ok(address.encode(), *fields))

        service = Upstream(listener=self._listener(address, 1024), script=script or answer)
        self._services.append(service)
        return service

    def swallow(self, address):
        """Lets connections to the address hang: the backlog is full, and nobody accepts."""
        listener = self._listener(address, 0)
        self._swallowed.append(listener)
        for _ in range(4):
            filler = socket.socket(family(address))
            filler.setblocking(False)
            filler.connect_ex((address, self.number))
            self._swallowed.append(filler)
        return listener

    def close(self):
        for held in [*self._refusing.values(), *self._swallowed]:
            held.close()
        for service in self._services:
            service.close()
