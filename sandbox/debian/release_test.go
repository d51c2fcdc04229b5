package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Only what a pinned key signed, for this suite, now, is believed.
func TestReleaseFilesThatAreRefused(t *testing.T) {
	key, other := newKey(t), newKey(t)
	text := "Codename: bookworm\n" + dateLine("Date", -time.Hour) + "SHA256:\n"
	good := string(signed(t, key, text))
	for name, test := range map[string]struct {
		content string
		clock   Clock
		code    string
		cause   string
	}{
		"a page of a captive portal":  {content: "<html><body>Log in</body></html>", code: codeUnavailable, cause: "no signed Release file"},
		"nothing":                     {content: "", code: codeUnavailable, cause: "no signed Release file"},
		"a file that was cut":         {content: good[:len(good)/2], code: codeUnavailable, cause: "no signed Release file"},
		"a Release without signature": {content: text, code: codeUnavailable, cause: "no signed Release file"},
		"the key of somebody else":    {content: string(signed(t, other, text)), code: codeUntrusted, cause: "No key of Debian's archive that is known here"},
		"a changed word":              {content: strings.Replace(good, "bookworm", "bookwork", 1), code: codeUntrusted, cause: "signature of the Release file of bookworm is wrong"},
		"text before what was signed": {content: "SHA256:\n" + good, code: codeUntrusted, cause: "outside of what was signed"},
		"text after what was signed":  {content: good + "SHA256:\n", code: codeUntrusted, cause: "outside of what was signed"},
		"another suite":               {content: string(signed(t, key, strings.Replace(text, "bookworm", "sid", 1))), code: codeUntrusted, cause: "answers for bookworm with the Release file of sid"},
		"an expired one": {
			content: string(signed(t, key, text+dateLine("Valid-Until", -time.Minute))), code: codeUntrusted, cause: "was valid until",
		},
		"one of tomorrow": {
			content: string(signed(t, key, "Codename: bookworm\n"+dateLine("Date", 24*time.Hour))), code: codeUntrusted, cause: "clock says",
		},
		"one without a date": {content: string(signed(t, key, "Codename: bookworm\n")), code: codeUntrusted, cause: "no date"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readRelease([]byte(test.content), Suite{Name: "bookworm"}, openpgp.EntityList{key}, Clock{Now: now.Add(time.Minute)})
			wantProblem(t, err, test.code, test.cause)
		})
	}
	release, err := readRelease([]byte(good), Suite{Name: "bookworm"}, openpgp.EntityList{other, key}, Clock{Now: now.Add(time.Minute)})
	if err != nil || release.Codename != "bookworm" {
		t.Fatalf("the good one: %v, %v", release, err)
	}
}

// Where apt is told to do without, so is this.
func TestDatesCanBeIgnored(t *testing.T) {
	key := newKey(t)
	text := signed(t, key, "Codename: bookworm\n"+dateLine("Date", 24*time.Hour)+dateLine("Valid-Until", -time.Hour))
	clock := Clock{Now: now.Add(time.Minute), IgnoreDate: true, IgnoreValidUntil: true}
	if _, err := readRelease(text, Suite{Name: "bookworm"}, openpgp.EntityList{key}, clock); err != nil {
		t.Fatal(err)
	}
}

func TestAnOlderStateThanOneThatWasSeenIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cache", "seen")
	suite := Suite{Name: "bookworm"}
	for _, from := range []time.Duration{-time.Hour, 0, 0} {
		if err := refuseOlder(file, suite, now.Add(from)); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, refuseOlder(file, suite, now.Add(-24*time.Hour)), codeUntrusted, "was seen here before")
	if err := os.WriteFile(file, []byte("cut of"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refuseOlder(file, suite, now); err != nil {
		t.Fatalf("a damaged note: %v", err)
	}
}

func TestKeysAreThosePinned(t *testing.T) {
	keys, err := archiveKeys()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := keyFiles.ReadDir("keys")
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || len(entries) != 3 {
		t.Errorf("%d keys of %d files", len(keys), len(entries))
	}
}

func wantProblem(t *testing.T, err error, code, cause string) {
	t.Helper()
	problem, ok := errors.AsType[*Problem](err)
	if !ok || problem.Code != code || !strings.Contains(problem.Cause, cause) || problem.Fix == "" {
		t.Errorf("got %v, wanted %s with %q", err, code, cause)
	}
}
