"""usage: as_unit.py UNIT PROGRAM ARGUMENT…: runs a program with what a systemd unit leaves it, where no systemd runs:
its account, its capabilities, no_new_privs, read-only file system, system calls, address families and mask. Root; python3's own
library alone. What it cannot recreate (a device list, a cgroup) is left out, so a program that fails here fails there."""
import ctypes
import os
import re
import shlex
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
CAPS = """chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore""".split()
CAPBSET_DROP, NO_NEW_PRIVS, SET_SECCOMP, KEEPCAPS, CAP_AMBIENT, AMBIENT_RAISE = 24, 38, 22, 8, 47, 2
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17}
SOCKET = 41


def settings(path):
    """The [Service] lines, in order, continued ones joined."""
    text = open(path).read().replace("\\\n", " ")
    body = re.search(r"^\[Service\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S).group(1)
    return [tuple(line.split("=", 1)) for line in body.splitlines() if "=" in line and line[0] not in "#;"]


def values(unit, key):
    return [v for k, v in unit if k == key]


def call_sets():
    """What systemd's names like @mount stand for."""
    sets, name = {}, None
    out = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True).stdout
    for line in out.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            sets[name] = []
        elif name and word and not word.startswith("#"):
            sets[name].append(word)
    return sets


def allowed_calls(unit):
    """None: all."""
    sets = call_sets()

    def expand(word):
        return {c for w in sets[word] for c in expand(w)} if word.startswith("@") else {word}

    calls = None
    for line in values(unit, "SystemCallFilter"):
        some = {c for word in line.lstrip("~").split() for c in expand(word)}
        if calls is None:
            calls = expand("@default") | some
        else:
            calls = calls - some if line.startswith("~") else calls | some
    return calls


def numbers():
    """Names of x86-64's system calls to their numbers, as the C library's headers have them."""
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"], capture_output=True,
                          text=True).stdout
    return {n: int(v) for n, v in re.findall(r"#define __NR_(\w+) (\d+)$", text, re.M)}


def program(unit):
    """A seccomp program of these calls, and of socket() with these families alone; EPERM and EAFNOSUPPORT else."""
    calls, known = allowed_calls(unit), numbers()
    code = [(0x20, 0, 0, 0)]  # the number
    families = [FAMILIES[w] for v in values(unit, "RestrictAddressFamilies") for w in v.split()]
    if families:
        code += [(0x15, 0, 2 + 2 * len(families), SOCKET), (0x20, 0, 0, 16)]
        for family in families:
            code += [(0x15, 0, 1, family), (0x06, 0, 0, 0x7fff0000)]
        code += [(0x06, 0, 0, 0x00050000 | 97)]
    # What these settings take away besides, for what it is asked to do stands behind a pointer.
    for setting, call in (("RestrictSUIDSGID", "openat2"), ("RestrictNamespaces", "clone3")):
        if values(unit, setting):
            code += [(0x15, 0, 1, known[call]), (0x06, 0, 0, 0x00050000 | 38)]
    for n in sorted(known[c] for c in calls if c in known):
        code += [(0x15, 0, 1, n), (0x06, 0, 0, 0x7fff0000)]
    code += [(0x06, 0, 0, 0x00050000 | 1)]
    return code


def load(code):
    raw = b"".join(struct.pack("HBBI", c, t, f, k) for c, t, f, k in code)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    fprog = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer))
    if libc.prctl(SET_SECCOMP, 2, ctypes.c_char_p(fprog), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter")


def mount(source, target, flags):
    if libc.mount(source.encode() if source else None, target.encode(), None, flags, None):
        raise OSError(ctypes.get_errno(), "mount " + target)


def protect(unit, writable):
    """ProtectSystem=strict: nothing can be written but these and what is no disk (/dev, /proc, /sys)."""
    os.unshare(os.CLONE_NEWNS) if hasattr(os, "unshare") else libc.unshare(0x20000)
    mount(None, "/", MS_REC | MS_PRIVATE)
    points = [line.split()[4].replace("\\040", " ") for line in open("/proc/self/mountinfo")]
    for point in writable:
        if point not in points:
            mount(point, point, MS_BIND)
    for point in points:
        if re.match(r"/(dev|proc|sys)(/|$)", point) or any(point == w or point.startswith(w + "/") for w in writable):
            continue
        if libc.mount(None, point.encode(), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None):
            continue  # hidden below another
    if "yes" in values(unit, "ProtectKernelTunables"):
        mount("/proc/sys", "/proc/sys", MS_BIND)
        mount(None, "/proc/sys", MS_REMOUNT | MS_BIND | MS_RDONLY)


def hold(names):
    """Capabilities that outlive becoming an account, and the exec."""
    bits = sum(1 << CAPS.index(name) for name in names)
    header = struct.pack("Ii", 0x20080522, 0)
    sets = b"".join(struct.pack("III", *[bits >> shift & 0xffffffff] * 3) for shift in (0, 32))
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capabilities")
    for name in names:
        if libc.prctl(CAP_AMBIENT, AMBIENT_RAISE, CAPS.index(name), 0, 0):
            raise OSError(ctypes.get_errno(), "ambient " + name)


def main():
    unit, argv = settings(sys.argv[1]), sys.argv[2:]
    keep = [w[4:].lower() for v in values(unit, "CapabilityBoundingSet") for w in v.split()]
    code = program(unit)
    if "strict" in values(unit, "ProtectSystem"):
        protect(unit, shlex.split(os.environ.get("WRITABLE", "")))
    for mask in values(unit, "UMask"):
        os.umask(int(mask, 8))
    user = values(unit, "User")
    uid = int(subprocess.run(["id", "-u", user[0]], capture_output=True, text=True).stdout or 65534) if user else 0
    for number, name in enumerate(CAPS):
        if name not in keep:
            libc.prctl(CAPBSET_DROP, number, 0, 0, 0)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        libc.prctl(KEEPCAPS, 1, 0, 0, 0)
        os.setresuid(uid, uid, uid)
        hold([w[4:].lower() for v in values(unit, "AmbientCapabilities") for w in v.split()])
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    load(code)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
