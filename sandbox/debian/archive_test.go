package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// now is when all of this happens: keys are made at the real time.
var now = time.Now()

// dateLine is a line of a Release file, so much from now.
func dateLine(field string, from time.Duration) string {
	return field + ": " + now.Add(from).UTC().Format("Mon, 02 Jan 2006 15:04:05 UTC") + "\n"
}

// testArchive is a small archive in Debian's format with a key of its own.
type testArchive struct {
	key   *openpgp.Entity
	files map[string][]byte
	asked map[string]int
	index string
	// listEnding is how the list of packages is compressed.
	listEnding string
}

func newTestArchive(t *testing.T) *testArchive {
	t.Helper()
	return &testArchive{key: newKey(t), files: map[string][]byte{}, asked: map[string]int{}, listEnding: "gz"}
}

func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("archive", "", "archive@example.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// add puts a package into the archive.
func (a *testArchive) add(name, fields string, content []byte) {
	path := "pool/" + name + ".deb"
	a.files[path] = content
	a.index += fmt.Sprintf("Package: %s\nVersion: 1.0\n%sFilename: %s\nSize: %d\nSHA256: %s\n\n",
		name, fields, path, len(content), sumOf(content))
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// publish writes index and Release file of `bookworm`.
func (a *testArchive) publish(t *testing.T, dates string) {
	t.Helper()
	index := compressed(t, a.listEnding, []byte(a.index))
	name := "main/binary-amd64/Packages." + a.listEnding
	a.files["dists/bookworm/"+name] = index
	text := fmt.Sprintf("Codename: bookworm\n%sSHA256:\n %s %d %s\n", dates, sumOf(index), len(index), name)
	a.files["dists/bookworm/InRelease"] = signed(t, a.key, text)
}

func signed(t *testing.T, key *openpgp.Entity, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := clearsign.Encode(&out, key.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(writer, text)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

func (a *testArchive) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, "/")
	a.asked[path]++
	content, ok := a.files[path]
	if !ok {
		http.NotFound(writer, request)
		return
	}
	writer.Write(content)
}

// read unpacks packages of the archive into a new tree and answers where it is.
func (a *testArchive) read(t *testing.T, handler http.Handler, cache string, packages ...string) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	tree := t.TempDir()
	reader := &archive{
		request: Request{
			Suites:       []Suite{{Name: "bookworm", Mirrors: []string{server.URL}}},
			Architecture: "amd64", Packages: packages, Tree: tree, Cache: cache,
		},
		keys:  openpgp.EntityList{a.key},
		clock: Clock{Now: now.Add(time.Minute)},
		say:   func(string) {},
	}
	reader.fetcher = &Fetcher{Client: server.Client(), Folder: cache + "/files", Received: reader.received}
	return tree, reader.provide()
}

func compressed(t *testing.T, kind string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var writer io.WriteCloser
	var err error
	switch kind {
	case "gz":
		writer = gzip.NewWriter(&out)
	case "xz":
		writer, err = xz.NewWriter(&out)
	case "zst":
		writer, err = zstd.NewWriter(&out)
	default:
		return content
	}
	if err != nil {
		t.Fatal(err)
	}
	writer.Write(content)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// debOf is a package of these entries, its data compressed in that way.
func debOf(t *testing.T, kind string, entries ...tar.Header) []byte {
	t.Helper()
	var content bytes.Buffer
	writer := tar.NewWriter(&content)
	for _, entry := range entries {
		text := ""
		if entry.Typeflag == tar.TypeReg {
			text = "content of " + entry.Name
		}
		entry.Size = int64(len(text))
		if entry.Mode == 0 {
			entry.Mode = 0o755
		}
		if err := writer.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		io.WriteString(writer, text)
	}
	writer.Close()
	ending := ""
	if kind != "" {
		ending = "." + kind
	}
	return arOf("debian-binary", []byte("2.0\n"), "data.tar"+ending, compressed(t, kind, content.Bytes()))
}

func arOf(parts ...any) []byte {
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for at := 0; at < len(parts); at += 2 {
		content := parts[at+1].([]byte)
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", parts[at], 0, 0, 0, "100644", len(content))
		out.Write(content)
		if len(content)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}
