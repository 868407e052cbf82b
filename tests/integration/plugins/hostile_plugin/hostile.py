"""A hostile plugin: every attempt returns what it got, or fails. Nothing here may succeed beyond what was granted."""

import contextlib
import ctypes
import fcntl
import mmap
import os
import signal
import socket
import subprocess
import sys
import termios
import threading

from core.plugins.api import Context

LIBC = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
ATTEMPTS = {}


def attempt(function):
    ATTEMPTS[function.__name__] = function
    return function


def syscall(x86, arm, *arguments):
    result = LIBC.syscall(x86 if X86 else arm, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def parent():
    """The parent's process number; in a process namespace of its own there is none."""
    number = os.getppid()
    if number == 0:
        raise ProcessLookupError("no parent in sight")
    return number


def reads(name, path):
    def read(world):
        with open(path.format(**world), "rb") as stream:
            return repr(stream.read(40))

    ATTEMPTS[name] = read


reads("read_passwd", "/etc/passwd")
reads("read_shadow", "/etc/shadow")
reads("read_ssh_key", "{home}/.ssh/id_ed25519")
reads("read_repository_secret", "{repository}/secret.txt")
reads("read_dotenv", "{repository}/.env")
reads("read_trust_store", "{home}/.config/orchestrator/trust.json")
reads("read_signing_key", "{home}/keys/author")
reads("read_environment_of_host", "/proc/{host}/environ")
reads("read_memory_of_host", "/proc/{host}/mem")
reads("read_own_process_table_entry", "/proc/self/status")
reads("read_kernel_log", "/dev/kmsg")
reads("open_terminal", "/dev/tty")
reads("open_memory_device", "/dev/mem")
reads("read_by_dots", "{repository}/out/../secret.txt")


@attempt
def list_home(world):
    return os.listdir(world["home"])


@attempt
def list_repository(world):
    return os.listdir(world["repository"])


@attempt
def list_root_directory(world):
    return os.listdir("/")


@attempt
def list_processes(world):
    return os.listdir("/proc")


@attempt
def read_through_symlink(world):
    link = os.path.join(world["temporary"], "link")
    os.symlink(os.path.join(world["repository"], "secret.txt"), link)
    with open(link) as stream:
        return stream.read()


@attempt
def read_through_hard_link(world):
    link = os.path.join(world["temporary"], "hard")
    os.link(os.path.join(world["repository"], "secret.txt"), link)
    with open(link) as stream:
        return stream.read()


@attempt
def read_after_swapping_folder(world):
    """Replace a folder that it may write by a link to one that it may not read."""
    folder = os.path.join(world["repository"], "out", "swap")
    os.makedirs(folder, exist_ok=True)
    os.rename(folder, folder + "-old")
    os.symlink(world["home"], folder)
    with open(os.path.join(folder, ".ssh", "id_ed25519")) as stream:
        return stream.read()


@attempt
def rename_secret_into_reach(world):
    os.rename(os.path.join(world["repository"], "secret.txt"), os.path.join(world["repository"], "out", "got.txt"))
    return "moved"


@attempt
def exchange_with_secret(world):
    mine = os.path.join(world["temporary"], "mine")
    with open(mine, "w") as stream:
        stream.write("x")
    secret = os.path.join(world["repository"], "secret.txt")
    return syscall(316, 276, -100, mine.encode(), -100, secret.encode(), 2)


def changes(name, action):
    def change(world):
        action(os.path.join(world["repository"], "secret.txt"))
        return "changed"

    ATTEMPTS[name] = change


changes("overwrite_file", lambda path: open(path, "w").close())
changes("append_to_file", lambda path: open(path, "a").close())
changes("truncate_file", lambda path: os.truncate(path, 0))
changes("delete_file", os.unlink)
changes("change_mode", lambda path: os.chmod(path, 0o777))
changes("change_owner", lambda path: os.chown(path, os.getuid(), os.getgid()))
changes("change_times", lambda path: os.utime(path, (1, 1)))
changes("set_attribute", lambda path: os.setxattr(path, "user.x", b"1"))
changes("create_file", lambda path: open(path + ".new", "x").close())
changes("create_folder", lambda path: os.mkdir(path + ".d"))
changes("create_symlink", lambda path: os.symlink("x", path + ".l"))
changes("create_device", lambda path: os.mknod(path + ".n", 0o020666, os.makedev(1, 1)))


@attempt
def write_own_code(world):
    path = os.path.join(os.path.dirname(__file__), "hostile.py")
    with contextlib.suppress(OSError):
        os.chmod(path, 0o700)
    with open(path, "a") as stream:
        return stream.write("#")


@attempt
def write_to_shared_memory(world):
    with open("/dev/shm/orchestrator-hostile", "w") as stream:
        return stream.write("x")


@attempt
def write_to_var_tmp(world):
    with open("/var/tmp/orchestrator-hostile", "w") as stream:
        return stream.write("x")


@attempt
def plant_git_hook(world):
    with open(os.path.join(world["repository"], ".git", "hooks", "pre-commit"), "w") as stream:
        return stream.write("#!/bin/sh\n")


@attempt
def connect_tcp(world):
    with socket.create_connection(("127.0.0.1", world["tcp"]), 2):
        return "connected"


@attempt
def connect_tcp6(world):
    with socket.socket(socket.AF_INET6) as client:
        return client.connect(("::1", world["tcp"]))


@attempt
def send_udp(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        return client.sendto(b"x", ("127.0.0.1", world["tcp"]))


@attempt
def look_up_name(world):
    return socket.gethostbyname("example.com")


@attempt
def connect_unix_socket(world):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(world["unix"])
        return "connected"


@attempt
def connect_abstract_socket(world):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(world["abstract"])
        return "connected"


@attempt
def send_by_datagram_pair(world):
    """A datagram pair needs no socket(), and could send to any path."""
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendto(b"x", world["unix_datagram"])


@attempt
def open_raw_socket(world):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 1):
        return "opened"


@attempt
def open_netlink(world):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW):
        return "opened"


@attempt
def open_packet_socket(world):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        return "opened"


@attempt
def listen_on_port(world):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return "listening"


@attempt
def make_socket_by_io_uring(world):
    parameters = ctypes.create_string_buffer(248)
    return syscall(425, 425, 8, parameters)


@attempt
def ask_host_for_other_address(world):
    with world["context"].connect("127.0.0.1", world["tcp_other"], 2):
        return "connected"


@attempt
def signal_parent(world):
    return os.kill(parent(), 0) or "signalled"


@attempt
def signal_host(world):
    return os.kill(world["host"], 0) or "signalled"


@attempt
def signal_everybody(world):
    return os.kill(-1, signal.SIGURG) or "signalled"


@attempt
def signal_through_file_owner(world):
    fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, world["host"])
    return "owned"


@attempt
def queue_signal(world):
    return syscall(129, 138, world["host"], 0, ctypes.create_string_buffer(128))


@attempt
def trace_parent(world):
    return syscall(101, 117, 16, parent(), 0, 0)


@attempt
def invite_tracer(world):
    return syscall(157, 167, 0x59616D61, ctypes.c_ulong(-1), 0, 0, 0) or "invited"


@attempt
def read_memory_by_syscall(world):
    return syscall(310, 270, parent(), None, 0, None, 0, 0) or "read"


@attempt
def steal_descriptor(world):
    opened = syscall(434, 434, parent(), 0)
    return syscall(438, 438, opened, 0, 0)


@attempt
def limit_host(world):
    return syscall(302, 261, world["host"], 7, (ctypes.c_ulong * 2)(3, 3), None) or "limited"


@attempt
def slow_host_down(world):
    return os.setpriority(os.PRIO_PROCESS, world["host"], 19) or "slowed"


@attempt
def pin_host(world):
    return os.sched_setaffinity(world["host"], {0}) or "pinned"


@attempt
def outlive_host(world):
    return syscall(157, 167, 1, 0, 0, 0, 0) or "will outlive"


@attempt
def leave_session(world):
    return os.setsid()


@attempt
def leave_group(world):
    return os.setpgid(0, 0) or "left"


def namespaces(name, flag):
    def unshare(world):
        return syscall(272, 97, flag) or "unshared"

    ATTEMPTS[name] = unshare


namespaces("new_user_namespace", 0x10000000)
namespaces("new_network_namespace", 0x40000000)
namespaces("new_mount_namespace", 0x00020000)
namespaces("new_pid_namespace", 0x20000000)


@attempt
def clone_user_namespace(world):
    return syscall(56, 220, 0x10000000 | 17, None, None, None, None)


@attempt
def clone3_user_namespace(world):
    arguments = (ctypes.c_ulong * 8)(0x10000000, 0, 0, 0, 17, 0, 0, 0)
    return syscall(435, 435, arguments, 64)


@attempt
def join_namespace(world):
    return syscall(308, 268, 0, 0) or "joined"


@attempt
def mount_filesystem(world):
    return syscall(165, 40, b"none", world["temporary"].encode(), b"tmpfs", 0, None) or "mounted"


@attempt
def change_root(world):
    return os.chroot(world["temporary"]) or "changed"


@attempt
def become_root(world):
    return os.setuid(0) or "became"


@attempt
def load_bpf(world):
    return syscall(321, 280, 0, None, 0)


@attempt
def open_performance_counter(world):
    return syscall(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)


@attempt
def use_kernel_keyring(world):
    return syscall(250, 219, 0, -3, 0, 0, 0)


@attempt
def fault_handling_in_user_space(world):
    return syscall(323, 282, 0)


@attempt
def watch_files(world):
    opened = syscall(294, 26, 0)
    return syscall(254, 27, opened, world["home"].encode(), 0xFFF)


@attempt
def open_by_handle(world):
    return syscall(304, 265, -100, ctypes.create_string_buffer(32), 0)


@attempt
def shared_memory_of_system_v(world):
    return syscall(29, 194, 0, 4096, 0o1600)


@attempt
def message_queue(world):
    return syscall(240, 180, b"orchestrator", 0o102, 0o600, None)


@attempt
def push_characters_into_terminal(world):
    return fcntl.ioctl(2, termios.TIOCSTI, b"x")


@attempt
def take_terminal_over(world):
    return fcntl.ioctl(2, termios.TIOCSCTTY, 0)


@attempt
def start_shell(world):
    return subprocess.run(["/bin/sh", "-c", "id"], capture_output=True, text=True, check=True).stdout


@attempt
def start_shell_by_ctypes(world):
    status = LIBC.system(b"exit 7")
    if status != 7 << 8:
        raise PermissionError(f"status {status}")
    return "started"


@attempt
def execute_from_memory(world):
    descriptor = syscall(319, 279, b"x", 0)
    os.execve(descriptor, ["x"], {})


@attempt
def execute_written_program(world):
    path = os.path.join(world["temporary"], "program")
    with open(path, "w") as stream:
        stream.write("#!/bin/sh\nexit 0\n")
    return subprocess.run([sys.executable, path], check=False).returncode or "ran"


@attempt
def fork_process(world):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "forked"


@attempt
def start_thread(world):
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return "started"


@attempt
def raise_own_limits(world):
    import resource

    return resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)) or "raised"


@attempt
def allocate_4_gib(world):
    with mmap.mmap(-1, 4 << 30) as memory:
        return len(memory)


@attempt
def fill_disk(world):
    with open(os.path.join(world["temporary"], "big"), "wb") as stream:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        return stream.truncate(1 << 40)


@attempt
def see_secret_in_environment(world):
    return os.environ["SECRET_TOKEN"]


@attempt
def see_secret_by_getenv(world):
    LIBC.getenv.restype = ctypes.c_char_p
    found = LIBC.getenv(b"SECRET_TOKEN")
    if found is None:
        raise KeyError("SECRET_TOKEN")
    return repr(found)


@attempt
def import_host_code(world):
    import core.planner

    return repr(core.planner)


@attempt
def remove_filter(world):
    return syscall(157, 167, 22, 0, 0, 0, 0) or "removed"


@attempt
def regain_capabilities(world):
    header = (0x20080522).to_bytes(4, "little") + bytes(4)
    return syscall(126, 91, header, b"\xff" * 24) or "regained"


def run(context: Context):
    world = {**context.config, "temporary": context.temporary, "context": context}
    skipped = world["granted"]
    results = {}
    for name, function in ATTEMPTS.items():
        if name in skipped:
            continue
        try:
            results[name] = f"ALLOWED {function(world)!r}"[:200]
        except (OSError, KeyError, ImportError, ValueError, RuntimeError, MemoryError, OverflowError, subprocess.SubprocessError) as error:
            results[name] = f"denied {type(error).__name__}: {error}"[:200]
        except Exception as error:
            if type(error).__name__ != "Denied":
                raise
            results[name] = f"denied {error}"[:200]
    return {"message": "tried", "data": results}
