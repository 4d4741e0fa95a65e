package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mago/cmd/mago/internal/engine"
	"mago/kbuild/sandbox"
	"mago/kbuild/signing"
)

type completionCommand struct {
	Kind string `arg:"" optional:"" name:"kind" help:"Print the modules that are known, built, kept or here instead."`
}

// Run prints a completion for bash-completion(7), made from the command tree, or the names that it asks for.
func (c *completionCommand) Run(a *app, ctx context.Context) error {
	if c.Kind == "" {
		return writeCompletion(a.screen.out)
	}
	if !slices.Contains(offeredNames, c.Kind) {
		return misuse("", "no names of the kind %s", c.Kind)
	}
	return a.printNames(ctx, c.Kind)
}

// completionScript finds the command and the flag whose value the word under the cursor is. Bash itself has parted --flag=value
// at the sign, which is a word of its own. What programs print is read line by line and never expanded; a word that would mean
// something to the shell once it is on the command line is not offered. What stands before a comma stays as it is.
const completionScript = `_mago_offer() {
	local word
	for word; do
		if [[ $word == "$cur"* && $word == [A-Za-z0-9-]* && $word != *[!A-Za-z0-9._+~:=-]* && ,$before != *",$word,"* ]]; then
			COMPREPLY+=("$before$word")
		fi
	done
}
_mago_list() {
	if [[ $cur == *,* && $cur != *[!A-Za-z0-9._+~:,*?-]* ]]; then
		before=${cur%%,*}, cur=${cur##*,}
	fi
}
_mago_kernels() {
	local releases
	_mago_list
	mapfile -t releases < <(command ls /lib/modules 2>/dev/null)
	_mago_offer %[1]s "${releases[@]}"
}
_mago_limits() {
	compopt -o nospace 2>/dev/null
	_mago_offer %[2]s
}
_mago_dirs() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}
_mago_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_mago_key() {
	if [[ -z $first ]]; then
		_mago_offer %[10]s
	elif [[ $first == @(import|revoke) ]]; then
		_mago_files
	fi
}
_mago_sources() {
	local path
	compopt -o filenames 2>/dev/null
	while IFS= read -r path; do
		if [[ -d $path || $path == *.tar || $path == *.tar.* || $path == *.t[gbx]z* ]]; then
			COMPREPLY+=("$path")
		fi
	done < <(compgen -f -- "$cur")
}
_mago_modules() {
	local names
	_mago_list
	mapfile -t names < <(mago "${place[@]}" completion "$1" 2>/dev/null)
	if (( ${#names[@]} )); then
		_mago_offer "${@:2}" "${names[@]}"
	fi
}
_mago() {
	local cur=${COMP_WORDS[COMP_CWORD]} before= command= first= flag= word place=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $word == = ]]; then
			flag=${flag:-=}
		elif [[ -n $flag ]]; then
			if [[ $flag == @(-u|--user-dir|--userdir|--root) && -d $word ]]; then
				place+=("$flag" "$word")
			fi
			flag=
		else
			case $word in
			%[3]s) flag=$word ;;
			-[!-]*[%[4]s]) flag=-${word: -1} ;;
			-*) ;;
			*) if [[ -z $command ]]; then command=$word; else first=${first:-$word}; fi ;;
			esac
		fi
	done
	if [[ $cur == = ]]; then
		cur= flag=${flag:-=}
	fi
	COMPREPLY=()
	case $flag in
	'') ;;
%[5]s	*) return ;;
	esac
	if [[ $cur == -* ]]; then
		case ${command##*,} in
%[6]s		*) _mago_offer %[7]s ;;
		esac
		return
	fi
	case ${command##*,} in
	'') _mago_list; _mago_offer %[8]s ;;
%[9]s	esac
}
complete -F _mago mago
`

func writeCompletion(w io.Writer) error {
	valued := slices.Sorted(maps.Keys(valuedFlags()))
	letters := ""
	for _, name := range valued {
		if letter, short := strings.CutPrefix(name, "-"); short && len(letter) == 1 {
			letters += letter
		}
	}
	var values, options, words strings.Builder
	for _, flag := range everyFlag(grammar()) {
		if offer := valuesOf(flag); offer != "" {
			fmt.Fprintf(&values, "\t%s) %s; return ;;\n", strings.Join(flagNames(flag), "|"), offer)
		}
	}
	for _, node := range offered(grammar()) {
		called := strings.Join(append([]string{node.Name}, node.Aliases...), "|")
		fmt.Fprintf(&options, "\t\t%s) _mago_offer %s ;;\n", called, strings.Join(longNames(heeded(node)), " "))
		if offer := wordsOf(node); offer != "" {
			fmt.Fprintf(&words, "\t%s) %s ;;\n", called, offer)
		}
	}
	_, err := fmt.Fprintf(w, completionScript, strings.Join(engine.KernelWords, " "), strings.Join(sandbox.LimitNames, "= ")+"=", strings.Join(valued, "|"), letters,
		&values, &options, strings.Join(longNames(grammar().Flags), " "), strings.Join(commandNames(grammar()), " "), &words,
		strings.Join(keyActionNames, " "))
	return err
}

// heeded are a command's own options, those of all that mean something to it, and those that are the same for each.
func heeded(node *kong.Node) []*kong.Flag {
	flags := optionsFor(grammar(), node)
	for _, group := range optionGroups {
		for _, use := range group.uses {
			if use.commands == "" {
				flags = append(flags, flagCalled(grammar().Flags, "--"+use.name))
			}
		}
	}
	return flags
}

// longNames are the names of options that may be offered: none that takes a check away.
func longNames(flags []*kong.Flag) []string {
	var names []string
	for _, flag := range flags {
		if !weakens(flag) && !flag.Hidden {
			names = append(names, "--"+flag.Name)
		}
	}
	return names
}

// valuesOf is the command that completes a flag's value, "" where nothing is known of it.
func valuesOf(flag *kong.Flag) string {
	switch {
	case flag.Name == "sandbox":
		return "_mago_offer " + strings.Join(offeredSandboxes, " ")
	case flag.Name == "limit":
		return "_mago_limits"
	case flag.Name == "sudo-cmd":
		return "_mago_offer sudo"
	case flag.Name == "algorithm":
		return "_mago_offer " + strings.Join(signing.Algorithms, " ")
	case strings.HasPrefix(flag.PlaceHolder, "DIR"):
		return "_mago_dirs"
	case flag.PlaceHolder == "FILE":
		return "_mago_files"
	case flag.PlaceHolder == "KERNELS":
		return "_mago_kernels"
	}
	return ""
}

// offeredKinds are the modules that commands are completed with where those are not all that are known.
var offeredKinds = map[string]string{
	"install": "built all alli", "clean": "kept all", "purge": "kept", "status": "here alli", "prepare": "known",
}

// wordsOf is the command that completes a command's arguments, "" where nothing is known of them.
func wordsOf(node *kong.Node) string {
	if len(node.Positional) == 0 {
		return ""
	}
	switch node.Positional[0].Name {
	case "action":
		return "_mago_key"
	case "topic":
		return "_mago_offer " + strings.Join(append(commandNames(grammar()), helpTopics()...), " ")
	case "module":
		kind := offeredKinds[node.Name]
		if kind == "" {
			kind = "known all alli allu"
		}
		if slices.Contains(calling, node.Name) {
			return `if [[ $cur == */* || $cur == . || $cur == .. ]]; then _mago_sources; else _mago_modules ` + kind + "; fi"
		}
		return "_mago_modules " + kind
	}
	return ""
}
