# Completion of postern(1) for bash.
# shellcheck shell=bash

_postern() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=''
  if [ "$COMP_CWORD" = 1 ]; then
    words='serve check token explain health drain --help --version'
  else
    case ${COMP_WORDS[1]}:$previous in
      drain:--after | token:--uid | token:--ttl | token:--claim | explain:--token) return ;;
      token:*) words='--uid --ttl --claim' ;;
      health:*) words='--ready' ;;
      drain:*) words='--after --wait' ;;
      explain:*) words='--token --header --json --batch GET HEAD POST PUT PATCH DELETE OPTIONS' ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _postern postern
