#compdef haul
# SPDX-License-Identifier: MIT

@GENERATED@

_haul()
{
	if (( CURRENT == 2 )); then
		_haul_commands
		return
	fi
	shift words
	(( CURRENT-- ))
	_haul_command $words[1]
}

_haul "$@"
