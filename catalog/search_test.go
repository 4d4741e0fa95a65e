package catalog

import (
	"bytes"
	"compress/gzip"
	"context"
	"slices"
	"strings"
	"testing"
)

const searched = `Package: loop-dkms
Source: loopback
Version: 1
Architecture: all
Depends: dkms
Filename: pool/l/loop.deb
Description: Source for the loop driver
Description-md5: 0123456789abcdef0123456789abcdef

Package: told-dkms
Version: 1
Architecture: all
Depends: dkms
Filename: pool/t/told.deb
Description: driver
 That tells of
 radio waves.
 .
 And more.
`

const translation = `Package: other
Description-md5: 00000000000000000000000000000000
Description-en: other
 It plays video.

Package: loop-dkms
Description-md5: 0123456789abcdef0123456789abcdef
Description-en: Source for the loop driver
 A kernel module for Video
 devices (v4l2).
`

func TestSearch(t *testing.T) {
	r := newRoot(t)
	r.write(listsDir+"/mirror_x_dists_bookworm_main_binary-amd64_Packages", searched)
	r.write(listsDir+"/mirror_x_dists_bookworm_main_i18n_Translation-en.gz", zipped(t, translation))
	ix := mustUpdate(t, r)
	long, err := ix.Descriptions(context.Background(), r.config())
	if err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"video devices": "loop", "VIDEO V4L2)": "loop", "devices loopback video": "loop", "video radio": "",
		"radio waves": "told", "^loop$": "loop", "v4l2) (": "loop", `\(v4l2\)`: "loop", "v4l2).": "loop", "wl": "broadcom-sta",
	} {
		var got []string
		for _, m := range ix.Search(strings.Fields(words), long) {
			got = append(got, m.Name)
		}
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
	if got := ix.Search([]string{"that tells of radio"}, long); len(got) != 1 {
		t.Errorf("a line of words is found in %v", got)
	}
}

// What cannot be read of one list keeps nothing of the others away.
func TestDescriptionsOfDamagedList(t *testing.T) {
	r := newRoot(t)
	r.write(listsDir+"/mirror_x_dists_bookworm_main_binary-amd64_Packages", searched)
	r.write(listsDir+"/a_dists_bookworm_main_i18n_Translation-en.gz", zipped(t, translation)[:40])
	r.write(listsDir+"/b_dists_bookworm_main_i18n_Translation-en", translation)
	ix := mustUpdate(t, r)
	long, err := ix.Descriptions(context.Background(), r.config())
	if err == nil || !strings.Contains(err.Error(), "a_dists_bookworm_main_i18n_Translation-en.gz") {
		t.Errorf("got %v", err)
	}
	if got := long[named("loop-dkms")]; !strings.Contains(got, "Video") {
		t.Errorf("got %q", got)
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var to bytes.Buffer
	w := gzip.NewWriter(&to)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to.String()
}
