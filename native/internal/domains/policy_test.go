package domains

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
)

// What others own, of every kind that a cluster could call itself by.
func TestWhatAClusterAnswersForOfItsDomain(t *testing.T) {
	laptop := []string{"office.example.test", "~corp.example.net", "Fritz.Box.", "berlin.acme", ".", "", "~."}
	const all = "all"
	for domain, want := range map[string]string{
		"cluster.local": all, "k8s": all, "prod.k8s": all, "cluster.acme-internal": all,
		// Below a public suffix: registrable, by ICANN's rules or private ones.
		"google.com": "registrable com", "example.com": "registrable com", "eu-west-1.compute.internal": "special-use internal",
		"bucket.s3.amazonaws.com": "registrable s3.amazonaws.com", "tail1234.ts.net": "registrable ts.net", "acme.github.io": "registrable github.io",
		"corp.co.uk": "registrable co.uk", "a.b.c.kawasaki.jp": "registrable c.kawasaki.jp", "city.kawasaki.jp": "registrable jp",
		// A private suffix, or above one: names below are others'.
		"githubusercontent.com": "public-suffix githubusercontent.com", "googleapis.com": "public-suffix googleapis.com",
		"github.io": "public-suffix github.io", "s3.amazonaws.com": "public-suffix s3.amazonaws.com",
		"amazonaws.com": "public-suffix", "azurewebsites.net": "public-suffix azurewebsites.net", "ts.net": "public-suffix ts.net",
		"cloudfront.net": "public-suffix cloudfront.net", "blob.core.windows.net": "public-suffix blob.core.windows.net",
		"windows.net": "public-suffix", "web.app": "public-suffix web.app", "pages.dev": "public-suffix pages.dev",
		"dyndns.org": "public-suffix dyndns.org", "beta.tailscale.net": "registrable net",
		// The laptop's own: it, above it, below it; searched or routing-only.
		"office.example.test": "laptop-domain office.example.test", "example.test": "laptop-domain office.example.test",
		"lab.office.example.test": "laptop-domain office.example.test", "corp.example.net": "laptop-domain corp.example.net",
		"k8s.corp.example.net": "laptop-domain corp.example.net", "fritz.box": "laptop-domain fritz.box",
		"acme": "laptop-domain berlin.acme", "k8s.berlin.acme": "laptop-domain berlin.acme",
		// Set aside, or used by networks as their own.
		"svc.internal": "special-use internal", "printer.local": "special-use local", "net.local": "special-use local", "k8s.internal": "special-use internal",
		"corp": "name-collision corp", "home": "name-collision home", "lan": "name-collision lan", "mail": "name-collision mail",
		"intranet": "name-collision intranet", "private": "name-collision private", "corp.lan": "name-collision lan", "k8s.corp": "name-collision corp",
	} {
		policy := NewPolicy(laptop, "")
		zones, refusal := policy.Zones(domain)
		if want == all {
			if refusal != nil || !slices.Equal(zones, []string{domain}) {
				t.Errorf("%s: zones %v, refused %+v", domain, zones, refusal)
			}
			continue
		}
		if refusal == nil || !strings.HasPrefix(refusal.Reason+" "+refusal.Conflict, want) {
			t.Errorf("%s: refused %+v, want %s", domain, refusal, want)
			continue
		}
		if slices.Contains(zones, domain) || !slices.Equal(zones, []string{"svc." + domain, "pod." + domain}) {
			t.Errorf("%s: zones %v", domain, zones)
		}
	}
	for _, domain := range []string{
		"com", "co.uk", "com.au", "dev", "app", "ck", "anything.ck", "kawasaki.jp", "za", "xn--p1ai", "box", "local", "localhost", "a.localhost",
		"invalid", "test", "example", "internal", "onion", "abc.onion", "alt", "arpa", "home.arpa", "in-addr.arpa", "10.in-addr.arpa", "ip6.arpa",
		"", ".", "svc.", ".svc", "a..b", "~svc", "-a.k8s", "a-.k8s", "a_b.k8s", "a b", "a\nnameserver 6.6.6.6", "a/../b", "*.k8s", "ü.k8s",
		"10", "1.2.3.4", "k8s.10", "a\x00b", strings.Repeat("a", 64) + ".k8s", strings.Repeat(strings.Repeat("a", 63)+".", 4) + "k8s",
	} {
		if zones, refusal := NewPolicy(laptop, domain).Zones(domain); len(zones) != 0 || refusal == nil {
			t.Errorf("%q: zones %v", domain, zones)
		}
	}
}

func TestAServiceZoneIsNotTheLaptopsNorAnothers(t *testing.T) {
	for domain, laptop := range map[string]string{
		"k8s.example.com": "svc.k8s.example.com", "example.net": "eu.svc.example.net",
	} {
		zones, _ := NewPolicy([]string{laptop}, "").Zones(domain)
		if !slices.Equal(zones, []string{"pod." + domain}) {
			t.Errorf("beside the laptop's %s: %v", laptop, zones)
		}
	}
	policy := NewPolicy([]string{"svc.k8s.example.com"}, "")
	for _, name := range []string{"webshop.svc.k8s.example.com", "svc.com", "pod.co.uk", "svc.local", "www.svc.com", "svc.za"} {
		if policy.Judge(name) == nil {
			t.Errorf("%s passed", name)
		}
	}
	for _, name := range []string{"webshop.svc.example.net", "webshop.svc.cluster.local", "svc.corp", "svc.fritz.box"} {
		if refusal := policy.Judge(name); refusal != nil {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
}

func TestANamespaceCapturesNoNetworkOfOthers(t *testing.T) {
	policy := NewPolicy([]string{"office.webshop"}, "")
	for namespace, reason := range map[string]string{
		"infra": "", "kube-system": "", "default": "", "svc": "", "pod": "", "monitoring": "",
		"dev": ReasonPublicSuffix, "app": ReasonPublicSuffix, "data": ReasonPublicSuffix, "de": ReasonPublicSuffix, "ck": ReasonPublicSuffix,
		"za": ReasonPublicSuffix, "local": ReasonSpecialUse, "internal": ReasonSpecialUse, "test": ReasonSpecialUse, "alt": ReasonSpecialUse,
		"corp": ReasonCollision, "lan": ReasonCollision, "home": ReasonCollision, "mail": ReasonCollision, "intranet": ReasonCollision,
		"private": ReasonCollision, "localdomain": ReasonCollision, "domain": ReasonCollision, "wpad": ReasonCollision, "isatap": ReasonCollision,
		"webshop": ReasonLaptop,
	} {
		refusal := policy.Judge(namespace)
		if reason == "" && refusal != nil || reason != "" && (refusal == nil || refusal.Reason != reason) {
			t.Errorf("%s: %+v, want %q", namespace, refusal, reason)
		}
	}
}

func TestTheUsersWordIsForOneDomainAndNotForWhatNobodyCanGive(t *testing.T) {
	laptop := []string{"corp.example.net", "~vpn.example.org"}
	for _, test := range []struct {
		granted, name string
		passes        bool
	}{
		{"k8s.example.com", "k8s.example.com", true}, {"k8s.example.com", "db.k8s.example.com", true},
		{"K8s.Example.Com.", "k8s.example.com", true}, {"k8s.corp.example.net", "k8s.corp.example.net", true},
		{"corp", "corp", true}, {"k8s.internal", "k8s.internal", true},
		// Another domain does not inherit it, above, beside or below a part of a label.
		{"k8s.example.com", "example.com", false}, {"k8s.example.com", "dev.example.com", false}, {"k8s.example.com", "xk8s.example.com", false},
		// Nobody can give these away.
		{"com", "evil.com", false}, {"co.uk", "evil.co.uk", false}, {"github.io", "acme.github.io", false}, {"amazonaws.com", "amazonaws.com", false},
		{"local", "printer.local", false}, {"internal", "k8s.internal", false}, {"arpa", "home.arpa", false},
		{"corp.example.net", "git.corp.example.net", false}, {"example.net", "www.example.net", false}, {"example.org", "www.example.org", false},
		// A domain that the laptop has meanwhile is no longer the word's.
		{"k8s.example.com", "corp.example.net", false},
	} {
		if refusal := NewPolicy(laptop, test.granted).Judge(test.name); (refusal == nil) != test.passes {
			t.Errorf("with the word for %s, %s: %+v", test.granted, test.name, refusal)
		}
	}
	refusal := NewPolicy([]string{"x.k8s.example.com"}, "k8s.example.com").Judge("k8s.example.com")
	if refusal == nil || refusal.Reason != ReasonLaptop || refusal.Grantable {
		t.Errorf("the laptop's own domain below: %+v", refusal)
	}
}

func TestReverseZonesStayInPrivateSpace(t *testing.T) {
	policy := NewPolicy([]string{"7.10.in-addr.arpa"}, "")
	for name, wanted := range map[string]bool{
		"96.10.in-addr.arpa": true, "0.96.10.in-addr.arpa": true, "10.0.96.10.in-addr.arpa": true, "8.7.10.in-addr.arpa": true,
		"16.172.in-addr.arpa": true, "168.192.in-addr.arpa": true, "64.100.in-addr.arpa": true, "18.198.in-addr.arpa": true,
		"d.f.ip6.arpa": true, "6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa": true,
		"10.in-addr.arpa": false, "7.10.in-addr.arpa": false, // a VPN's own reverse zone is it, or in it
		"in-addr.arpa": false, ".in-addr.arpa": false, "8.in-addr.arpa": false, "172.in-addr.arpa": false, "192.in-addr.arpa": false,
		"15.172.in-addr.arpa": false, "32.172.in-addr.arpa": false, "100.in-addr.arpa": false, "127.in-addr.arpa": false,
		"010.in-addr.arpa": false, "256.10.in-addr.arpa": false, "1.2.3.4.10.in-addr.arpa": false, "a.10.in-addr.arpa": false,
		"cluster.local": false, "8.b.d.0.1.0.0.2.ip6.arpa": false, "f.ip6.arpa": false, "ip6.arpa": false, "0.8.e.f.ip6.arpa": false,
	} {
		if refusal := policy.Reverse(name); (refusal == nil) != wanted {
			t.Errorf("%q: %+v", name, refusal)
		}
	}
}

// suffixes.txt is generated from the library's list; the test may link the library, the helper may not.
func TestSuffixesAreThoseOfTheLibrary(t *testing.T) {
	version, _, _ := strings.Cut(suffixText, "\n")
	if version != publicsuffix.List.String() {
		t.Fatal("golang.org/x/net was raised: go generate ./internal/domains")
	}
	if !slices.IsSorted(suffixes()) || len(suffixes()) < 9000 {
		t.Fatalf("the list is not whole: %d rules", len(suffixes()))
	}
	for _, rule := range suffixes() {
		private := strings.HasPrefix(rule, " ")
		name := upward(strings.TrimSuffix(strings.TrimPrefix(rule, " "), "!"))
		if exception := strings.HasSuffix(rule, "!"); exception {
			if suffixWithin(strings.Split(name, ".")) != "" {
				t.Errorf("%s is an exception", name)
			}
			continue
		}
		name = strings.Replace(name, "*", "anything", 1)
		suffix, icann := publicsuffix.PublicSuffix(name)
		// The library calls a top-level domain unmanaged where the list has only a wildcard below it (ck).
		if suffix != name || icann == private && strings.Contains(name, ".") {
			t.Errorf("%q: the library says %s, %v", rule, suffix, icann)
		}
		labels := strings.Split(name, ".")
		for index := range labels { // it, and all that it lies in
			if within := strings.Join(labels[index:], "."); suffixWithin(labels[index:]) == "" {
				t.Errorf("%q: nothing within %s", rule, within)
			}
		}
		if above := suffixAbove(append([]string{"some"}, labels...)); above != name {
			t.Errorf("%q: some.%s lies below %q", rule, name, above)
		}
	}
}

func FuzzDomain(f *testing.F) {
	for _, seed := range []string{"cluster.local", "dev", "co.uk", "10.in-addr.arpa", "a..b", "~x", "a\nb", "anything.ck", "svc.com", "github.io"} {
		f.Add(seed, "corp.example", "k8s.example.com")
	}
	f.Fuzz(func(t *testing.T, name, laptop, granted string) {
		policy := NewPolicy([]string{laptop}, granted)
		zones, refusal := policy.Zones(name)
		if refusal == nil {
			zones = append(zones, name)
		} else if strings.ContainsFunc(refusal.Name, func(char rune) bool { return char < ' ' || char > '~' }) {
			t.Errorf("%q is not fit to be shown", refusal.Name)
		}
		for _, zone := range zones {
			if len(zone) > 253 || strings.Trim(zone, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
				t.Errorf("%q passed", zone)
			}
			if suffix, _ := publicsuffix.PublicSuffix(zone); suffix == zone && strings.Contains(zone, ".") {
				t.Errorf("the public suffix %q passed", zone)
			}
			if host := canonical(strings.TrimPrefix(laptop, "~")); host != "" && IsUnder(host, zone) && !IsUnder(zone, clusterLocal) {
				t.Errorf("%q holds the laptop's %q", zone, host)
			}
		}
	})
}
