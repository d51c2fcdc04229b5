package main

import (
	"strings"
	"testing"
)

func indexOf(t *testing.T, texts ...string) *Index {
	t.Helper()
	index := newIndex()
	for _, text := range texts {
		if err := index.read(strings.NewReader(text), "http://mirror.test"); err != nil {
			t.Fatal(err)
		}
	}
	return index
}

// entry is a stanza of a Packages file.
func entry(name, version string, fields ...string) string {
	return "Package: " + name + "\nVersion: " + version + "\nFilename: pool/" + name + ".deb\nSize: 1\nSHA256: " +
		strings.Repeat("0", 64) + "\n" + strings.Join(append(fields, ""), "\n") + "\n"
}

func TestClosure(t *testing.T) {
	libraries := entry("libc6", "2.36", "Section: libs", "Depends: libgcc-s1") + entry("libgcc-s1", "12", "Depends: libc6 (>= 2.35)") +
		entry("zlib1g", "1:1.2", "Section: libs") + entry("libnew", "2.0") + entry("libold", "1.0") + entry("debconf", "1") + entry("cdebconf", "1", "Provides: debconf-2.0") +
		entry("libvirtual1", "1", "Provides: libvirtual (= 1.5)") + entry("libvirtual2", "1", "Provides: libvirtual (= 2.5), liban")
	for name, test := range map[string]struct {
		depends string
		want    string
		cause   string
	}{
		"nothing":                           {"Depends: ", "tool", ""},
		"libraries and theirs, in a circle": {"Depends: libc6 (>= 2.30), zlib1g (>= 1:1.1)", "libc6 libgcc-s1 tool zlib1g", ""},
		"what its installation needs":       {"Pre-Depends: debconf (>= 0.5) | debconf-2.0", "tool", ""},
		"before all else":                   {"Pre-Depends: libnew", "libnew tool", ""},
		"the first alternative there is":    {"Depends: libnone | libold | libnew", "libold tool", ""},
		"the first that is new enough":      {"Depends: libold (>> 1.0) | libnew (>= 2.0)", "libnew tool", ""},
		"one that was chosen already":       {"Depends: libnew, libold | libnew", "libnew tool", ""},
		"one that provides it":              {"Depends: liban", "libvirtual2 tool", ""},
		"one that provides it new enough":   {"Depends: libvirtual (>= 2)", "libvirtual2 tool", ""},
		"another architecture's name":       {"Depends: libc6:any", "libc6 libgcc-s1 tool", ""},
		"none that is new enough":           {"Depends: libvirtual (>= 3)", "", "libvirtual (>= 3)"},
		"none at all":                       {"Depends: libnone", "", "Nothing on the mirror is what tool depends on: libnone"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := indexOf(t, libraries, entry("tool", "1", test.depends)).closure([]string{"tool"})
			if test.cause != "" {
				wantProblem(t, err, codeUnavailable, test.cause)
				return
			}
			names := []string{}
			for _, one := range found {
				names = append(names, one.Name)
			}
			if got := strings.Join(names, " "); err != nil || got != test.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	_, err := indexOf(t, libraries).closure([]string{"tool"})
	wantProblem(t, err, codeUnavailable, "no package tool")
}

func TestTheNewestVersionOfAllSuitesCounts(t *testing.T) {
	for _, versions := range [][]string{{"1.9", "1.10"}, {"1.10", "1.10~rc1"}, {"1.10", "1.9+deb12u3"}} {
		index := indexOf(t, entry("tool", versions[0]), entry("tool", versions[1]))
		if got := index.packages["tool"].Version.String(); got != "1.10" {
			t.Errorf("%v: %s", versions, got)
		}
	}
}

func TestEntriesThatAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a path upwards": strings.Replace(entry("tool", "1"), "pool/", "../", 1),
		"an address":     strings.Replace(entry("tool", "1"), "pool/", "http://elsewhere.test/", 1),
		"no sum":         strings.Replace(entry("tool", "1"), "SHA256", "MD5sum", 1),
		"no version":     strings.Replace(entry("tool", "1"), "Version: 1", "Version: ", 1),
	} {
		if err := newIndex().read(strings.NewReader(text), ""); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
