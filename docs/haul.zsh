#compdef haul
# SPDX-License-Identifier: MIT

@GENERATED@

_haul()
{
	if (( CURRENT == 2 )); then
		_haul_commands
		return
	fi
	local -a verbs
	local command=$words[2]
	shift words
	(( CURRENT-- ))
	_haul_verbs $command
	if (( $#verbs )); then
		if (( CURRENT == 2 )); then
			_describe verb verbs
			return
		fi
		command="$command $words[2]"
		shift words
		(( CURRENT-- ))
	fi
	_haul_command $command
}

_haul "$@"
