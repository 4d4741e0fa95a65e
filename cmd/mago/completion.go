package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct{}

// Run prints a completion for bash-completion(7), made from the command tree; module names come from the catalog.
func (c *completionCommand) Run(a *app) error { return writeCompletion(a.screen.out) }

// completionScript finds the command and the flag whose value the word under the cursor is. Bash itself has parted --flag=value
// at the sign, which is a word of its own.
const completionScript = `_mago() {
	local cur=${COMP_WORDS[COMP_CWORD]} command= flag= word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $word == = ]]; then
			flag=${flag:-=}
		elif [[ -n $flag ]]; then
			flag=
		else
			case $word in
			%s) flag=$word ;;
			-[!-]*[%s]) flag=-${word: -1} ;;
			-*) ;;
			*) command=${command:-$word} ;;
			esac
		fi
	done
	if [[ $cur == = ]]; then
		cur= flag=${flag:-=}
	fi
	COMPREPLY=()
	case $flag in
%s	?*) ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W '%s' -- "$cur")
		elif [[ -z $command ]]; then
			mapfile -t COMPREPLY < <(compgen -W '%s' -- "$cur")
		elif [[ $cur == */* ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W "all alli allu $(mago list 2>/dev/null | awk 'NR>1{print $1, $2}')" -- "$cur")
		fi
		;;
	esac
}
complete -F _mago mago
`

func writeCompletion(w io.Writer) error {
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	var flags, commands []string
	var values strings.Builder
	for _, flag := range parser.Model.Flags {
		flags = append(flags, "--"+flag.Name)
		if offer := valuesOf(flag); offer != "" {
			fmt.Fprintf(&values, "\t%s) %s ;;\n", strings.Join(flagNames(flag), "|"), offer)
		}
	}
	for _, node := range offered(parser.Model) {
		commands = append(append(commands, node.Name), node.Aliases...)
	}
	valued := slices.Sorted(maps.Keys(valuedFlags()))
	letters := ""
	for _, name := range valued {
		if letter, short := strings.CutPrefix(name, "-"); short && len(letter) == 1 {
			letters += letter
		}
	}
	_, err = fmt.Fprintf(w, completionScript, strings.Join(valued, "|"), letters, &values, strings.Join(flags, " "), strings.Join(commands, " "))
	return err
}

// valuesOf is the command that completes a flag's value, "" where nothing is known of it.
func valuesOf(flag *kong.Flag) string {
	const offer = `mapfile -t COMPREPLY < <(compgen %s -- "$cur")`
	switch {
	case flag.Enum != "":
		return fmt.Sprintf(offer, "-W '"+strings.ReplaceAll(flag.Enum, ",", " ")+"'")
	case strings.HasPrefix(flag.PlaceHolder, "DIR"):
		return "compopt -o filenames 2>/dev/null; " + fmt.Sprintf(offer, "-d")
	case flag.PlaceHolder == "KERNELS":
		return fmt.Sprintf(offer, `-W "`+strings.Join(kernelWords, " ")+` $(ls /lib/modules 2>/dev/null)"`)
	}
	return ""
}
