// Package sbom writes down, in the standard form of SPDX 2.3 (ISO/IEC 5962) as JSON, what a package was made of. Equal
// values give equal bytes: nothing in a document tells when, where or by whom it was written.
package sbom

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// Role is what an input was to a package: a relationship of SPDX, which the input has to the package.
type Role string

// The roles of an Input.
const (
	Source   Role = Role(common.TypeRelationshipGeneratedFrom)     // what was compiled; SPDX has it the other way round
	Against  Role = Role(common.TypeRelationshipBuildDependencyOf) // what it was compiled against
	Tool     Role = Role(common.TypeRelationshipBuildToolOf)       // what compiled and packed it
	Settings Role = Role(common.TypeRelationshipDataFileOf)        // what told those how
	Variant  Role = Role(common.TypeRelationshipVariantOf)         // the package that its modules are from
)

// Item is a package or a file, known by its hash.
type Item struct {
	Name, Version string
	Architecture  string // of a Debian package; "" for all else
	SHA256        string // in hexadecimal; "" where there is none
	Of            string // what the hash is over, where that is not the thing itself
}

// Input is something that a build took in.
type Input struct {
	Role Role
	Item
}

// Bill is one package with all that went into it.
type Bill struct {
	Tool    string    // who made it, with the version, as mago-1.0
	Created time.Time // the date that the package bears
	Package Item
	File    string // the package's file name
	Inputs  []Input
}

// JSON is the bill as a document of SPDX.
func (b Bill) JSON() ([]byte, error) {
	return encode(b.document())
}

// encode writes a document, whose namespace lacks its last part.
func encode(doc *v2_3.Document) ([]byte, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	doc.DocumentNamespace += fmt.Sprintf("/%x", sha256.Sum256(text)) // one document's alone, as SPDX 6.5 wants it
	text, err = json.MarshalIndent(doc, "", "  ")
	return append(text, '\n'), err
}

// Repacked is a document of the same package with other bytes, whose SHA-256 is given: of modules that were signed anew.
func Repacked(text []byte, sum string) ([]byte, error) {
	var doc v2_3.Document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read the list of inputs: %w", err)
	}
	i := slices.IndexFunc(doc.Packages, func(p *v2_3.Package) bool { return p.PackageSPDXIdentifier == product })
	at := strings.LastIndex(doc.DocumentNamespace, "/")
	if i < 0 || at < 0 {
		return nil, errors.New("read the list of inputs: it is of no package")
	}
	doc.Packages[i].PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: sum}}
	doc.DocumentNamespace = doc.DocumentNamespace[:at]
	return encode(&doc)
}

const product = common.ElementID("Package")

func (b Bill) document() *v2_3.Document {
	p := b.Package.spdx(product)
	p.PackageFileName, p.PrimaryPackagePurpose = b.File, "INSTALL"
	doc := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: b.File, DocumentNamespace: "https://mago.invalid/spdx/" + url.PathEscape(b.File),
		CreationInfo: &v2_3.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: b.Tool}},
			Created:  b.Created.UTC().Format("2006-01-02T15:04:05Z"),
		},
		Packages:      []*v2_3.Package{p},
		Relationships: []*v2_3.Relationship{relate("DOCUMENT", common.TypeRelationshipDescribe, product)},
	}
	for i, input := range slices.SortedFunc(slices.Values(b.Inputs), compare) {
		id := common.ElementID(fmt.Sprintf("Input-%d-%s", i+1, idCharacters.ReplaceAllString(input.Name, "-")))
		doc.Packages = append(doc.Packages, input.spdx(id))
		doc.Relationships = append(doc.Relationships, input.relationship(id))
	}
	return doc
}

// idCharacters are those that an identifier may not hold (SPDX 7.2).
var idCharacters = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func compare(a, b Input) int {
	return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Architecture, b.Architecture),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.SHA256, b.SHA256))
}

func (i Input) relationship(id common.ElementID) *v2_3.Relationship {
	if i.Role == Source {
		return relate(product, string(Source), id)
	}
	return relate(id, string(i.Role), product)
}

func relate(a common.ElementID, how string, b common.ElementID) *v2_3.Relationship {
	return &v2_3.Relationship{RefA: common.DocElementID{ElementRefID: a}, Relationship: how, RefB: common.DocElementID{ElementRefID: b}}
}

func (i Item) spdx(id common.ElementID) *v2_3.Package {
	p := &v2_3.Package{
		PackageSPDXIdentifier: id, PackageName: i.Name, PackageVersion: i.Version,
		PackageDownloadLocation: "NOASSERTION", PackageComment: i.Of,
	}
	if i.SHA256 != "" {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: i.SHA256}}
	}
	if i.Architecture != "" {
		locator := fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s", url.QueryEscape(i.Name), url.QueryEscape(i.Version), i.Architecture)
		p.PackageExternalReferences = []*v2_3.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: "purl", Locator: locator}}
	}
	return p
}
