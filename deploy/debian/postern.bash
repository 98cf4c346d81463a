# Completion of postern(1) for bash.
# shellcheck shell=bash

# Options stand with what follows them: --ttl=15m.
_postern() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words='' option
  if [ "$COMP_CWORD" = 1 ]; then
    words="${!_postern_options[*]} --help --version"
  else
    for option in ${_postern_options[${COMP_WORDS[1]}]:-}; do
      if [ "$option" != "${option%%=*}" ] && [ "$previous" = "${option%%=*}" ]; then
        if [[ ${option#*=} == *FILE* ]]; then mapfile -t COMPREPLY < <(compgen -f -- "$word"); else COMPREPLY=(); fi
        return
      fi
      words+=" ${option%%=*}"
    done
    if [ "${COMP_WORDS[1]}" = explain ]; then words+=' GET HEAD POST PUT PATCH DELETE OPTIONS'; fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _postern postern
