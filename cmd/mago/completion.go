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
// at the sign, which is a word of its own. What programs print is read line by line and never expanded; a word that would mean
// something to the shell once it is on the command line is not offered.
const completionScript = `_mago_offer() {
	local word
	for word; do
		if [[ $word == "$cur"* && $word == [A-Za-z0-9-]* && $word != *[!A-Za-z0-9._+~:-]* ]]; then
			COMPREPLY+=("$word")
		fi
	done
}
_mago_offer_releases() {
	local releases
	mapfile -t releases < <(command ls /lib/modules 2>/dev/null)
	_mago_offer "${releases[@]}"
}
_mago_offer_modules() {
	local line lines module package rest
	mapfile -t -s 1 lines < <(mago list 2>/dev/null)
	for line in "${lines[@]}"; do
		IFS=$' \t' read -r module package rest <<<"$line"
		_mago_offer "$module" "$package"
	done
}
_mago() {
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
			_mago_offer %s
		elif [[ -z $command ]]; then
			_mago_offer %s
		elif [[ $cur == */* ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			_mago_offer all alli allu
			_mago_offer_modules
		fi
		;;
	esac
}
complete -F _mago mago
`

func writeCompletion(w io.Writer) error {
	var flags, commands []string
	var values strings.Builder
	for _, flag := range grammar().Flags {
		if weakens(flag) {
			continue
		}
		flags = append(flags, "--"+flag.Name)
		if offer := valuesOf(flag); offer != "" {
			fmt.Fprintf(&values, "\t%s) %s ;;\n", strings.Join(flagNames(flag), "|"), offer)
		}
	}
	for _, node := range offered(grammar()) {
		commands = append(append(commands, node.Name), node.Aliases...)
	}
	valued := slices.Sorted(maps.Keys(valuedFlags()))
	letters := ""
	for _, name := range valued {
		if letter, short := strings.CutPrefix(name, "-"); short && len(letter) == 1 {
			letters += letter
		}
	}
	_, err := fmt.Fprintf(w, completionScript, strings.Join(valued, "|"), letters, &values, strings.Join(flags, " "), strings.Join(commands, " "))
	return err
}

// valuesOf is the command that completes a flag's value, "" where nothing is known of it.
func valuesOf(flag *kong.Flag) string {
	switch {
	case flag.Name == "sandbox":
		return "_mago_offer " + strings.Join(offeredSandboxes, " ")
	case strings.HasPrefix(flag.PlaceHolder, "DIR"):
		return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur")`
	case flag.PlaceHolder == "KERNELS":
		return "_mago_offer " + strings.Join(kernelWords, " ") + "; _mago_offer_releases"
	}
	return ""
}
