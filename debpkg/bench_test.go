package debpkg

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	benchSize  = 90 << 20
	benchFiles = 600 // of 150 KiB on average, as in linux-image
)

// BenchmarkWrite90MB packs the same 90 MB of modules with Write and with dpkg-deb. MAGO_BENCH_TREE names a
// directory of real files to pack instead of made ones.
func BenchmarkWrite90MB(b *testing.B) {
	root := os.Getenv("MAGO_BENCH_TREE")
	if root == "" {
		root = benchTree(b)
	}
	p := testPackage()
	p.Files = filesUnder(b, root)
	size := installedSize(p.Files) << 10
	b.Run("mago", func(b *testing.B) {
		dir := b.TempDir()
		b.SetBytes(size)
		for b.Loop() {
			path, err := Write(dir, p, Options{})
			if err != nil {
				b.Fatal(err)
			}
			unpaid(b, func() { os.Remove(path) })
		}
	})
	b.Run("dpkg-deb", func(b *testing.B) {
		needs(b, "dpkg-deb")
		stage := stageForDpkgDeb(b, root, p)
		out := filepath.Join(b.TempDir(), "x.deb")
		b.SetBytes(size)
		for b.Loop() {
			cmd := exec.Command("dpkg-deb", "-Zzstd", "--root-owner-group", "--build", stage, out)
			if msg, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, msg)
			}
			unpaid(b, func() { os.Remove(out) })
		}
	})
}

// unpaid does what the benchmark does not count: with the old package away, no run replaces a file.
func unpaid(b *testing.B, do func()) {
	b.StopTimer()
	do()
	b.StartTimer()
}

// stageForDpkgDeb copies root, as hard links, beside a DEBIAN directory.
func stageForDpkgDeb(b *testing.B, root string, p *Package) string {
	b.Helper()
	stage := filepath.Join(filepath.Dir(root), fmt.Sprintf("stage-%d", os.Getpid()))
	if msg, err := exec.Command("cp", "-al", root, stage).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, msg)
	}
	b.Cleanup(func() { os.RemoveAll(stage) })
	text, err := paragraph(p.Control, installedSize(p.Files))
	if err != nil {
		b.Fatal(err)
	}
	writeFile(b, filepath.Join(stage, "DEBIAN/control"), string(text))
	return stage
}

func filesUnder(tb testing.TB, root string) []File {
	tb.Helper()
	var files []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := OnDisk(path[len(root):], path)
		files = append(files, f)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func benchTree(b *testing.B) string {
	b.Helper()
	root := filepath.Join(b.TempDir(), "tree")
	random := rand.New(rand.NewPCG(1, 2))
	words := vocabulary(random)
	for i := range benchFiles {
		size := benchSize / benchFiles / 2 * (1 + i%3)
		name := fmt.Sprintf("lib/modules/6.1.0-0-bench/updates/dir%02d/module%d.ko", i%20, i)
		writeFile(b, filepath.Join(root, name), string(pseudoELF(random, words, size)))
	}
	return root
}

// vocabulary makes instruction-like sequences, shorter ones first.
func vocabulary(random *rand.Rand) [][]byte {
	words := make([][]byte, 4096)
	for i := range words {
		words[i] = make([]byte, 2+i%11)
		for j := range words[i] {
			words[i][j] = byte(random.Uint32())
		}
	}
	return words
}

// pseudoELF compresses about as well as a stripped module: code of common sequences with random operands,
// then relocations, which are numbers that grow.
func pseudoELF(random *rand.Rand, words [][]byte, size int) []byte {
	out := append(make([]byte, 0, size+64), "\x7fELF\x02\x01\x01\x00"...)
	for len(out) < size*6/10 {
		out = append(out, words[int(random.ExpFloat64()*300)%len(words)]...)
		if random.IntN(4) == 0 {
			out = binary.LittleEndian.AppendUint16(out, uint16(random.Uint32()))
		}
	}
	for offset := uint64(0); len(out) < size; offset += uint64(random.IntN(40)) {
		out = binary.LittleEndian.AppendUint64(out, offset)
		out = binary.LittleEndian.AppendUint32(out, uint32(1+random.IntN(2)*10))
		out = binary.LittleEndian.AppendUint32(out, uint32(random.IntN(300)))
		out = binary.LittleEndian.AppendUint64(out, uint64(random.IntN(4096)))
	}
	return out[:size]
}
