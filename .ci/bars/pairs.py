"""Compares two programs by the CPU time that each spends on a request, in pairs of runs.

CPU time per request is compared because requests per second do not hold on a noisy machine.
The two runs of a pair follow each other, so what slows the machine for longer cancels out.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

if sys.platform != "linux":
    sys.exit("Linux is needed: the CPU times come from /proc")

PORT = 29006  # below 32768, so that no outgoing connection takes it
URL = f"http://127.0.0.1:{PORT}"
SERVER_CPU, LOAD_CPU, *_ = [*sorted(os.sched_getaffinity(0)), None, None]
DISTURBED = 0.05  # the share of the two CPUs that other programs may take beside a run
WARM_UP = 1  # seconds of load on a server that was just started

beside = []  # processes that belong to a measurement with their children, such as a database


def fail(message):
    """Ends the program with a message. Everything that it started is stopped on the way out."""
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def leave(number, _):
    """Ends the program on a signal. A further signal does not interrupt the stopping."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


# The command line


def parser(description, usage, seconds, number=5):
    """Returns a parser of the options that all scripts have."""
    p = argparse.ArgumentParser(description=description, usage=usage)
    p.add_argument("-n", "--pairs", type=positive, default=number, help=f"in a series ({number})")
    p.add_argument("--series", type=positive, default=1, help="series to run (1)")
    p.add_argument("-d", "--seconds", type=positive, default=seconds, help=f"of a run ({seconds})")
    return p


def connections(p, default=64):
    p.add_argument("-c", "--connections", type=positive, default=default, help=f"connections ({default})")


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def prepare(p):
    """Returns the command line's arguments, after a check that the machine has what they need."""
    args = p.parse_args()
    if not args.command or args.command[0].startswith("-"):
        p.error("COMMAND is missing, and options come before all else")
    for program in ("gcc", "wrk"):
        if not shutil.which(program):
            fail(f"{program} is needed: apt-get install {program}")
    if not shutil.which(args.command[0]):
        fail(f"there is no program {args.command[0]}: go build -o nodecompare . makes ours")
    if LOAD_CPU is None:
        fail("two CPUs are needed, one for the server and one for the load: nproc says 1")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each connection is an open file
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    return args


# Servers and loads


@contextlib.contextmanager
def compiled(floor):
    """Compiles a floor, and gives the path of the program while it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        program, source = f"{folder}/{floor}", Path(__file__).with_name(f"{floor}.c")
        if subprocess.run(["gcc", "-O2", "-pthread", "-o", program, source]).returncode:
            fail(f"gcc did not compile {source}: its errors are above")
        yield program


@contextlib.contextmanager
def serving(command):
    """Runs a server on its CPU, and gives its process id while it listens on PORT."""
    try:
        socket.create_server(("127.0.0.1", PORT)).close()
    except OSError:
        fail(f"port {PORT} is in use: ss -ltnp shows the program that listens there")
    with tempfile.TemporaryFile() as errors:
        server = subprocess.Popen(
            pinned(SERVER_CPU, command), stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            if not listens(server):
                errors.seek(0)
                fail(f"{' '.join(command)}: not listening on {PORT}: {errors.read().decode()}")
            yield server.pid
        finally:
            stop(server)


def stop(server):
    """Stops a server, by force if ten seconds do not do or a signal comes meanwhile."""
    try:
        server.terminate()
        server.wait(10)
    except subprocess.TimeoutExpired:
        pass
    finally:
        server.kill()
        server.wait()


def listens(server):
    """Reports whether the server listens on PORT within ten seconds."""
    deadline = time.monotonic() + 10
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", PORT)).close()
            return True
        time.sleep(0.02)
    return False


def wrk(args, seconds, path="/"):
    """Returns the command of wrk that puts load on a path for so long.

    An answer may take ten seconds: after two, its default, wrk counts an error when a thousand
    threads start on one CPU beside another program.
    """
    load = f"-c{args.connections} -d{seconds}s --timeout 10s"
    return ["wrk", "-t1", *load.split(), URL + path]


def server_sides(args, floor, command):
    """Returns the sides of a comparison of servers: a floor, and what a command serves."""
    path = f"/wait?ms={args.wait}" if args.wait else "/"

    def side(command):
        with serving(command) as server:
            measure(args, server, wrk(args, WARM_UP, path))
            return measure(args, server, wrk(args, args.seconds, path))

    return {
        "floor": lambda: side([floor, str(PORT), str(args.wait or 0)]),
        "server": lambda: side([*command, f"--addr=127.0.0.1:{PORT}"]),
    }


def load_sides(args, server, command):
    """Returns the two sides of a comparison of loads on a server that runs: wrk, and a command."""
    ours = [
        *command,
        URL + "/",
        f"--connections={args.connections}",
        f"--duration={args.seconds}s",
        "--format=json",
        "--quiet",
    ]
    measure(args, server, wrk(args, WARM_UP))
    return {
        "wrk": lambda: measure(args, server, wrk(args, args.seconds)),
        "ours": lambda: measure(args, server, ours),
    }


def pinned(cpu, command):
    """Returns the command for one CPU. The kernel ends the command if this process is killed."""
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "--cpu-list", str(cpu), *command]


class Run(NamedTuple):
    """Holds what a run cost. CPU times are in microseconds per request."""

    requests: int
    server: float
    load: float
    others: float  # the share of the two CPUs that other programs took
    report: str = ""  # what the load printed


def measure(args, server, command):
    """Puts load on a server and returns the Run. Ends the program if a request fails."""
    load, limit = pinned(LOAD_CPU, command), args.seconds + 60
    before = clocks(server)
    try:
        ended = subprocess.run(load, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        fail(f"{' '.join(command)} still runs after {args.seconds} s and a minute")
    served, loaded, busy, elapsed = (b - a for a, b in zip(before, clocks(server)))
    requests, failures = answers(ended.stdout)
    if failures or not requests:
        fail(f"{' '.join(command)}: {failures or ended.stderr or ended.stdout}")
    micros = 1e6 / requests
    others = max(0, busy - served - loaded) / (2 * elapsed)
    return Run(requests, served * micros, loaded * micros, others, ended.stdout)


def answers(report):
    """Returns the number of requests and what failed, from a report of wrk's or of our load's."""
    if report.startswith("{"):
        run = json.loads(report)
        return run["requests"], run["error_kinds"]
    requests = re.search(r"(\d+) requests in", report)
    return int(requests[1]) if requests else 0, re.findall("Socket errors.*|Non-2xx.*", report)


def clocks(server):
    """Reads four clocks, in seconds.

    They are the CPU time of the server, that of all loads so far, the time for which the two CPUs
    were busy or taken by other machines, and the time of day.
    """
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name in (f"cpu{SERVER_CPU}", f"cpu{LOAD_CPU}"):
            user, nice, system, _, _, irq, softirq, steal, *_ = map(int, ticks)
            busy += user + nice + system + irq + softirq + steal
    for pid in beside:
        busy -= family(pid)
    loads = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.clock_gettime(~server << 3 | 2),  # as clock_getcpuclockid(3) names a process's clock
        loads.ru_utime + loads.ru_stime,
        busy / os.sysconf("SC_CLK_TCK"),
        time.monotonic(),
    )


def family(root):
    """Reads the CPU time of a process and its children, in ticks."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            pid, _, rest = stat.read_text().partition(" (")
            fields = rest.rpartition(") ")[2].split()
            if root in (int(pid), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])  # user and system; proc_pid_stat(5)
    return ticks


# The comparison


def compare(args, whose, sides, what="request"):
    """Measures two sides in pairs, and prints a line for each pair and for each series.

    Returns the medians of the series: of the CPU times' ratios, and of the requests'.

    A side is a function that returns a Run. The word whose says which CPU time of the Run counts:
    "server" or "load". The word what says what the times are per. The ratios are those of the second
    side to the first.
    """
    medians = []
    for series in range(1, args.series + 1):
        pairs = [pair(number, whose, sides, what) for number in range(1, args.pairs + 1)]
        quiet = [ratios for ratios in pairs if ratios]
        name = f"series {series}: " if args.series > 1 else ""
        left_out = f"{len(pairs) - len(quiet)} of {len(pairs)} pairs left out"
        print(f"{name}{middle(quiet, what)}; {left_out}" if quiet else f"{name}{left_out}", flush=True)
        medians += [tuple(map(statistics.median, zip(*quiet)))] if quiet else []
    if not medians:
        fail("other programs were busy beside each pair: stop those that top shows, and try again")
    if args.series > 1:
        print(f"all {len(medians)} series: {middle(medians, what)}")
    return medians


def pair(number, whose, sides, what="request"):
    """Measures both sides and prints the costs. Returns two ratios, or None on a busy machine."""
    turns = list(sides) if number % 2 else list(sides)[::-1]  # neither side is always the first
    measured = {name: sides[name]() for name in turns}
    old, new = runs = [measured[name] for name in sides]
    micros = [getattr(run, whose) for run in runs]
    ratios = micros[1] / micros[0], new.requests / old.requests
    others = max(old.others, new.others)
    words = [f"{n} {m:.2f} µs x {r.requests:,}" for n, m, r in zip(sides, micros, runs)]
    words += ["CPU per {0} {2:.2f}, {1} {3:.2f}".format(what, plural(what), *ratios)]
    if others > DISTURBED:
        words += [f"left out: other programs took {others:.0%} of the CPUs"]
    print(f"pair {number}: {'; '.join(words)}", flush=True)
    return ratios if others <= DISTURBED else None


def middle(rows, what):
    """Returns the medians of rows of ratios in words, each with the least and the most."""
    cpu, requests = (
        f"{statistics.median(r):.2f} ({min(r):.2f} to {max(r):.2f})" for r in zip(*rows)
    )
    return f"CPU per {what} {cpu}, {plural(what)} {requests}"


def plural(what):
    return what if what.isupper() else f"{what}s"
