# SPDX-License-Identifier: MIT
# bash completion for haul

@GENERATED@

_haul()
{
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option='' values
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_haul_commands)" -- "$word")
		return
	fi
	if [ -n "$(_haul_verbs "$command")" ]; then
		if [ "$COMP_CWORD" = 2 ]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_haul_verbs "$command")" -- "$word")
			return
		fi
		command="$command ${COMP_WORDS[2]}"
	fi
	# Bash makes three words of --option=value.
	if [ "$word" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 1]}=
		word=
	elif [ "${COMP_WORDS[COMP_CWORD - 1]}" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}=
	else
		option=${COMP_WORDS[COMP_CWORD - 1]}
	fi
	values=$(_haul_values "$command $option")
	case $values in
	'')
		case $word in
		-*)
			mapfile -t COMPREPLY < <(compgen -W "$(_haul_options "$command")" -- "$word")
			return
			;;
		esac
		;&
	@file)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	@directory)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		;;
	@nothing) ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word") ;;
	esac
}

complete -F _haul haul
