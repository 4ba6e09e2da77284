# The VM is what the other scenarios need: a kernel with sched_ext, systemd, cgroup v2, a system bus, crun.
. "$PAYLOAD/guest.sh"

step "kernel"
assert_eq disabled "$(scx_state)" "sched_ext is there and nothing is attached"
assert_eq 0 "$(scx_enable_seq)" "nothing was attached since boot"
[ -r /sys/kernel/btf/vmlinux ] || fail "no BTF"

step "systemd and D-Bus"
assert_eq systemd "$(cat /proc/1/comm)" "PID 1"
assert_ok "the system bus answers" busctl --system call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
  org.freedesktop.systemd1.Manager GetUnit s schedkit-vm.service
assert_ok "transient units work" systemd-run --wait --quiet -p CPUWeight=50 /bin/true

step "cgroup v2, alone"
assert_eq cgroup2fs "$(stat -fc %T /sys/fs/cgroup)" "/sys/fs/cgroup"
controllers=$(cat /sys/fs/cgroup/cgroup.controllers)
for controller in cpu memory pids; do assert_contains "$controllers" "$controller" "cgroup controllers"; done

step "crun"
mkdir -p /tmp/bundle/rootfs
cd /tmp/bundle || fail "no bundle"
crun spec
jq '.process.args = ["/bin/cat", "/proc/self/cgroup"] | .process.terminal = false | .root.readonly = false |
  .mounts += [("/usr", "/bin", "/lib", "/lib64") | {destination: ., source: ., type: "bind", options: ["rbind", "ro"]}]' config.json > c &&
  mv c config.json || fail "cannot write config.json"
for manager in cgroupfs systemd; do
  output=$(crun --cgroup-manager=$manager run "smoke-$manager" 2>&1) || fail "crun with cgroup manager $manager: $output"
  say "$manager: $output"
done

step "results come back"
echo "written in the VM" > "$RESULTS/smoke.txt"
