# SPDX-License-Identifier: MIT
"""Fresh filesystems on fresh devices.

An image is a nameless file, so nothing of it stays behind; a loop device over it goes away with
its mount.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from . import throttle
from .command import find, run

KINDS = ("ext4", "xfs", "btrfs", "vfat", "exfat", "tmpfs")
DEVICES = {"ram": "loop device over a file in memory, direct I/O: a fast drive",
           "disk": "loop device over a file on the real disk, direct I/O",
           "slow": "as ram, throttled to a USB stick's speed",
           "memory": "no device: tmpfs"}
MIB = 1024 * 1024
SMALLEST_BYTES = 512 * MIB
# ext4 gets an inode for so many bytes, unless there are more files than that.
BYTES_PER_INODE = 16384
# ext4 would otherwise go on initialising itself in the background, during the measurement.
MOUNT_OPTIONS = {"ext4": "noatime,noinit_itable", "xfs": "noatime,nouuid"}


@dataclass(frozen=True)
class Place:
    """A kind of filesystem on a kind of device: ext4@ram."""

    kind: str
    device: str

    @staticmethod
    def parse(text: str) -> "Place":
        kind, _, device = text.partition("@")
        device = device or ("memory" if kind == "tmpfs" else "ram")
        if kind not in KINDS or device not in DEVICES:
            raise ValueError(f"{text}: not FILESYSTEM@DEVICE, such as ext4@ram")
        return Place(kind, device)

    def __str__(self) -> str:
        return self.kind if self.device == "memory" else f"{self.kind}@{self.device}"

    def missing(self) -> str | None:
        """The program that makes it, if that is not installed."""
        if self.kind == "tmpfs" or find(f"mkfs.{self.kind}"):
            return None
        return f"mkfs.{self.kind}"


@dataclass(frozen=True)
class Room:
    """How much must fit."""

    size: int
    files: int

    def volume_bytes(self) -> int:
        needed = self.size * 5 // 4 + self.files * 5120 + SMALLEST_BYTES
        return -(-needed // MIB) * MIB


class Volume:
    """One filesystem, mounted on `point` or not. `directory` is where its image lies."""

    def __init__(self, place: Place, point: str, directory: str, room: Room) -> None:
        self.place, self.point, self.room = place, point, room
        self._directory = directory
        self._image = -1
        self._device = ""
        self.is_mounted = False
        os.makedirs(point, exist_ok=True)

    def make(self) -> "Volume":
        """Makes an empty filesystem and mounts it."""
        if self.place.kind != "tmpfs":
            self._image = self._new_image()
            os.truncate(self._image, self.room.volume_bytes())
            run(f"mkfs.{self.place.kind}", *self._mkfs_options(), self._image_path())
        self.mount()
        return self

    def clone(self, point: str) -> "Volume":
        """A copy of this volume's image on another mount point. This one must not be mounted."""
        other = Volume(self.place, point, self._directory, self.room)
        other._image = other._new_image()
        os.truncate(other._image, self.room.volume_bytes())
        run("cp", "--sparse=always", "--reflink=auto", self._image_path(), other._image_path())
        other.mount()
        return other

    def mount(self) -> None:
        options = MOUNT_OPTIONS.get(self.place.kind, "noatime")
        if self.place.kind == "tmpfs":
            size = self.room.volume_bytes()
            run("mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=0,{options}", "haul-bench",
                self.point)
        else:
            self._attach()
            run("mount", "-t", self.place.kind, "-o", options, self._device, self.point)
            # From now on the device goes away when it is unmounted.
            run("losetup", "--detach", self._device)
        self.is_mounted = True

    def unmount(self) -> None:
        """A tmpfs is gone for good then."""
        if not self.is_mounted:
            return
        run("umount", self.point)
        self.is_mounted = False
        if self.place.device == "slow":
            throttle.release(self._device_numbers())

    def sync(self) -> None:
        run("sync", "--file-system", self.point)

    def close(self) -> None:
        self.unmount()
        if self._image >= 0:
            os.close(self._image)
            self._image = -1

    def __enter__(self) -> "Volume":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def device(self) -> str:
        """The block device's path; empty for tmpfs."""
        return self._device

    def _attach(self) -> None:
        self._device = run("losetup", "--find", "--show", "--direct-io=on",
                           self._image_path()).strip()
        if self.place.device == "slow":
            throttle.slow_down(self._device_numbers())

    def _device_numbers(self) -> str:
        return Path(f"/sys/block/{os.path.basename(self._device)}/dev").read_text().strip()

    def _new_image(self) -> int:
        return os.open(self._directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def _image_path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._image}"

    def _mkfs_options(self) -> list[str]:
        if self.place.kind == "ext4":
            inodes = max(self.room.volume_bytes() // BYTES_PER_INODE, self.room.files * 5 // 4)
            return ["-q", "-F", "-N", str(inodes)]
        return {"xfs": ["-q"], "btrfs": ["-q"], "exfat": ["-q"]}.get(self.place.kind, [])


class Storage:
    """Where volumes of each kind of device lie."""

    def __init__(self, scratch: str, disk: str, stack: contextlib.ExitStack) -> None:
        self._scratch, self._disk, self._stack = scratch, disk, stack
        self._count = 0

    def volume(self, place: Place, room: Room) -> Volume:
        """A volume that isn't made yet. It is closed at the latest with the harness."""
        directory = self._disk if place.device == "disk" else self._scratch
        volume = Volume(place, self.point(), directory, room)
        self._stack.push(volume)
        return volume

    def point(self) -> str:
        self._count += 1
        return f"{self._scratch}/volume-{self._count}"
