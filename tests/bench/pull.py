#!/usr/bin/env python3
"""pull.py BIN [--rounds N] [--quick]: what a pull costs, interleaved with skopeo, umoci and a shell pipeline, as ratios of medians.

All pull from Debian's docker-registry on loopback, after a sync, into fresh directories on the same disk. Nothing is removed before the end
(about 400 MB a round): ext4 looks for inodes that were not freed lately, at length, and that would be most of what is measured. Lines of JSON at the end:

  three_layers   3 layers of 30 MB (half random, half zeros) and 200 small files each: schedctl pull (download, digests, unpack, diff ids,
                 blobs kept, synced) over `skopeo copy` + `umoci raw unpack`, and over curl | tee sha256sum | tar xz, three at a time
  small          a scheduler of 2 MB, from the first byte asked for to a rootfs: over `skopeo copy` alone
  memory         the daemon's peak memory for one layer of 300 MB over that for one of 10 MB

With --quick one round and no goals; else it fails when a goal is missed three times."""
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

BIN = os.path.abspath(sys.argv[1])
QUICK = "--quick" in sys.argv
ROUNDS = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else (1 if QUICK else 15)
GOALS = {"three_layers_over_skopeo_umoci": 0.40, "three_layers_over_shell": 0.50, "small_over_skopeo": 0.50,
         "memory_300_over_10": 1.25}
ATTEMPTS = 3  # others may use the machine
MB = 1_000_000

for tool in ("docker-registry", "skopeo", "umoci", "curl"):
    if not shutil.which(tool):
        print(f"SKIPPED: {tool} is not installed")
        sys.exit(77)
if os.geteuid() != 0:
    print("SKIPPED: needs root")
    sys.exit(77)

work = tempfile.mkdtemp(prefix="schedkit-bench-pull-")
children = []
dice = random.Random(1)


def run(*words, **options):
    return subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(words, ready, **options):
    children.append(subprocess.Popen(words, **options))
    for _ in range(600):
        if ready():
            return children[-1]
        if children[-1].poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{words[0]} does not start")


def start_registry():
    port = free_port()
    with open(work + "/registry.yml", "w") as file:
        file.write(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {work}/registry}}}}\n"
                   f"http: {{addr: '127.0.0.1:{port}'}}\nlog: {{level: error, accesslog: {{disabled: true}}}}\n")

    def ready():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/").status == 200
        except OSError:
            return False

    start(["docker-registry", "serve", work + "/registry.yml"], ready, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f"127.0.0.1:{port}"


# --- images ---

def noise(size):
    return b"".join(dice.randbytes(MB) for _ in range(size // MB))


def layer(files):
    """(name, bytes) … as a gzipped tar, its digest, its diff id."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    packed = gzip.compress(plain.getvalue(), 6, mtime=0)
    return packed, hashlib.sha256(plain.getvalue()).hexdigest()


def make_image(layout, layers):
    blobs = layout + "/blobs/sha256"
    os.makedirs(blobs)

    def put(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        with open(f"{blobs}/{digest}", "wb") as file:
            file.write(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + digest, "size": len(content)}

    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = {"architecture": machine, "os": "linux", "config": {"Entrypoint": ["/scx"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff for _, diff in layers]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": put(json.dumps(config).encode(), "config.v1+json"),
                "layers": [put(packed, "layer.v1.tar+gzip") for packed, _ in layers]}
    top = put(json.dumps(manifest).encode(), "manifest.v1+json")
    top["annotations"] = {"org.opencontainers.image.ref.name": "x"}
    with open(layout + "/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [top]}, file)
    with open(layout + "/oci-layout", "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')


def push(name, layers):
    layout = f"{work}/layout-{name}"
    make_image(layout, layers)
    run("skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:x", f"docker://{registry}/{name}:x")
    shutil.rmtree(layout)


def three_layers():
    layers = []
    for number in range(3):
        files = [(f"l{number}/data", noise(15 * MB) + bytes(15 * MB))]
        files += [(f"l{number}/small{i}", dice.randbytes(512)) for i in range(200)]
        layers.append(layer(files))
    return layers


# --- the contenders: each returns its seconds, and those of CPU time of everything but the registry ---

def cpu_of_children():
    used = os.times()
    return used.children_user + used.children_system


def timed(*steps, **options):
    os.sync()
    cpu = cpu_of_children()
    begun = time.monotonic()
    for step in steps:
        run(*step, **options)
    return time.monotonic() - begun, cpu_of_children() - cpu


def fresh():
    return tempfile.mkdtemp(prefix="out-", dir=work)


def skopeo_into(name, out):
    return ("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{registry}/{name}:x", f"oci:{out}/layout:x")


def skopeo(name):
    return timed(skopeo_into(name, fresh()))


def skopeo_umoci(name):
    out = fresh()
    return timed(skopeo_into(name, out), ("umoci", "raw", "unpack", "--image", f"{out}/layout:x", out + "/rootfs"))


def shell(name):
    out = fresh()
    script = f"""
      set -e
      base=http://{registry}/v2/{name}
      mkdir {out}/rootfs
      one() {{ curl -fs $base/blobs/$1 | tee >(sha256sum > {out}/${{1#sha256:}}) | tar xz -C {out}/rootfs; }}
      for digest in $(curl -fs -H 'Accept: application/vnd.oci.image.manifest.v1+json' $base/manifests/x |
        python3 -c 'import json,sys; print(*[l["digest"] for l in json.load(sys.stdin)["layers"]])'); do one $digest & done
      wait"""
    return timed(("bash", "-c", script))


class Daemon:
    def __init__(self, name):
        self.place = tempfile.mkdtemp(prefix=name + "-", dir=work)
        os.makedirs(self.place + "/root/etc/schedkit")
        self.environment = dict(os.environ, SCHEDKIT_RUN_DIR=self.place + "/run")
        ready = lambda: subprocess.run([BIN + "/schedctl", "version"], env=self.environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL).returncode == 0
        with open(self.place + "/log", "w") as log:
            self.process = start([BIN + "/schedkitd", "--root", self.place + "/root", "--run-dir", self.place + "/run",
                                  "--state-dir", self.place + "/state"], ready, stdout=log, stderr=log)

    def pull(self, name):
        return timed((BIN + "/schedctl", "pull", "--allow-unsigned", f"{registry}/{name}:x"), env=self.environment)

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def schedctl(name):
    daemon = Daemon("daemon")
    daemon.pull("first")  # one that runs for long has done it before; this image is not in its store
    before = daemon.cpu()
    seconds, cpu = daemon.pull(name)
    cpu += daemon.cpu() - before
    daemon.stop()
    return seconds, cpu


def medians(contenders, name):
    times = {who: [] for who in contenders}
    cpu = {who: [] for who in contenders}
    for _ in range(ROUNDS):
        for who, pull in contenders.items():
            seconds, used = pull(name)
            times[who].append(seconds)
            cpu[who].append(used)
    result = {who: statistics.median(values) for who, values in times.items()}
    for who, value in result.items():
        print(f"{name:<12} {who:<16} {value * 1000:7.0f} ms  ({min(times[who]) * 1000:.0f} to {max(times[who]) * 1000:.0f}); "
              f"CPU {statistics.median(cpu[who]) * 1000:.0f} ms")
    return result


def peak_for(name):
    daemon = Daemon("memory-" + name)
    daemon.pull(name)
    peak = daemon.peak()
    daemon.stop()
    print(f"{name:<12} {'schedkitd':<16} {peak:7} KiB at most")
    return peak


def push_all():
    push("three", three_layers())
    push("first", [layer([("scx", noise(1 * MB))])])
    push("small", [layer([("scx", noise(2 * MB))])])
    push("layer10", [layer([("scx", noise(10 * MB))])])
    push("large", [layer([("scx", noise((30 if QUICK else 300) * MB))])])


def measure():
    three = medians({"schedctl": schedctl, "skopeo+umoci": skopeo_umoci, "shell": shell}, "three")
    small = medians({"schedctl": schedctl, "skopeo": skopeo}, "small")
    load = os.getloadavg()[0] / os.cpu_count()
    print(f"load {load:.1f} per core{'; the machine is too busy for these times to mean much' if load > 2 else ''}")
    return {"three_layers_over_skopeo_umoci": three["schedctl"] / three["skopeo+umoci"],
            "three_layers_over_shell": three["schedctl"] / three["shell"],
            "small_over_skopeo": small["schedctl"] / small["skopeo"],
            "memory_300_over_10": peak_for("large") / peak_for("layer10")}


try:
    registry = start_registry()
    push_all()
    for attempt in range(1 if QUICK else ATTEMPTS):
        ratios = measure()
        missed = [name for name, ratio in ratios.items() if ratio > GOALS[name]]
        if QUICK or not missed:
            break
        print(f"attempt {attempt + 1} misses {', '.join(missed)}")
finally:
    for child in children:
        if child.poll() is None:
            child.kill()
            child.wait()
    shutil.rmtree(work, ignore_errors=True)
for name, ratio in ratios.items():
    print(json.dumps({"bench": "pull", "what": name, "ratio": round(ratio, 3), "goal": GOALS[name], "rounds": ROUNDS}))
sys.exit(1 if missed and not QUICK else 0)
