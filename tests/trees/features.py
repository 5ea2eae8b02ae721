# SPDX-License-Identifier: MIT
"""What can be in a tree: one function per kind of difficulty.

A feature gets a Corner, an empty directory of its own that is also the working directory, and
fills it. What it makes depends on the seed alone.
"""

import os
import random
import socket
import stat
import struct
import subprocess
from dataclasses import dataclass
from typing import Callable

KIB = 1024
MIB = 1024 * KIB


@dataclass
class Corner:
    """Where a feature works."""

    random: random.Random
    is_root: bool

    def content(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def file(self, name: str | bytes, size: int | None = None, mode: int = 0o644) -> None:
        """Makes a file of `size` bytes, or of up to 2 KiB."""
        if size is None:
            size = self.random.randrange(2 * KIB)
        with open(name, "xb") as new:
            new.write(self.content(size))
        os.chmod(name, mode)


@dataclass(frozen=True)
class Feature:
    make: Callable[[Corner], None]
    summary: str
    needs_root: bool = False
    default: bool = True
    sets_times: bool = False


def sizes(corner: Corner) -> None:
    edges = (512, 4 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, MIB)
    for edge in edges:
        for size in (edge - 1, edge, edge + 1):
            corner.file(f"{size}", size)
    for size in (0, 1, 3 * MIB + 12345):
        corner.file(f"{size}", size)


def large(corner: Corner) -> None:
    for size in (16 * MIB, 24 * MIB + 1):
        corner.file(f"{size}", size)


def types(corner: Corner) -> None:
    corner.file("regular")
    os.mkdir("directory")
    os.mkfifo("fifo", 0o640)
    for name, target in (("relative", "regular"), ("absolute", "/etc/passwd"),
                         ("dangling", "no/such/thing"), ("to-directory", "directory"),
                         ("loop", "loop"), ("upwards", ".."), ("long", "x" * 1023)):
        os.symlink(target, name)


def sockets(_corner: Corner) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")


def devices(_corner: Corner) -> None:
    os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod("loop", stat.S_IFBLK | 0o660, os.makedev(7, 255))
    os.mknod("big-minor", stat.S_IFCHR | 0o600, os.makedev(511, 70000))


def times(corner: Corner) -> None:
    """Both ends of what ext4 and xfs can hold, and nanoseconds everywhere."""
    moments = {"before-epoch": -1, "minus-a-bit": 0, "year-1902": -2_140_000_000,
               "after-2038": 2_147_483_648, "year-2100": 4_102_444_800,
               "year-2400": 13_569_465_600}
    for name, second in moments.items():
        corner.file(name)
        os.mkdir(f"{name}.d")
        os.symlink(name, f"{name}.l")
        for entry in (name, f"{name}.d", f"{name}.l"):
            nanosecond = second * 10**9 + corner.random.randrange(1, 10**9)
            os.utime(entry, ns=(nanosecond, nanosecond - 7), follow_symlinks=False)


def modes(corner: Corner) -> None:
    """Every mode there is; an ordinary user gets those that it can read again."""
    kept = 0 if corner.is_root else 0o400
    for mode in range(0o10000):
        if not corner.is_root and mode & 0o6000:
            continue
        os.mknod(f"{mode:04o}", stat.S_IFREG | 0o600)
        os.chmod(f"{mode:04o}", mode | kept)


def directory_modes(corner: Corner) -> None:
    kept = 0 if corner.is_root else 0o500
    for mode in (0, 0o111, 0o444, 0o500, 0o555, 0o700, 0o1777, 0o2755, 0o4711, 0o7777):
        name = f"{mode:04o}"
        os.mkdir(name)
        corner.file(f"{name}/inside")
        os.mkdir(f"{name}/below")
        corner.file(f"{name}/below/inside")
        os.chmod(f"{name}/below", mode | kept)
        os.chmod(name, mode | kept)


def owners(corner: Corner) -> None:
    for uid, gid in ((1, 1), (1000, 0), (0, 1000), (65534, 65534), (2**31, 2**32 - 2)):
        name = f"{uid}-{gid}"
        corner.file(name, mode=0o600)
        os.chown(name, uid, gid)
        os.chmod(name, 0o6751)
        os.symlink(name, f"{name}.l")
        os.lchown(f"{name}.l", uid, gid)
        os.mkdir(f"{name}.d")
        os.chown(f"{name}.d", uid, gid)


def xattrs(corner: Corner) -> None:
    os.mkdir("directory")
    corner.file("file")
    for name in ("directory", "file"):
        os.setxattr(name, "user.empty", b"")
        os.setxattr(name, "user.binary", bytes(range(256)))
        for number in range(20):
            os.setxattr(name, f"user.number-{number}", corner.content(number * 3))
    corner.file("read-only")
    os.setxattr("read-only", "user.big", corner.content(2000))
    os.chmod("read-only", 0o444)


def trusted_xattrs(corner: Corner) -> None:
    corner.file("file")
    os.setxattr("file", "trusted.haul-test", b"only root sees this")
    os.symlink("file", "link")
    os.setxattr("link", "trusted.haul-test", b"on a link", follow_symlinks=False)


def capabilities(corner: Corner) -> None:
    """cap_net_raw, permitted and effective, as linux/capability.h lays it out (revision 2)."""
    corner.file("ping", mode=0o755)
    os.setxattr("ping", "security.capability",
                struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
    corner.file("owned", mode=0o755)
    os.chown("owned", 1000, 1000)
    os.setxattr("owned", "security.capability",
                struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))


def acls(corner: Corner) -> None:
    corner.file("file")
    corner.file("masked")
    os.mkdir("directory")
    corner.file("directory/before")
    for entries, name in (("u:1234:rw,g:4321:r", "file"), ("u:1234:rwx,m::r", "masked"),
                          ("u:1234:rwx,d:u:1234:rwx,d:g:4321:---", "directory")):
        subprocess.run(["setfacl", "-m", entries, name], check=True)
    corner.file("directory/inherited")
    os.mkdir("directory/below")


def hard_links(corner: Corner) -> None:
    os.mkdir("here")
    os.mkdir("there")
    for number in range(5):
        corner.file(f"here/{number}")
        os.link(f"here/{number}", f"there/{number}")
    corner.file("popular")
    for number in range(50):
        os.link("popular", f"there/popular-{number}")
    os.symlink("popular", "symlink")
    os.link("symlink", "there/symlink", follow_symlinks=False)
    os.mkfifo("fifo")
    os.link("fifo", "there/fifo")
    corner.file("large", 9 * MIB)
    os.link("large", "here/large")


def sparse(corner: Corner) -> None:
    extents = {"hole-then-data": (8 * MIB, [(7 * MIB, 4096)]),
               "data-then-hole": (8 * MIB, [(0, 4096)]),
               "only-hole": (16 * MIB, []),
               "middle": (9 * MIB + 1, [(4 * MIB, 65536)]),
               "ragged": (5 * MIB + 123, [(n * 300_001, 5000) for n in range(17)]),
               "huge": (96 * MIB, [(0, 1), (70 * MIB, 100_000)])}
    for name, (size, pieces) in extents.items():
        with open(name, "xb") as new:
            for offset, length in pieces:
                new.seek(offset)
                new.write(corner.content(length))
            new.truncate(size)


def names(corner: Corner) -> None:
    odd = [b"line\nfeed", b"tab\there", b" leading", b"trailing ", b"-rf", b"--help", b"...",
           b"back\\slash", b"'quotes\"", b"$(dollar)`", b"*?[]", b"#hash", b"~", b"%s%n",
           b"\x1b[31mred", b"\x7f", b"\xff\xfe", b"cut-\xe2\x82", b"\xed\xa0\x80",
           "Ü".encode(), "U\u0308".encode(), "文件".encode(), "🚚".encode(), b"case", b"CASE",
           b"n" * 255, "ü".encode() * 127 + b"x", b".hidden", b":colon", b"a=b"]
    for byte in range(1, 256):
        if byte != ord("/") and bytes([byte]) not in (b".", b"~", *odd):
            odd.append(bytes([byte]))
    for name in odd:
        corner.file(name, 16)
    os.mkdir(b"directory\n\xff")
    corner.file(b"directory\n\xff/file\n\xfe")


def deep(corner: Corner) -> None:
    """As deep as a path that tools can still name (PATH_MAX with room for a prefix)."""
    path = "."
    for level in range(180):
        path = f"{path}/{'d' * 16}{level % 10}"
        os.mkdir(path)
        if level % 20 == 0:
            corner.file(f"{path}/file")


def abyss(corner: Corner) -> None:
    """Deeper than any path: reached by descriptors alone."""
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    for level in range(60):
        name = f"{level:02}" + "x" * 200
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory)
        os.close(directory)
        directory = below
    bottom = os.open("bottom", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=directory)
    os.write(bottom, corner.content(100))
    os.close(bottom)
    os.close(directory)


def empty_directories(_corner: Corner) -> None:
    for first in range(10):
        for second in range(10):
            os.makedirs(f"{first}/{second}")


def wide(corner: Corner) -> None:
    for number in range(5000):
        corner.file(f"file-{number:05}", corner.random.randrange(64))


def read_only_directories(corner: Corner) -> None:
    for number in range(20):
        os.makedirs(f"{number}/below")
        corner.file(f"{number}/file", mode=0o444)
        corner.file(f"{number}/below/file", mode=0o400)
        os.chmod(f"{number}/below", 0o555)
        os.chmod(f"{number}", 0o555)


def ordinary(corner: Corner) -> None:
    """What a source tree looks like: a few hundred files, most of them small."""
    for number in range(400):
        directory = f"{number % 7}/{number % 31}"
        os.makedirs(directory, exist_ok=True)
        corner.file(f"{directory}/{number}", min(int(corner.random.lognormvariate(8, 1.6)), MIB))


FEATURES = {
    "ordinary": Feature(ordinary, "a few hundred files as in a source tree"),
    "sizes": Feature(sizes, "sizes around every block boundary"),
    "large": Feature(large, "two files of tens of megabytes"),
    "types": Feature(types, "FIFOs and every sort of symbolic link"),
    "sockets": Feature(sockets, "a socket"),
    "devices": Feature(devices, "device nodes", needs_root=True),
    "times": Feature(times, "before 1970, after 2038, nanoseconds", sets_times=True),
    "modes": Feature(modes, "files of all modes, 0000 to 7777"),
    "directory-modes": Feature(directory_modes, "directories of odd modes, with content"),
    "owners": Feature(owners, "other people's files", needs_root=True),
    "xattrs": Feature(xattrs, "user attributes"),
    "trusted-xattrs": Feature(trusted_xattrs, "root's attributes", needs_root=True),
    "capabilities": Feature(capabilities, "file capabilities", needs_root=True),
    "acls": Feature(acls, "access and default ACLs"),
    "hard-links": Feature(hard_links, "names that share an inode, across directories"),
    "sparse": Feature(sparse, "holes everywhere, one file of 96 MiB"),
    "names": Feature(names, "every byte, newlines, 255 bytes"),
    "deep": Feature(deep, "180 levels"),
    "abyss": Feature(abyss, "deeper than any path can say", default=False),
    "empty-directories": Feature(empty_directories, "nothing but directories"),
    "wide": Feature(wide, "5,000 entries in one directory"),
    "read-only-directories": Feature(read_only_directories, "directories without write permission"),
}
