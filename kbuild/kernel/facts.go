package kernel

import (
	"sync"

	"mago/debpkg/codec"
	"mago/debpkg/word"
)

// Facts are what a plan asks of an opened kernel, kept so that planning opens none.
type Facts struct {
	Release, Headers, Build, Common string
	Compiler                        word.Program
	Arch                            string
	Compression                     codec.Format `json:",omitempty"`
	Modules                         string       // see Kernel.ModulesDir
	Config                          string       // see Kernel.ConfigSum
	Hash                            string       // see Kernel.Hash
}

// Facts are those of a kernel; ok is false where programs of this machine have a part in them.
func (k Kernel) Facts() (f Facts, ok bool) {
	hash, err := k.Hash()
	if err != nil || !k.insists {
		return Facts{}, false
	}
	return Facts{
		Release: k.Release, Headers: k.Headers, Build: k.Build, Common: k.Common, Compiler: k.Compiler, Arch: k.Arch,
		Compression: k.Compression, Modules: k.ModulesDir, Config: k.ConfigSum(), Hash: hash,
	}, true
}

// Without is a kernel whose packages are not here any more: what is known of it, and no files.
func (k Kernel) Without() Kernel {
	k.Headers, k.Build, k.headers, k.mounts, k.config, k.shape = "", "", headers{}, nil, nil, nil
	return k
}

// Kernel is the kernel that the facts are of, whose packages these are. It reads them when they are asked for.
func (f Facts) Kernel(o Opened) Kernel {
	k := Kernel{
		Release: f.Release, Headers: f.Headers, Build: f.Build, Common: f.Common, Compiler: f.Compiler, Arch: f.Arch,
		Compression: f.Compression, ModulesDir: f.Modules, Package: o.Package, Version: o.Version,
		insists: true, headers: headers{o, f.Headers}, mounts: sync.OnceValue(o.mounts),
		sumOf: func() string { return f.Config }, hash: func() (string, error) { return f.Hash, nil },
	}
	k.config = sync.OnceValue(func() Config {
		text, err := k.headers.read(".config")
		if err != nil {
			return nil
		}
		return ParseConfig(text)
	})
	k.shape = sync.OnceValues(k.formed)
	return k
}
