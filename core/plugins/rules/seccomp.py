"""The system call filter of a plugin, as bytes of the kernel's packet filter language: every call not on the list is refused."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence

_LOAD = 0x20  # load a 32-bit word of the call's data
_EQUAL = 0x15  # jump if equal
_ANY_BIT = 0x45  # jump if any bit is set
_AND = 0x54
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERROR = 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_AF_UNIX, _SOCK_STREAM = 1, 1
_SOCKET_TYPE = 0xF
_MSG_FASTOPEN = 0x20000000
#: Process -1: a signal to all that the user has; the kernel would call that a success even where Landlock stops each one.
_EVERYBODY = 0xFFFFFFFF
#: Every new namespace, and being another's child or tracee.
_CLONE_DENIED = 0x7E02A000
#: Signal owners and directory notices: signals to processes outside.
_FCNTL_DENIED = (8, 10, 15, 1026)
#: Typing into a terminal, taking one over, and signal owners of sockets.
_IOCTL_DENIED = (0x5412, 0x541C, 0x540E, 0x8901, 0x8902)
#: Outliving the host, hiding what is open from it, rewriting one's own memory map, inviting a tracer.
_PRCTL_DENIED = (1, 4, 35, 0x59616D61)

Instruction = tuple[int, int, int, int]


def build_filter(machine: str, *, processes: bool, programs: bool, signals: bool) -> bytes:
    """Return the filter program for ``machine`` (``x86_64`` or ``aarch64``).

    ``processes``: it may start threads and processes; ``programs``: it may execute programs; ``signals``: something else already
    confines its signals to its own processes.
    """
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT_ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    known = sometimes_allowed(machine)
    rules: dict[str, list[Instruction]] = {
        "clone3": [(_RETURN, 0, 0, _ERROR | errno.ENOSYS)],  # its arguments cannot be looked at; libraries then use clone
        "socketpair": [*_only(0, _AF_UNIX), *_masked_only(1, _SOCKET_TYPE, _SOCK_STREAM), _allow()],
        "sendto": [*_without_bits(3, _MSG_FASTOPEN), _allow()],
        "sendmsg": [*_without_bits(2, _MSG_FASTOPEN), _allow()],
        "ioctl": [*_none_of(1, _IOCTL_DENIED), _allow()],
        "fcntl": [*_none_of(1, _FCNTL_DENIED), _allow()],
        "prctl": [*_none_of(0, _PRCTL_DENIED), _allow()],
        "prlimit64": [*_only(0, 0), _allow()],
    }
    if processes:
        rules["clone"] = [*_without_bits(0, _CLONE_DENIED), _allow()]
        rules["fork"] = rules["vfork"] = [_allow()]
    if programs:
        rules["execve"] = [_allow()]
    if signals:
        rules["kill"] = [*_none_of(0, (_EVERYBODY,)), _allow()]
        rules["tkill"] = rules["tgkill"] = [_allow()]
    for name, body in rules.items():
        if name in known:
            program += [(_EQUAL, 0, len(body), known[name]), *body]
    for number in always_allowed(machine):
        program += [(_EQUAL, 0, 1, number), _allow()]
    program.append(_refuse())
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _refuse() -> Instruction:
    return (_RETURN, 0, 0, _ERROR | errno.EPERM)


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * index)


def _only(index: int, value: int) -> list[Instruction]:
    return [_argument(index), (_EQUAL, 1, 0, value), _refuse()]


def _masked_only(index: int, mask: int, value: int) -> list[Instruction]:
    return [_argument(index), (_AND, 0, 0, mask), (_EQUAL, 1, 0, value), _refuse()]


def _without_bits(index: int, bits: int) -> list[Instruction]:
    return [_argument(index), (_ANY_BIT, 0, 1, bits), _refuse()]


def _none_of(index: int, values: Sequence[int]) -> list[Instruction]:
    body = [_argument(index)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), _refuse()]
    return body


#: Always allowed: name, number on x86_64, number on aarch64 (- where there is none).
_ALWAYS = """
read 0 63|write 1 64|open 2 -|close 3 57|stat 4 -|fstat 5 80|lstat 6 -|poll 7 -|lseek 8 62|mmap 9 222|mprotect 10 226|munmap 11 215
brk 12 214|rt_sigaction 13 134|rt_sigprocmask 14 135|rt_sigreturn 15 139|pread64 17 67|pwrite64 18 68|readv 19 65|writev 20 66
access 21 -|pipe 22 -|select 23 -|sched_yield 24 124|mremap 25 216|msync 26 227|mincore 27 232|madvise 28 233|dup 32 23|dup2 33 -
pause 34 -|nanosleep 35 101|getitimer 36 102|alarm 37 -|setitimer 38 103|getpid 39 172|sendfile 40 71|recvfrom 45 207|recvmsg 47 212
shutdown 48 210|getsockname 51 204|getpeername 52 205|setsockopt 54 208|getsockopt 55 209|exit 60 93|wait4 61 260|uname 63 160
flock 73 32|fsync 74 82|fdatasync 75 83|ftruncate 77 46|getdents 78 -|getcwd 79 17|chdir 80 49|fchdir 81 50|rename 82 -|mkdir 83 -
rmdir 84 -|creat 85 -|link 86 -|unlink 87 -|symlink 88 -|readlink 89 -|umask 95 166|gettimeofday 96 169|getrlimit 97 163
getrusage 98 165|sysinfo 99 179|times 100 153|getuid 102 174|getgid 104 176|geteuid 107 175|getegid 108 177|getppid 110 173
getpgrp 111 -|getgroups 115 158|getresuid 118 148|getresgid 120 150|getpgid 121 155|getsid 124 156|capget 125 90|rt_sigpending 127 136
rt_sigtimedwait 128 137|rt_sigsuspend 130 133|sigaltstack 131 132|statfs 137 43|fstatfs 138 44|getpriority 140 141
sched_getparam 143 121|sched_getscheduler 145 120|sched_get_priority_max 146 125|sched_get_priority_min 147 126|arch_prctl 158 -
gettid 186 178|readahead 187 213|time 201 -|futex 202 98|sched_getaffinity 204 123|epoll_create 213 -|getdents64 217 61
set_tid_address 218 96|restart_syscall 219 128|fadvise64 221 223|timer_create 222 107|timer_settime 223 110|timer_gettime 224 108
timer_getoverrun 225 109|timer_delete 226 111|clock_gettime 228 113|clock_getres 229 114|clock_nanosleep 230 115|exit_group 231 94
epoll_wait 232 -|epoll_ctl 233 21|waitid 247 95|openat 257 56|mkdirat 258 34|newfstatat 262 79|unlinkat 263 35|renameat 264 38
linkat 265 37|symlinkat 266 36|readlinkat 267 78|faccessat 269 48|pselect6 270 72|ppoll 271 73|set_robust_list 273 99
get_robust_list 274 100|splice 275 76|tee 276 77|sync_file_range 277 84|epoll_pwait 281 22|timerfd_create 283 85|eventfd 284 -
fallocate 285 47|timerfd_settime 286 86|timerfd_gettime 287 87|eventfd2 290 19|epoll_create1 291 20|dup3 292 24|pipe2 293 59
preadv 295 69|pwritev 296 70|getcpu 309 168|sched_getattr 315 275|renameat2 316 276|getrandom 318 278|membarrier 324 283
copy_file_range 326 285|preadv2 327 286|pwritev2 328 287|pkey_mprotect 329 288|pkey_alloc 330 289|pkey_free 331 290|statx 332 291
rseq 334 293|close_range 436 436|openat2 437 437|faccessat2 439 439|epoll_pwait2 441 441|futex_waitv 449 449
"""
#: Allowed only with some arguments, or only to some plugins.
_SOMETIMES = """
ioctl 16 29|sendto 44 206|sendmsg 46 211|socketpair 53 199|clone 56 220|fork 57 -|vfork 58 -|execve 59 221|kill 62 129|fcntl 72 25
prctl 157 167|tkill 200 130|tgkill 234 131|prlimit64 302 261|clone3 435 435
"""
_COLUMNS = {"x86_64": 1, "aarch64": 2}
#: What the kernel calls the two machines in a filter's data.
AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def always_allowed(machine: str) -> tuple[int, ...]:
    """Return the numbers of the calls that every plugin may make on ``machine``, ascending."""
    return tuple(sorted(_numbers(_ALWAYS, machine).values()))


def sometimes_allowed(machine: str) -> dict[str, int]:
    """Return the numbers of the calls that have conditions, by name; absent where the machine has none."""
    return _numbers(_SOMETIMES, machine)


def _numbers(table: str, machine: str) -> dict[str, int]:
    rows = [entry.split() for line in table.split("\n") for entry in line.split("|") if entry]
    return {row[0]: int(row[_COLUMNS[machine]]) for row in rows if row[_COLUMNS[machine]] != "-"}
