#!/usr/bin/env python3
"""Every message in the first column of docs/troubleshooting.md is one of ours: its parts between … are in one string of the sources."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).parents[2]
sources = [path for top in ("core", "config", "bpf", "k8s", "cli") for path in (root / top).rglob("*.cc")]
# Neighbouring literals are one string; what is formatted in, and quotes of both kinds, count for nothing.
strings = []
for path in sources:
    text = re.sub(r'"\s*\n\s*"', "", path.read_text())
    strings += [re.sub(r"[`\"\\]", "", text) for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text)]

failures = count = 0
for line in (root / "docs/troubleshooting.md").read_text().splitlines():
    cell = re.match(r"\| `([^`]+)` \|", line)
    if not cell:
        continue
    count += 1
    parts = [part.strip() for part in re.split(r"…", cell[1].replace("NAME", "…").replace("IMAGE", "…")) if part.strip(" ;:,.")]
    if not any(all(part in text for part in parts) for text in strings):
        print(f"FAIL: nothing says: {cell[1]}")
        failures += 1
print(f"{count} messages, {failures} unknown")
sys.exit(failures != 0 or count < 20)
