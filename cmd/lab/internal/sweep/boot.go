package sweep

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mago/cmd/lab/internal/vm"
)

// How long insmod may take, and a whole boot, whose processor is an emulated one.
const (
	insmodSeconds = 60
	bootLimit     = 5 * time.Minute
)

const initScript = `need() {
	insmod "/lib/$1.ko" 2>&1
}

try() {
	echo "mago: begin $1"
	answer=$(timeout -s KILL ` + "%d" + ` insmod "/lib/$1.ko" 2>&1) || answer="${answer:-killed after %[1]d s}"
	echo "mago: end $1 $answer"
}

%[2]secho "mago: all"
`

// initramfs has busybox load modules in this order; those in tried answer.
func initramfs(order []module, tried []string) ([]byte, error) {
	a, err := vm.BusyBox()
	if err != nil {
		return nil, err
	}
	var load strings.Builder
	for _, m := range order {
		a.File("lib/"+m.name+".ko", m.image, 0o644)
		verb := "need"
		if slices.Contains(tried, m.name) {
			verb = "try"
		}
		fmt.Fprintln(&load, verb, m.name)
	}
	a.Init(fmt.Sprintf(initScript, insmodSeconds, load.String()))
	return a.Bytes(), nil
}

// boot has the kernel try modules, in as many machines as it breaks: each one that ends early names a module, and the
// next goes on without it. The consoles are added to the log.
func boot(ctx context.Context, kernel string, order []module, tried []string, log func([]byte)) ([]answer, error) {
	var all []answer
	for left := tried; len(left) > 0; {
		answers, err := bootOnce(ctx, kernel, order, left, log)
		if err != nil {
			return nil, err
		}
		if len(answers) == 0 {
			return nil, fmt.Errorf("%s did not get as far as loading %s", kernel, left[0])
		}
		all = append(all, answers...)
		left = slices.DeleteFunc(slices.Clone(left), func(name string) bool {
			return slices.ContainsFunc(answers, func(a answer) bool { return a.Module == name })
		})
		order = slices.DeleteFunc(slices.Clone(order), func(m module) bool {
			return slices.ContainsFunc(answers, func(a answer) bool { return a.Module == m.name && a.Load == panicked })
		})
	}
	return all, nil
}

func bootOnce(ctx context.Context, kernel string, order []module, tried []string, log func([]byte)) ([]answer, error) {
	image, err := initramfs(order, tried)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	console, err := vm.Boot(limited, kernel, image, 512+4*len(image)>>20)
	log(console)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && limited.Err() == nil {
		return nil, fmt.Errorf("qemu: %w: %s", err, console)
	}
	return readConsole(string(console)), nil
}
