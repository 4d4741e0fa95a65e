package word

import (
	"strconv"
	"strings"
)

// Package is the name of a package, source or binary, by Debian Policy 5.6.1. One that ends in a hyphen is none here, though
// the Policy lets it: apt-get would remove the package whose name stands before that.
type Package = word[packageName]

// ParsePackage fails with an *Error.
func ParsePackage(text string) (Package, error) { return parse[packageName](text) }

type packageName struct{}

func (packageName) rules() rules {
	return rules{
		kind: "package name", why: "not two or more of a-z, 0-9, +, -, . that begin with a letter or digit",
		first: lower + digits, rest: lower + digits + "+-.", least: 2, most: 128,
		more: func(text string) string {
			if strings.HasSuffix(text, "-") {
				return "a hyphen at its end, by which apt-get would remove a package"
			}
			return ""
		},
	}
}

// Name is what mago calls a module's source, which the names of its packages begin with: like a Package, but a single
// character is enough.
type Name = word[sourceName]

// ParseName fails with an *Error.
func ParseName(text string) (Name, error) { return parse[sourceName](text) }

type sourceName struct{}

func (sourceName) rules() rules {
	return rules{
		kind: "source name", why: "not a-z, 0-9, +, -, . that begin with a letter or digit",
		first: lower + digits, rest: lower + digits + "+-.", most: 100,
	}
}

// Version is a package's version by Debian Policy 5.6.12.
type Version = word[packageVersion]

// ParseVersion fails with an *Error.
func ParseVersion(text string) (Version, error) { return parse[packageVersion](text) }

type packageVersion struct{}

func (packageVersion) rules() rules {
	return rules{
		kind: "version", why: "not [epoch:]upstream[-revision] with a digit first and letters, digits, ., +, -, ~ after it",
		first: digits, rest: letters + digits + ".+-~:", most: 200, more: brokenVersion,
	}
}

// brokenVersion is about what characters alone do not tell; dpkg keeps the epoch in an int.
func brokenVersion(text string) string {
	epoch, upstream, ok := strings.Cut(text, ":")
	if !ok {
		epoch, upstream = "0", text
	}
	switch _, err := strconv.ParseInt(epoch, 10, 32); {
	case foreign(epoch, digits), upstream == "", !strings.Contains(digits, upstream[:1]), strings.Contains(upstream, ":"):
		return packageVersion{}.rules().why
	case err != nil:
		return "epoch " + shortened(epoch) + " is too large"
	case strings.HasSuffix(text, "-"):
		return "revision is empty"
	}
	return ""
}

func shortened(text string) string { return text[:min(len(text), maxShown)] }

// Architecture is the name of one of dpkg's architectures, or "all".
type Architecture = word[architecture]

// ParseArchitecture fails with an *Error.
func ParseArchitecture(text string) (Architecture, error) { return parse[architecture](text) }

type architecture struct{}

func (architecture) rules() rules {
	const why = "not the name of one architecture"
	return rules{
		kind: "architecture", why: why, first: lower + digits, rest: lower + digits + "-", most: 40,
		more: func(text string) string {
			if text == "any" || text == "source" {
				return why
			}
			return ""
		},
	}
}
