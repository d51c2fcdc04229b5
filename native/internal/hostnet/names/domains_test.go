package names

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"

	"slipway/native/internal/wire"
)

func TestDomainPolicy(t *testing.T) {
	long := strings.Repeat("a", 63)
	for name, wanted := range map[string]bool{
		"cluster.local": true, "svc": true, "svc.cluster.local": true, "webshop.svc.cluster.local": true, "webshop": true,
		"k8s.corp.example.com": true, "xn--80ak6aa92e.cluster.local": true, "a.test": true, "foo.internal": true, "0-9.k8s": true,
		long + ".k8s": true, "kube-system": true, "example.com": true,
		// Top-level domains and other public suffixes, also where a namespace is called so.
		"com": false, "dev": false, "app": false, "shop": false, "data": false, "de": false, "co.uk": false, "com.au": false,
		"ck": false, "anything.ck": false, "kawasaki.jp": false, "xn--p1ai": false,
		// Special-use names.
		"local": false, "localhost": false, "a.localhost": false, "invalid": false, "a.invalid": false, "onion": false,
		"abc.onion": false, "arpa": false, "10.in-addr.arpa": false, "ip6.arpa": false, "home.arpa": false, "test": false,
		"example": false, "internal": false, "alt": false,
		// Not names.
		"": false, ".": false, "svc.": false, ".svc": false, "a..b": false, "~svc": false, "-a.k8s": false, "a-.k8s": false,
		"a_b.k8s": false, "a b": false, "a\nnameserver 6.6.6.6": false, "a/../b": false, "*.k8s": false, "ü.k8s": false,
		long + "a.k8s": false, strings.Repeat(long+".", 4) + "k8s": false, "10": false, "1.2.3.4": false, "k8s.10": false, "a\x00b": false,
	} {
		if acceptable(name) != wanted {
			t.Errorf("%q: accepted is %v", name, !wanted)
		}
	}
}

func TestReverseZonesStayInPrivateSpace(t *testing.T) {
	for name, wanted := range map[string]bool{
		"10.in-addr.arpa": true, "96.10.in-addr.arpa": true, "0.96.10.in-addr.arpa": true, "10.0.96.10.in-addr.arpa": true,
		"16.172.in-addr.arpa": true, "168.192.in-addr.arpa": true, "64.100.in-addr.arpa": true, "18.198.in-addr.arpa": true,
		"in-addr.arpa": false, ".in-addr.arpa": false, "8.in-addr.arpa": false, "172.in-addr.arpa": false, "192.in-addr.arpa": false,
		"15.172.in-addr.arpa": false, "32.172.in-addr.arpa": false, "100.in-addr.arpa": false, "127.in-addr.arpa": false,
		"010.in-addr.arpa": false, "256.10.in-addr.arpa": false, "1.2.3.4.10.in-addr.arpa": false, "a.10.in-addr.arpa": false,
		"cluster.local": false, "8.b.d.0.1.0.0.2.ip6.arpa": false,
	} {
		if privateReverse(name) != wanted {
			t.Errorf("%q: accepted is %v", name, !wanted)
		}
	}
}

func TestScreenTellsWhatItLeavesOut(t *testing.T) {
	passed, refused := Screen(wire.NamesInput{
		Domains: []string{"Cluster.Local", "dev", "webshop", "webshop"},
		Search:  []string{"svc.cluster.local", "evil\x1b[2J"},
		Reverse: []string{"96.10.in-addr.arpa", "8.8.in-addr.arpa"},
	})
	if !slices.Equal(passed.Domains, []string{"cluster.local", "webshop"}) || !slices.Equal(passed.Search, []string{"svc.cluster.local"}) ||
		!slices.Equal(passed.Reverse, []string{"96.10.in-addr.arpa"}) {
		t.Errorf("passed %+v", passed)
	}
	if !slices.Equal(refused, []string{"dev", `evil\x1b[2J`, "8.8.in-addr.arpa"}) {
		t.Errorf("refused %q", refused)
	}
	var many []string
	for index := range MaxDomains + 5 {
		many = append(many, strings.Repeat("a", index%60+1)+"."+strings.Repeat("b", index/60+1))
	}
	passed, refused = Screen(wire.NamesInput{Domains: many})
	if len(passed.Domains) != MaxDomains || len(refused) != 5 {
		t.Errorf("%d passed, %d refused", len(passed.Domains), len(refused))
	}
}

// suffixes.txt is generated from the library's list; the test may link the library, the helper may not.
func TestSuffixesAreThoseOfTheLibrary(t *testing.T) {
	version, _, _ := strings.Cut(suffixText, "\n")
	if version != publicsuffix.List.String() {
		t.Fatal("golang.org/x/net was raised: go generate ./internal/hostnet/names")
	}
	if !slices.IsSorted(suffixes()) || len(suffixes()) < 6000 {
		t.Fatalf("the list is not whole: %d rules", len(suffixes()))
	}
	for _, rule := range suffixes() {
		name := strings.TrimPrefix(strings.TrimPrefix(rule, "*."), "!")
		if strings.HasPrefix(rule, "!") {
			if isPublicSuffix(name, strings.Split(name, ".")) {
				t.Errorf("%s is an exception", name)
			}
			continue
		}
		if strings.HasPrefix(rule, "*.") {
			name = "anything." + name
		}
		suffix, icann := publicsuffix.PublicSuffix(name)
		// The library calls a top-level domain unmanaged where the list has only a wildcard below it (ck).
		if suffix != name || !icann && strings.Contains(name, ".") || !isPublicSuffix(name, strings.Split(name, ".")) {
			t.Errorf("%s: the library says %s, %v", rule, suffix, icann)
		}
	}
}

func FuzzDomain(f *testing.F) {
	for _, seed := range []string{"cluster.local", "dev", "co.uk", "10.in-addr.arpa", "a..b", "~x", "a\nb", "anything.ck"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		passed, refused := Screen(wire.NamesInput{Domains: []string{name}, Search: []string{name}, Reverse: []string{name}})
		for _, taken := range slices.Concat(passed.Domains, passed.Search, passed.Reverse) {
			if len(taken) > 253 || strings.Trim(taken, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
				t.Errorf("%q passed", taken)
			}
			if suffix, icann := publicsuffix.PublicSuffix(taken); icann && suffix == taken && !strings.HasSuffix(taken, ".arpa") {
				t.Errorf("the public suffix %q passed", taken)
			}
		}
		for _, told := range refused {
			if strings.ContainsFunc(told, func(char rune) bool { return char < ' ' || char > '~' }) {
				t.Errorf("%q is not fit to be shown", told)
			}
		}
	})
}
