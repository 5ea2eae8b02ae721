#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a test in a virtual machine: machine.py DIRECTORY TEST STICK

DIRECTORY holds what tests/vm/prepare made, STICK is the image of a USB stick. The guest asks for what
only a host can do, a line each on its second serial port, and gets "ok" when it is done:

    plug, unplug                 the USB stick
    plug-serial, unplug-serial   a USB serial port
    break                        a break on the third serial port
    exit STATUS                  ends the test with that status

The machine is emulated, so that it runs anywhere; it is stopped after a time limit.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SECONDS_MAX = 240
WRITE_BYTES_PER_S = 20_000_000  # slow enough to be pulled in the middle


def wait_for(path, machine):
    """Connects to one of the machine's sockets, once it is there."""
    end = time.monotonic() + 20
    while time.monotonic() < end and machine.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.02)
    sys.exit("machine.py: the machine did not start")


class Monitor:
    """QMP, as QEMU's documentation has it."""

    def __init__(self, connection):
        self.stream = connection.makefile("rw")
        self.stream.readline()
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        """Runs a command and waits for its answer."""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        for line in self.stream:
            answer = json.loads(line)
            if "error" in answer:
                sys.exit(f"machine.py: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return
        sys.exit("machine.py: the monitor is gone")

    def unplug(self, device):
        """Pulls a device out and waits until it is gone."""
        self.call("device_del", id=device)
        for line in self.stream:
            event = json.loads(line)
            if event.get("event") == "DEVICE_DELETED" and event["data"].get("device") == device:
                return


def carry_out(monitor, request):
    """Does what the guest asks for."""
    if request == "plug":
        monitor.call("device_add", driver="usb-storage", id="stick1", drive="stick",
                     bus="xhci.0", removable=True)
    elif request == "unplug":
        monitor.unplug("stick1")
    elif request == "plug-serial":
        monitor.call("device_add", driver="usb-serial", id="serial1", chardev="line",
                     bus="xhci.0", **{"always-plugged": True})
    elif request == "unplug-serial":
        monitor.unplug("serial1")
    elif request == "break":
        monitor.call("chardev-send-break", id="uart")
    else:
        sys.exit(f"machine.py: the guest asks for '{request}'")


def arguments(directory, test, stick, sockets):
    """QEMU's command line."""
    kernel = [name for name in os.listdir(f"{directory}/kernel/boot") if name.startswith("vmlinuz")]
    throttle = {"qom-type": "throttle-group", "id": "slow",
                "limits": {"bps-write": WRITE_BYTES_PER_S}}
    disk = {"driver": "throttle", "node-name": "stick", "throttle-group": "slow",
            "file": {"driver": "raw", "file": {"driver": "file", "filename": stick}}}
    return [
        shutil.which("qemu-system-x86_64") or "qemu-system-x86_64",
        "-accel", "tcg,thread=multi", "-cpu", "max", "-M", "q35", "-smp", "2", "-m", "1024",
        "-display", "none", "-nodefaults", "-no-reboot",
        "-kernel", f"{directory}/kernel/boot/{kernel[0]}", "-initrd", f"{directory}/initramfs",
        "-append", f"console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off haul.test={test}",
        "-serial", "stdio",
        "-chardev", f"socket,id=control,path={sockets}/control,server=on,wait=off",
        "-serial", "chardev:control",
        "-chardev", "null,id=uart", "-serial", "chardev:uart",
        "-qmp", f"unix:{sockets}/monitor,server=on,wait=off",
        "-device", "qemu-xhci,id=xhci", "-chardev", "null,id=line",
        "-object", json.dumps(throttle), "-blockdev", json.dumps(disk),
    ]


def serve(machine, sockets):
    """Serves the guest until it ends; returns its status."""
    monitor = Monitor(wait_for(f"{sockets}/monitor", machine))
    control = wait_for(f"{sockets}/control", machine)
    control.settimeout(SECONDS_MAX)
    for line in control.makefile("r", errors="replace"):
        request = line.strip()
        if request.startswith("exit "):
            return int(request.split()[1])
        carry_out(monitor, request)
        control.sendall(b"ok\n")
    return 1


def main():
    """Runs the test and ends with its status."""
    directory, test, stick = sys.argv[1:]
    with tempfile.TemporaryDirectory() as sockets:
        machine = subprocess.Popen(arguments(directory, test, stick, sockets),
                                   stdin=subprocess.DEVNULL)
        try:
            sys.exit(serve(machine, sockets))
        except TimeoutError:
            sys.exit("machine.py: the guest took too long")
        finally:
            machine.kill()
            machine.wait()


main()
