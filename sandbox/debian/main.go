// Command debian unpacks packages of Debian's archive, with the libraries that they need, into a folder: the reader of
// that archive for machines that have no apt, and the only one here for those that have.
//
// It takes a Request as JSON on standard input and tells on standard output, one JSON object a line, how far it is
// ({"progress":"…"}) and at the end what kept it from it ({"problem":{…}}), if anything did. Nothing is installed, no
// script of a package is run, and nothing is written but below the two folders of the request.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Request says what is wanted.
type Request struct {
	// Suites are read in this order; the newest version of a package counts.
	Suites       []Suite  `json:"suites"`
	Architecture string   `json:"architecture"` // Debian's name: amd64, arm64
	Packages     []string `json:"packages"`
	// Tree is the folder that they are unpacked into; it is there and empty.
	Tree string `json:"tree"`
	// Cache keeps what was fetched, and the dates of the Release files that were seen.
	Cache            string `json:"cache"`
	Proxy            string `json:"proxy"`
	IgnoreValidUntil bool   `json:"ignoreValidUntil"`
	IgnoreDate       bool   `json:"ignoreDate"`
}

// Suite is one suite of the archive, and where it is asked for, in this order.
type Suite struct {
	Name    string   `json:"name"`
	Mirrors []string `json:"mirrors"`
}

func (s Suite) String() string { return s.Name }

func main() {
	reports := json.NewEncoder(os.Stdout)
	say := func(text string) { reports.Encode(map[string]string{"progress": text}) }
	var request Request
	err := json.NewDecoder(os.Stdin).Decode(&request)
	if err == nil {
		err = provide(request, say)
	}
	if err != nil {
		reports.Encode(map[string]*Problem{"problem": problemOf(err, request.Tree)})
		os.Exit(1)
	}
}

func provide(request Request, say func(string)) error {
	keys, err := archiveKeys()
	if err != nil {
		return err
	}
	client, err := newClient(request.Proxy)
	if err != nil {
		return err
	}
	reader := &archive{
		request: request,
		keys:    keys,
		clock:   Clock{Now: time.Now(), IgnoreValidUntil: request.IgnoreValidUntil, IgnoreDate: request.IgnoreDate},
		say:     say,
		told:    time.Now(),
	}
	reader.fetcher = &Fetcher{
		Client: client, Folder: filepath.Join(request.Cache, "files"), Received: reader.received, Pause: 2 * time.Second,
	}
	return reader.provide()
}

// archive is one request on its way.
type archive struct {
	request Request
	keys    openpgp.EntityList
	clock   Clock
	fetcher *Fetcher
	say     func(string)
	came    int64
	told    time.Time
}

// tellEvery is the time between two words about how much came.
const tellEvery = 5 * time.Second

func (a *archive) received(count int) {
	a.came += int64(count)
	if time.Since(a.told) >= tellEvery {
		a.told = time.Now()
		a.say(fmt.Sprintf("%d MB came", a.came/1e6))
	}
}

func (a *archive) provide() error {
	index := newIndex()
	for _, suite := range a.request.Suites {
		if err := a.readAnywhere(suite, index); err != nil {
			return err
		}
	}
	packages, err := index.closure(a.request.Packages)
	if err != nil {
		return err
	}
	return a.unpackAll(packages)
}

// readAnywhere takes the first mirror that has the suite as Debian signed it.
func (a *archive) readAnywhere(suite Suite, index *Index) error {
	err := error(unavailable(otherMirror, "No mirror is named for Debian's %s.", suite))
	for place, mirror := range suite.Mirrors {
		if place > 0 {
			a.say(fmt.Sprintf("%v Try %s.", err, shownAddress(mirror)))
		}
		a.say("read Debian's list of packages, " + suite.Name)
		if err = a.readSuite(suite, mirror, index); err == nil {
			break
		}
	}
	return err
}

func (a *archive) readSuite(suite Suite, mirror string, index *Index) error {
	folder := "dists/" + suite.Name + "/"
	text, err := a.fetcher.release(mirror, folder+"InRelease")
	if err != nil {
		return err
	}
	release, err := readRelease(text, suite, a.keys, a.clock)
	if err != nil {
		return err
	}
	if err := refuseOlder(filepath.Join(a.request.Cache, "seen-"+suite.Name), suite, release.Date); err != nil {
		return err
	}
	name, sum, err := release.index(a.request.Architecture)
	if err != nil {
		return unavailable(otherMirror, "Debian's %s has %v.", suite, err)
	}
	file, err := a.fetchIndex(mirror, folder+name, sum, release.ByHash)
	if err != nil {
		return err
	}
	return readIndex(file, mirror, name, index)
}

// fetchIndex asks for it by what it contains, where it stays although the mirror is just being brought up to date.
func (a *archive) fetchIndex(mirror, name string, sum FileSum, byHash bool) (string, error) {
	if byHash {
		file, err := a.fetcher.file(mirror, path.Dir(name)+"/by-hash/SHA256/"+sum.SHA256, sum)
		if !errors.Is(err, errNotThere) {
			return file, err
		}
	}
	return a.fetcher.file(mirror, name, sum)
}

func readIndex(file, mirror, name string, index *Index) error {
	compressed, err := os.Open(file)
	if err != nil {
		return err
	}
	defer compressed.Close()
	text, err := decompress[path.Ext(name)](compressed)
	if err != nil {
		return err
	}
	return index.read(text, mirror)
}

// refuseOlder remembers the newest date that was seen of a suite: Debian's stable suites never expire by themselves.
func refuseOlder(file string, suite Suite, date time.Time) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if seen, err := time.Parse(time.RFC3339, string(text)); err == nil && date.Before(seen) {
		return untrusted(notDebian, "The mirror shows the state of %s of %s, and that of %s was seen here before.", suite, day(date), day(seen))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", []byte(date.Format(time.RFC3339)), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (a *archive) unpackAll(packages []*Package) error {
	total := int64(0)
	for _, one := range packages {
		total += one.Sum.Size
	}
	a.say(fmt.Sprintf("fetch %d Debian packages, %d MB", len(packages), (total+999_999)/1e6))
	a.came, a.told = 0, time.Now()
	files := []string{}
	for _, one := range packages {
		file, err := a.fetcher.file(one.Mirror, one.Path, one.Sum)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	a.say(fmt.Sprintf("unpack %d Debian packages", len(packages)))
	tree, err := os.OpenRoot(a.request.Tree)
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := prepareTree(tree); err != nil {
		return err
	}
	for place, file := range files {
		if err := unpackFile(file, tree); err != nil {
			return refused(err, packages[place])
		}
	}
	if err := checkLinks(tree); err != nil {
		return untrusted(notDebian, "The packages cannot be unpacked: %v.", err)
	}
	// Unpacked they take their place twice.
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(name string, tree *os.Root) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return unpack(struct{ io.ReaderAt }{file}, tree)
}

// refused leaves an error of this machine's disk what it is.
func refused(err error, one *Package) error {
	for _, own := range []error{syscall.EIO, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.EMFILE} {
		if errors.Is(err, own) {
			return err
		}
	}
	return errors.Join(err, untrusted(notDebian, "The package %s cannot be unpacked: %v.", one.Name, err))
}
