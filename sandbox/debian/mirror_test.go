package main

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
)

func publishedArchive(t *testing.T) *testArchive {
	t.Helper()
	made := newTestArchive(t)
	made.add("tool", "Depends: libtool\n", debOf(t, "xz", file("./usr/bin/tool")))
	made.add("libtool", "Section: libs\n", debOf(t, "zst", file("./usr/lib/libtool.so")))
	made.publish(t, dateLine("Date", -time.Hour))
	return made
}

func TestAnArchiveIsUnpackedAndItsListIsKept(t *testing.T) {
	made := publishedArchive(t)
	cache := t.TempDir()
	for range 2 {
		tree, err := made.read(t, made, cache, "tool")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"usr/bin/tool", "lib/libtool.so"} {
			if _, err := os.Stat(filepath.Join(tree, name)); err != nil {
				t.Error(err)
			}
		}
	}
	if asked := made.asked["dists/bookworm/main/binary-amd64/Packages.gz"]; asked != 1 {
		t.Errorf("the list was fetched %d times", asked)
	}
	if left, _ := os.ReadDir(filepath.Join(cache, "files")); len(left) != 1 {
		t.Errorf("beside the list there are %v", left)
	}
}

// Debian's own security archive has no other one.
func TestAListThatIsXZ(t *testing.T) {
	made := newTestArchive(t)
	made.listEnding = "xz"
	made.add("tool", "", debOf(t, "gz", file("./usr/bin/tool")))
	made.publish(t, dateLine("Date", -time.Hour))
	if _, err := made.read(t, made, t.TempDir(), "tool"); err != nil {
		t.Fatal(err)
	}
}

// What a bad mirror, proxy or network answers in place of one file.
func TestAnswersThatAreRefused(t *testing.T) {
	pool, list := "pool/libtool.deb", "dists/bookworm/main/binary-amd64/Packages.gz"
	page := []byte("<html>Please log in</html>")
	for name, test := range map[string]struct {
		path   string
		answer http.HandlerFunc
		code   string
		cause  string
	}{
		"a page in place of the Release file": {"dists/bookworm/InRelease", say(page), codeUnavailable, "no signed Release file"},
		"a page in place of the list":         {list, say(page), codeUntrusted, "not what Debian's archive has"},
		"a page in place of a package":        {pool, say(page), codeUntrusted, "not what Debian's archive has"},
		"no such file":                        {pool, http.NotFound, codeUnavailable, "404"},
		"not allowed":                         {pool, status(http.StatusForbidden), codeUnavailable, "403"},
		"a broken server":                     {pool, status(http.StatusBadGateway), codeUnavailable, "502"},
		"a body that is cut":                  {pool, cut, codeUnavailable, "cut off 3 times"},
		"a connection that is cut":            {pool, hangUp, codeUnavailable, "cannot be fetched"},
	} {
		t.Run(name, func(t *testing.T) {
			made := publishedArchive(t)
			cache := t.TempDir()
			answer := func(writer http.ResponseWriter, request *http.Request) {
				if strings.TrimPrefix(request.URL.Path, "/") == test.path {
					test.answer(writer, request)
					return
				}
				made.ServeHTTP(writer, request)
			}
			tree, err := made.read(t, http.HandlerFunc(answer), cache, "tool")
			wantProblem(t, err, test.code, test.cause)
			if left, _ := os.ReadDir(tree); len(left) != 0 {
				t.Errorf("%v was unpacked", left)
			}
			if coming, _ := filepath.Glob(filepath.Join(cache, "files", ".coming-*")); len(coming) != 0 {
				t.Errorf("%v is left", coming)
			}
			if _, err := made.read(t, made, cache, "tool"); err != nil {
				t.Errorf("from a good mirror afterwards: %v", err)
			}
		})
	}
}

func say(text []byte) http.HandlerFunc {
	return func(writer http.ResponseWriter, _ *http.Request) { writer.Write(text) }
}

func status(code int) http.HandlerFunc {
	return func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(code) }
}

func cut(writer http.ResponseWriter, _ *http.Request) {
	writer.Header().Set("Content-Length", strconv.Itoa(100))
	writer.Write([]byte("half"))
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// A file with the right size and other content, as a proxy's cache may have it.
func TestOtherContentOfTheSameSize(t *testing.T) {
	made := publishedArchive(t)
	right := made.files["pool/tool.deb"]
	made.files["pool/tool.deb"] = append([]byte("!"), right[1:]...)
	made.files["pool/tool.deb"][0]++
	_, err := made.read(t, made, t.TempDir(), "tool")
	wantProblem(t, err, codeUntrusted, "SHA256")
}

func TestAServerThatIsBusyForAMomentIsAskedAgain(t *testing.T) {
	made := publishedArchive(t)
	busy := 2
	answer := func(writer http.ResponseWriter, request *http.Request) {
		if busy--; busy >= 0 {
			writer.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		made.ServeHTTP(writer, request)
	}
	if _, err := made.read(t, http.HandlerFunc(answer), t.TempDir(), "tool"); err != nil {
		t.Fatal(err)
	}
}

// A kept file that was damaged is fetched anew.
func TestADamagedCache(t *testing.T) {
	made := publishedArchive(t)
	cache := t.TempDir()
	if _, err := made.read(t, made, cache, "tool"); err != nil {
		t.Fatal(err)
	}
	kept, _ := filepath.Glob(filepath.Join(cache, "files", "*"))
	content, _ := os.ReadFile(kept[0])
	content[len(content)/2] ^= 1
	os.WriteFile(kept[0], content, 0o600)
	if _, err := made.read(t, made, cache, "tool"); err != nil {
		t.Fatal(err)
	}
}

// The archive's mirrors are tried in their order, through a proxy where one is named.
func TestMirrorsAndProxy(t *testing.T) {
	made := publishedArchive(t)
	proxied := []string{}
	proxy := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		proxied = append(proxied, request.URL.String())
		if request.URL.Host != "second.test" {
			writer.WriteHeader(http.StatusForbidden)
			return
		}
		made.ServeHTTP(writer, request)
	}))
	defer proxy.Close()
	client, err := newClient(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	cache := t.TempDir()
	reader := &archive{
		request: Request{
			Suites:       []Suite{{Name: "bookworm", Mirrors: []string{"http://me:secret@first.test", "http://second.test/"}}},
			Architecture: "amd64", Packages: []string{"tool"}, Tree: t.TempDir(), Cache: cache,
		},
		keys: openpgp.EntityList{made.key}, clock: Clock{Now: now.Add(time.Minute)}, say: func(text string) { said += text + "\n" },
	}
	reader.fetcher = &Fetcher{Client: client, Folder: filepath.Join(cache, "files"), Received: reader.received}
	if err := reader.provide(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "secret") || !strings.Contains(said, "403 Forbidden") {
		t.Errorf("said %q", said)
	}
	if len(proxied) < 5 || !strings.HasPrefix(proxied[1], "http://second.test/dists/bookworm/InRelease") {
		t.Errorf("proxied %v", proxied)
	}
}

func TestAFullDiskIsOneWhereverItIsMet(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/cache/x", Err: syscall.ENOSPC}
	for _, err := range []error{full, refused(full, &Package{Name: "tool"}), (&Fetcher{}).explain(full, "http://mirror.test")} {
		if problem := problemOf(err, "/cache"); problem.Code != codeDiskFull || problem.Fix == "" {
			t.Errorf("%v: %v", err, problem)
		}
	}
	if problem := problemOf(errors.New("odd"), "/cache"); problem.Code != codeUnavailable {
		t.Error(problem)
	}
}

// Debian itself, where it can be reached: what it signs today is verified by the keys that are kept here.
func TestDebianItself(t *testing.T) {
	var request Request
	for _, suite := range []string{"bookworm", "bookworm-security"} {
		mirror := "http://deb.debian.org/debian" + strings.TrimPrefix(suite, "bookworm")
		request.Suites = append(request.Suites, Suite{Name: suite, Mirrors: []string{mirror}})
	}
	request.Architecture, request.Packages = "amd64", []string{"iputils-ping"}
	request.Tree, request.Cache = t.TempDir(), t.TempDir()
	// The clock of a machine that tests may be set to anything.
	request.IgnoreDate, request.IgnoreValidUntil = true, true
	err := provide(request, func(string) {})
	if problem, ok := errors.AsType[*Problem](err); ok && strings.Contains(problem.Cause, "cannot be fetched") {
		t.Skip(problem)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"usr/bin/ping", "usr/lib/x86_64-linux-gnu/libc.so.6", "lib64/ld-linux-x86-64.so.2"} {
		if _, err := os.Stat(filepath.Join(request.Tree, name)); err != nil {
			t.Error(err)
		}
	}
}
