# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A job's processes, for tests that stop and kill them. Source it after lib.sh.

# start_haul ARGUMENT...: in the background, with signals as a shell's user has them. Its process is
# $HAUL_PROCESS; its output goes to $WORK/out and $WORK/err.
start_haul()
{
	env --default-signal=INT,TERM,HUP,PIPE "$HAUL" "$@" >"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

# wait_for_haul: gives its exit status, without the shell's remark about a killed one.
wait_for_haul()
{
	wait "$HAUL_PROCESS" 2>/dev/null
}

# coordinator_process: the child of the process that the user started that has no role.
coordinator_process()
{
	local process
	for process in $(pgrep --parent "$HAUL_PROCESS" || true); do
		tr '\0' '\n' <"/proc/$process/cmdline" | grep -q '^--role=' || echo "$process"
	done 2>/dev/null
}

# role_processes ROLE: those that the job in $HAUL_PROCESS has started and that still run.
role_processes()
{
	local process state parents
	parents=$HAUL_PROCESS,$(coordinator_process | paste -sd,)
	for process in $(pgrep --parent "${parents%,}" --full -- "--role=$1" || true); do
		state=$(ps -o state= -p "$process" || true)
		[ -z "$state" ] || [ "$state" = Z ] || echo "$process"
	done
}

# marked_by ARGUMENT: all processes with that argument, whoever their parent is now. They inherit
# the environment of the job: start it with HAUL_TEST_JOB=ARGUMENT.
marked_by()
{
	grep -lszxF "HAUL_TEST_JOB=$1" /proc/[0-9]*/environ | sed -E 's,^/proc/([0-9]+)/.*,\1,'
}

# How many processors the job may use, and thus how many workers it has.
worker_count()
{
	nproc
}

workers_are_there()
{
	[ "$(role_processes worker | wc -l)" -ge "$(worker_count)" ]
}

# is_gone PROCESS...
is_gone()
{
	local process state
	for process; do
		state=$(ps -o state= -p "$process" || true)
		[ -z "$state" ] || [ "$state" = Z ] || return 1
	done
}

# random_below NUMBER: seeded by RANDOM, so RANDOM=1 makes it repeatable.
random_below()
{
	echo $(((RANDOM << 15 | RANDOM) % $1))
}

# sleep_us MICROSECONDS
sleep_us()
{
	sleep "$(printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)))"
}

# now_us: microseconds of a clock that runs on.
now_us()
{
	local time=$EPOCHREALTIME
	echo $((${time/./}))
}

# measure_us COMMAND...: how long it takes when nothing comes in between, in TOOK_US.
measure_us()
{
	local begin
	begin=$(now_us)
	"$@" || fail "$*: status $?"
	TOOK_US=$(($(now_us) - begin))
}

# sleep_within MICROSECONDS: for a random part of them, the same every time with the same RANDOM.
sleep_within()
{
	sleep_us "$(random_below "$1")"
}

# no_half_files SOURCE COPY: whatever stands under a final name is whole. Names that haul makes for
# unfinished files begin with ".haul.".
no_half_files()
{
	local differences
	[ -d "$2" ] || return 0
	differences=$(diff -r --no-dereference --exclude='.haul.*' "$1" "$2" 2>&1 |
		grep -vF "Only in $1" |
		grep -Ev '^File .* is a (.*) while file .* is a \1$' || true)
	[ -z "$differences" ] || fail "half-written: $differences"
}
