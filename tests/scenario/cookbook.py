#!/usr/bin/env python3
"""cookbook.py SCHEDCTL: every recipe of docs/cookbook.md is a policy file that `schedctl check` finds good, and does what the comment after
it says when it is played (`<!-- simulate`, events, `=`, what simulate prints)."""
import pathlib
import re
import subprocess
import sys
import tempfile

text = (pathlib.Path(__file__).parents[2] / "docs/cookbook.md").read_text()
recipes = re.split(r"^## (?=\d+\. )", text, flags=re.MULTILINE)[1:]
failures = 0
for recipe in recipes:
    title = recipe.splitlines()[0]
    policy = re.search(r"^```toml\n(.*?)^```$", recipe, re.MULTILINE | re.DOTALL)
    played = re.search(r"^<!-- simulate\n(.*?)^=\n(.*?)^-->$", recipe, re.MULTILINE | re.DOTALL)
    if not policy or not played:
        print(f"FAIL: {title}: it has no policy, or nothing says what it does")
        failures += 1
        continue
    with tempfile.TemporaryDirectory() as directory:
        file, events = directory + "/recipe.toml", directory + "/events.jsonl"
        pathlib.Path(file).write_text(policy[1])
        pathlib.Path(events).write_text(played[1])
        for words, wanted in (["check", file], None), (["simulate", events, file], played[2]):
            done = subprocess.run([sys.argv[1], *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0 or wanted not in (None, done.stdout):
                print(f"FAIL: {title}: schedctl {words[0]} ended with {done.returncode} and printed\n{done.stdout}")
                failures += 1
print(f"{len(recipes)} recipes, {failures} failures")
sys.exit(failures != 0 or len(recipes) < 20)
