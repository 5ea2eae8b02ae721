#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul serial term, as a person at a terminal uses it.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

need_program python3

# at_terminal SCRIPT [OPTION...]: runs haul serial term on a terminal of its own, and SCRIPT, a file
# in Python, as the person: type(text), see(text) waits for it on the screen, device(text) lets the
# device say something, device_gets(text) waits for what it is told, end() waits for the end and gives
# the exit status.
at_terminal()
{
	cat >"$WORK/person" <<-'EOF'
		import os, pty, select, signal, sys, termios, time
		haul, port, device_path, script = sys.argv[1:5]
		dev = os.open(device_path, os.O_RDWR | os.O_NOCTTY)
		master, slave = pty.openpty()
		before = termios.tcgetattr(slave)
		pid = os.fork()
		if pid == 0:
		    os.setsid()
		    for fd in 0, 1, 2: os.dup2(slave, fd)
		    os.execv(haul, [haul, 'serial', 'term'] + sys.argv[5:] + [port])
		seen = {master: b'', dev: b''}
		def wait(fd, text, what):
		    end = time.time() + 10
		    while text not in seen[fd]:
		        left = end - time.time()
		        if left <= 0: sys.exit('%s: waited for %r, saw %r' % (what, text, seen[fd]))
		        if select.select([fd], [], [], left)[0]: seen[fd] += os.read(fd, 4096)
		    seen[fd] = seen[fd].split(text, 1)[1]
		def see(text): wait(master, text, 'screen')
		def device_gets(text): wait(dev, text, 'device')
		def type(text): os.write(master, text)
		def device(text): os.write(dev, text)
		def end():
		    status = os.waitpid(pid, 0)[1]
		    # Restoring may still be under way when the parent was killed.
		    for _ in range(200):
		        if termios.tcgetattr(slave) == before: break
		        time.sleep(0.01)
		    else: sys.exit('the terminal was not restored')
		    return os.waitstatus_to_exitcode(status)
		def children(pid):
		    return [int(n) for n in open('/proc/%d/task/%d/children' % (pid, pid)).read().split()]
		see(b'Ctrl-T q to end')
		assert termios.tcgetattr(slave) != before
		exec(open(script).read())
	EOF
	local script=$1
	shift
	timeout 30 python3 "$WORK/person" "$HAUL" "$WORK/port" "$WORK/device" "$script" "$@"
}

test_a_session_talks_both_ways()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		type(b'hello\r'); device_gets(b'hello\r')
		device(b'hi there\r\n'); see(b'hi there\r\n')
		type(b'\x03\x1a\x04'); device_gets(b'\x03\x1a\x04')
		type(b'\x14\x14'); device_gets(b'\x14')
		type(b'\x14?'); see(b'end the session')
		type(b'\x14s'); see(b'115200 8N1')
		type(b'\x14l'); see(b'no such thing')
		type(b'\x14q'); assert end() == 0
	EOF
	at_terminal "$WORK/script"
}

test_views_are_toggled()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		type(b'\x14e'); see(b'local echo is on')
		type(b'abc'); see(b'abc'); device_gets(b'abc')
		type(b'\x14x'); see(b'hexadecimal is on')
		device(b'\x00\xff'); see(b'00 ff')
		type(b'\x14x\x14t'); see(b'timestamp is on')
		device(b'\nline\n'); see(b'] line\n')
		type(b'\x14q'); assert end() == 0
	EOF
	at_terminal "$WORK/script"
}

test_line_ends_are_mapped_and_logged()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		type(b'a\r'); device_gets(b'a\r\n')
		device(b'b\n'); see(b'b\r\n')
		type(b'\x14q'); assert end() == 0
	EOF
	at_terminal "$WORK/script" --map out-cr-crlf,in-lf-crlf --log "$WORK/log"
	expect_equal "the log" b "$(cat "$WORK/log")"
}

test_a_file_is_sent()
{
	cable
	head -c 20000 /dev/zero | tr '\0' x >"$WORK/file"
	echo the-end >>"$WORK/file"
	cat >"$WORK/script" <<-EOF
		type(b'\x14f'); see(b'file to send')
		type(b'$WORK/file\r'); device_gets(b'the-end'); see(b'sent 20008 bytes')
		type(b'\x14q'); assert end() == 0
	EOF
	at_terminal "$WORK/script"
}

test_the_terminal_is_restored_when_the_session_is_killed()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		os.kill(children(pid)[0], signal.SIGKILL)
		assert end() == 1
	EOF
	at_terminal "$WORK/script"
}

test_the_terminal_is_restored_when_the_guard_is_killed()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		os.kill(pid, signal.SIGKILL)
		assert end() == -9
	EOF
	at_terminal "$WORK/script"
}

test_a_termination_ends_the_session()
{
	cable
	cat >"$WORK/script" <<-'EOF'
		os.kill(pid, signal.SIGTERM)
		assert end() == 0
	EOF
	at_terminal "$WORK/script"
}

# What was typed while the port was gone is not for the port that comes.
test_a_port_that_comes_back_gets_nothing_old()
{
	cable
	cat >"$WORK/script" <<-EOF
		import subprocess
		os.kill($CABLE, signal.SIGTERM)
		see(b'is gone: waiting for it')
		type(b'old words\r')
		subprocess.Popen(['socat', 'PTY,link=$WORK/port,raw,echo=0',
		    'PTY,link=$WORK/device,raw,echo=0'], preexec_fn=lambda:
		    open('$WORK/second', 'w').write(str(os.getpid())))
		see(b'is there')
		dev = os.open('$WORK/device', os.O_RDWR | os.O_NOCTTY)
		seen[dev] = b''
		type(b'new words\r')
		end_of = time.time() + 10
		while b'new words' not in seen[dev] and time.time() < end_of:
		    seen[dev] += os.read(dev, 4096)
		assert seen[dev] == b'new words\r', seen[dev]
		type(b'\x14q'); assert end() == 0
	EOF
	at_terminal "$WORK/script"
	kill "$(cat "$WORK/second")"
}

test_no_reconnect_ends_the_session()
{
	cable
	cat >"$WORK/script" <<-EOF
		os.kill($CABLE, signal.SIGTERM)
		see(b'is gone')
		assert end() == 1
	EOF
	at_terminal "$WORK/script" --no-reconnect
}

test_input_from_a_pipe_is_sent()
{
	cable
	cat "$WORK/device" >"$WORK/got" 2>/dev/null &
	printf 'from a pipe' | timeout 20 "$HAUL" serial term "$WORK/port" >"$WORK/out"
	wait_until 5 grep -q 'from a pipe' "$WORK/got"
}

run_tests "$@"
