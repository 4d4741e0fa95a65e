package sbom

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdxlib"
)

func bill() Bill {
	return Bill{
		Tool: "mago-1.0", Created: time.Date(2024, 5, 6, 9, 8, 9, 0, time.FixedZone("", 7200)), File: "hello_1.0_amd64.deb",
		Package: Item{Name: "hello", Version: "1.0", Architecture: "amd64", SHA256: strings.Repeat("0", 64)},
		Inputs: []Input{
			{Tool, Item{Name: "g++-12", Version: "12.2.0-14+deb12u1", Architecture: "amd64", SHA256: strings.Repeat("1", 64), Of: "its md5sums"}},
			{Source, Item{Name: "hello-dkms", Version: "1:1.0-1", SHA256: strings.Repeat("2", 64)}},
			{Settings, Item{Name: "/etc/dkms/framework.conf", SHA256: strings.Repeat("3", 64)}},
			{Against, Item{Name: "Module.symvers"}},
		},
	}
}

// The library's own validator and reader take what JSON gives, and nothing that was put in is lost.
func TestJSON(t *testing.T) {
	text, err := bill().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc v2_3.Document
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(&doc); err != nil {
		t.Error(err)
	}
	if len(doc.Packages) != 5 || len(doc.Relationships) != 5 {
		t.Errorf("%d packages, %d relationships in:\n%s", len(doc.Packages), len(doc.Relationships), text)
	}
	for _, want := range []string{
		`"spdxVersion": "SPDX-2.3"`, `"created": "2024-05-06T07:08:09Z"`, `"Tool: mago-1.0"`, `"pkg:deb/debian/g%2B%2B-12@12.2.0-14%2Bdeb12u1?arch=amd64"`,
		`"checksumValue": "` + strings.Repeat("2", 64), `"comment": "its md5sums"`, `"SPDXRef-Input-1-Module.symvers"`,
		`"documentNamespace": "https://mago.invalid/spdx/hello_1.0_amd64.deb/`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
	source := doc.Relationships[slices.IndexFunc(doc.Relationships, func(r *v2_3.Relationship) bool { return r.Relationship == string(Source) })]
	if source.RefA.ElementRefID != product || !strings.HasSuffix(string(source.RefB.ElementRefID), "hello-dkms") {
		t.Errorf("%+v", source)
	}
}

// The order in which inputs were found does not show; any other hash does, in the namespace too.
func TestSameBytes(t *testing.T) {
	first, err := bill().JSON()
	if err != nil {
		t.Fatal(err)
	}
	b := bill()
	slices.Reverse(b.Inputs)
	if again, err := b.JSON(); err != nil || !bytes.Equal(first, again) {
		t.Errorf("%v: in another order:\n%s", err, again)
	}
	b.Inputs[0].SHA256 = strings.Repeat("4", 64)
	other, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	namespace := func(text []byte) string {
		_, rest, _ := strings.Cut(string(text), `"documentNamespace": `)
		return strings.SplitN(rest, "\n", 2)[0]
	}
	if namespace(first) == namespace(other) {
		t.Error("two documents have one namespace")
	}
}

// TestRepacked: a package whose bytes alone are others has the document that it would have had from the beginning.
func TestRepacked(t *testing.T) {
	b := bill()
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	b.Package.SHA256 = strings.Repeat("9", 64)
	want, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Repacked(text, b.Package.SHA256); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: got\n%s\nwant\n%s", err, got, want)
	}
	for _, bad := range []string{"", "{}", `{"packages":[]}`} {
		if _, err := Repacked([]byte(bad), ""); err == nil {
			t.Errorf("%q is a document", bad)
		}
	}
}
