package sweep

import (
	"strings"
	"testing"
)

const sweptTables = `## 6.1-amd64 (6.1.1-1)

| package | version | recipe | mago | dkms |
|---|---|---|---|---|
| a-dkms | 1 | dkms.conf | built | built |

## 6.12-amd64 (6.12.1-1)

| package | version | recipe | mago | dkms |
|---|---|---|---|---|
| a-dkms | 1 | dkms.conf | failed: MAKE failed | built |
| a-source | 1 | debian/rules | built | |
| b-dkms | 1 | dkms.conf | not meant: BUILD_EXCLUSIVE_KERNEL | |
| c-dkms | 1 | dkms.conf | failed: MAKE failed | |
`

func TestForetold(t *testing.T) {
	const result = `{"event":"result","unit":{"module":"M","kernel":"6.12-amd64"},"state":"S"}` + "\n"
	said := func(words ...string) (text string) {
		for i := 0; i < len(words); i += 2 {
			text += strings.NewReplacer(`"M"`, `"`+words[i]+`"`, `"S"`, `"`+words[i+1]+`"`).Replace(result)
		}
		return text
	}
	for _, c := range []struct {
		said, out string
		wrong     bool
	}{
		{said("a", "failed", "b", "excluded", "c", "failed", "a", "there") + `{"event":"run","units":4}`, "foretold as in the tables: 1 built, 2 failed, 1 not meant; otherwise: 0; not checked: 0\n", false},
		{said("a", "failed"), "foretold as in the tables: 0 built, 1 failed, 0 not meant; otherwise: 0; not checked: 3\n", false},
		{said("a", "failed", "c", "lacking"), "c-dkms for 6.12-amd64: the table says failed, check said lacking\nforetold as in the tables: 0 built, 1 failed, 0 not meant; otherwise: 1; not checked: 2\n", true},
		{said("a", "lacking", "c", "failed", "a", "failed", "a", "built"), "foretold as in the tables: 1 built, 2 failed, 0 not meant; otherwise: 0; not checked: 1\n", false},
		{"", "foretold as in the tables: 0 built, 0 failed, 0 not meant; otherwise: 0; not checked: 0\n", true},
	} {
		told, err := readForetold(strings.NewReader(c.said))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := compareForetold(sweptTables, told, &out); out.String() != c.out || (err != nil) != c.wrong {
			t.Errorf("%s: %v, %q", c.said, err, out.String())
		}
	}
}
