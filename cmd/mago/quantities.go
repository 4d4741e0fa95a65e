package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// ageOption is how long ago something was: a number of hours, days or weeks.
type ageOption time.Duration

// size is a number of bytes: a number with one of the units, each 1024 times the one before.
type size int64

var (
	ageWord  = regexp.MustCompile(`^([0-9]+)([hdw])$`)
	sizeWord = regexp.MustCompile(`^([0-9]+)([KMGT]?)$`)

	hours  = map[string]time.Duration{"h": 1, "d": 24, "w": 7 * 24}
	shifts = map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
)

// Decode is kong's.
func (o *ageOption) Decode(ctx *kong.DecodeContext) error {
	var value string
	if err := ctx.Scan.PopValueInto("age", &value); err != nil {
		return err
	}
	m := ageWord.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("%q is not an age, such as 12h, 30d or 4w", value)
	}
	n, err := strconv.Atoi(m[1])
	if most := 100 * 365 * 24; err != nil || n == 0 || n > most/int(hours[m[2]]) {
		return fmt.Errorf("%q is not an age between an hour and a hundred years", value)
	}
	*o = ageOption(time.Duration(n) * hours[m[2]] * time.Hour)
	return nil
}

// Decode is kong's.
func (s *size) Decode(ctx *kong.DecodeContext) error {
	var value string
	if err := ctx.Scan.PopValueInto("size", &value); err != nil {
		return err
	}
	m := sizeWord.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("%q is not a size, such as 500M or 5G", value)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n > 1<<62>>shifts[m[2]] {
		return fmt.Errorf("%q is more than any disk has", value)
	}
	*s = size(n << shifts[m[2]])
	return nil
}
