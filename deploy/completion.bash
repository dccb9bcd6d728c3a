# Completion for bash: source deploy/completion.bash. Asks the program itself, so it is never stale.

_tributary() {
  local program=$1 word=${COMP_WORDS[COMP_CWORD]} path=() i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == [a-z]* && ${#path[@]} -lt 2 ]] && path+=("${COMP_WORDS[i]}")
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" "${path[@]:0:1}" --help 2>/dev/null | grep --only-matching -E -- '--[a-z]+[a-z-]*' | sort --unique)" -- "$word")
    return
  fi
  if ((COMP_CWORD == 1)) || { ((COMP_CWORD == 2)) && [[ ${path[0]} == data ]]; }; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" "${path[@]}" --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')" -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -o nosort -F _tributary tributary
