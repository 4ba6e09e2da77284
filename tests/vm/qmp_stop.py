#!/usr/bin/env python3
"""qmp_stop.py SOCKET SECONDS: stops QEMU's machine, its clock too, and lets it go on after SECONDS (QEMU's `stop` and `cont`)."""
import json
import socket
import sys
import time

path, seconds = sys.argv[1], float(sys.argv[2])
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(path)
lines = monitor.makefile("rw")


def command(name):
    lines.write(json.dumps({"execute": name}) + "\n")
    lines.flush()
    while True:  # events come in between
        answer = json.loads(lines.readline())
        if "return" in answer:
            return
        if "error" in answer:
            sys.exit(f"qmp_stop.py: {name}: {answer['error']}")


lines.readline()  # the greeting
command("qmp_capabilities")
command("stop")
time.sleep(seconds)
command("cont")
