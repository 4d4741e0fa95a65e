package main

import (
	"fmt"
	"io"
	"strings"
)

type completionCommand struct{}

// Run prints a completion for bash-completion(7), made from the command tree; module names come from the catalog.
func (c *completionCommand) Run(a *app) error { return writeCompletion(a.screen.out) }

const completionScript = `_mago() {
	local cur=${COMP_WORDS[COMP_CWORD]} word command=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in -*) ;; *) command=$word; break ;; esac
	done
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '%s' -- "$cur"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W '%s' -- "$cur"))
	elif [[ $cur == */* ]]; then
		COMPREPLY=($(compgen -f -- "$cur"))
	else
		COMPREPLY=($(compgen -W "all alli allu $(mago list 2>/dev/null | awk 'NR>1{print $1, $2}')" -- "$cur"))
	fi
}
complete -F _mago mago
`

func writeCompletion(w io.Writer) error {
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	var flags, commands []string
	for _, flag := range parser.Model.Flags {
		flags = append(flags, "--"+flag.Name)
	}
	for _, node := range visible(parser.Model) {
		commands = append(append(commands, node.Name), node.Aliases...)
	}
	_, err = fmt.Fprintf(w, completionScript, strings.Join(flags, " "), strings.Join(commands, " "))
	return err
}
