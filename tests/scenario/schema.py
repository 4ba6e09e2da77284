#!/usr/bin/python3
# Validates every shipped policy and every scenario's with a public validator against what `schedctl schema` prints, and
# checks that it refuses what must be refused: schema.py SCHEDCTL
import json
import pathlib
import subprocess
import sys
import tomllib

import jsonschema

root = pathlib.Path(__file__).resolve().parents[2]


def schema(*arguments):
    return json.loads(subprocess.run([sys.argv[1], "schema", *arguments], check=True, capture_output=True).stdout)


policy, settings = schema(), schema("--settings")
for each in (policy, settings):
    jsonschema.Draft7Validator.check_schema(each)
count = 0
for path in [*root.glob("config/policies/*.toml"), *root.glob("tests/scenario/*/*.toml"), root / "config/schedkit.toml"]:
    document = tomllib.loads(path.read_text())
    try:
        jsonschema.validate(document, settings if path.name == "schedkit.toml" else policy)
    except jsonschema.ValidationError as error:
        sys.exit(f"{path}: {error.message}")
    count += 1
if count < 60:
    sys.exit(f"only {count} files")

RULE = '[[rules]]\nname = "a"\nuse = "kernel"\n'
REFUSED = [
    'x = 1',
    '[schedulers.a]\nargs = []',
    '[[rules]]\nname = "a"',
    RULE + 'priority = 1001',
    RULE + 'delay = 5',
    RULE + 'delay = "5"',
    RULE + 'when = {weather = "wet"}',
    RULE + 'when.time = {start = "9:00"}',
    RULE + 'when.time = {days = ["monday"]}',
    RULE + 'when.power = {source = "mains"}',
    RULE + 'when.pressure = {resource = "cpu", some = "0%"}',
    RULE + 'when.dbus-property = {name = "org.x", path = "/", interface = "org.x", property = "P", equals = [1]}',
    RULE + 'when.cgroup = {state = "exists"}',
]
for text in REFUSED:
    try:
        jsonschema.validate(tomllib.loads(text), policy)
    except jsonschema.ValidationError:
        continue
    sys.exit("accepted, and must not be:\n" + text)
print(f"{count} files fit, {len(REFUSED)} are refused")
