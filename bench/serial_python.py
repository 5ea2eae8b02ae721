# SPDX-License-Identifier: MIT
"""The pipeline that haul replaces: pyserial and a copy in one interpreter.

serial_python.py alone|thread|process PORT COUNT BYTES WORD SOURCE DESTINATION

Asks the device COUNT times for BYTES, with WORD before them, and prints p50, p99, p99.9 and the worst
in µs, as bench/serial does: alone; in a thread beside a thread that copies SOURCE to DESTINATION again
and again; or in a process beside such a process."""

import multiprocessing
import shutil
import sys
import threading
import time

import serial


def copy_for_ever(source, destination):
    number = 0
    while True:
        number += 1
        target = '%s/copy%d' % (destination, number)
        shutil.copytree(source, target, symlinks=True)
        shutil.rmtree(target)


def trips(path, count, size, word):
    port = serial.Serial(path, 3000000, timeout=10, exclusive=True)
    data = word.encode() + b'x' * (size - 1) + b'\n'
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        port.write(data)
        if len(port.read(size)) != size:
            sys.exit('no answer')
        taken.append((time.perf_counter() - begun) * 1e6)
    taken.sort()
    print(*('%.1f' % taken[min(count - 1, count * part // 1000)]
            for part in (500, 990, 999, 1000)), flush=True)


def main():
    arrangement, path, count, size, word, source, destination = sys.argv[1:]
    beside = None
    if arrangement == 'thread':
        beside = threading.Thread(target=copy_for_ever, args=(source, destination), daemon=True)
    elif arrangement == 'process':
        beside = multiprocessing.Process(
            target=copy_for_ever, args=(source, destination), daemon=True)
    if beside:
        beside.start()
    trips(path, int(count), int(size), word)


main()
