package firmware

import (
	"os"
	"path/filepath"
	"testing"

	"mago/kbuild/firmware/esl"
)

func TestLists(t *testing.T) {
	c := certificates(t)
	root, leaf, flat := esl.Certificate(esl.Shim, c.root), esl.Certificate(esl.Shim, c.leaf), esl.Certificate(esl.Shim, c.flat)
	mokvar := func(name string, entries ...esl.Entry) tree {
		return tree{"sys/firmware/efi/mok-variables/" + name: string(esl.Encode(entries...))}
	}
	for name, c := range map[string]struct {
		files tree
		list  ListName
		known bool
		n     int
	}{
		"no UEFI":                    {tree{"sys/firmware/acpi/pm_profile": "1\n"}, DB, true, 0},
		"/sys not mounted":           {nil, DB, false, 0},
		"variables not mounted":      {tree{"sys/firmware/efi/systab": ""}, DB, false, 0},
		"no such variable":           {secure, MOKNew, true, 0},
		"db":                         {list(esl.Database, "db", root, leaf), DB, true, 2},
		"dbx is not db":              {list(esl.Database, "db", root, leaf), DBX, true, 0},
		"db of shim":                 {list(esl.Shim, "db", root), DB, true, 0},
		"MOK":                        {list(esl.Shim, "MokListRT", root), MOK, true, 1},
		"MokList is not for us":      {list(esl.Shim, "MokList", root), MOK, true, 0},
		"in three parts":             {list(esl.Shim, "MokListRT", root).with(list(esl.Shim, "MokListRT1", leaf), list(esl.Shim, "MokListRT2", flat), list(esl.Shim, "MokListRT4", flat)), MOK, true, 3},
		"db1 is nothing":             {list(esl.Database, "db", root).with(list(esl.Database, "db1", leaf)), DB, true, 1},
		"the kernel has it whole":    {list(esl.Shim, "MokListRT", root).with(list(esl.Shim, "MokListRT1", leaf), mokvar("MokListRT", root, leaf, flat)), MOK, true, 3},
		"the kernel shows it not":    {list(esl.Shim, "MokListRT", root).with(mokvar("MokListRT")), MOK, true, 1},
		"MOKX":                       {mokvar("MokListXRT", root), MOKX, true, 1},
		"asked for":                  {list(esl.Shim, "MokNew", root), MOKNew, true, 1},
		"to be removed":              {list(esl.Shim, "MokDel", root), MOKDel, true, 1},
		"to be revoked":              {list(esl.Shim, "MokXNew", root), MOKXNew, true, 1},
		"to be pardoned":             {list(esl.Shim, "MokXDel", root), MOKXDel, true, 1},
		"shim's copy of db":          {mokvar("db", root, leaf), DB, true, 2},
		"shim's old copy of db":      {list(esl.Database, "db", root).with(mokvar("db", root, leaf)), DB, true, 1},
		"a mistake after the first":  {variable(esl.Database, "db", string(esl.Encode(root))+"rubbish"), DB, true, 1},
		"attributes without a value": {variable(esl.Database, "db", ""), DB, true, 0},
		"not even attributes":        {tree{"sys/firmware/efi/efivars/db-" + esl.Database.String(): "\x07"}, DB, true, 0},
	} {
		got := c.files.machine(t).Lists()[c.list]
		if got.Known != c.known || len(got.Entries) != c.n || len(got.Certificates()) != c.n {
			t.Errorf("%s: known %v, %d entries", name, got.Known, len(got.Entries))
		}
	}
}

func TestUnreadableList(t *testing.T) {
	m := secure.machine(t)
	if err := os.Mkdir(filepath.Join(m.Root, "sys/firmware/efi/efivars/MokNew-"+esl.Shim.String()), 0o755); err != nil {
		t.Fatal(err)
	}
	lists := m.Lists()
	if lists[MOKNew].Known || !lists[MOK].Known {
		t.Errorf("%+v", lists)
	}
}
