package names

import (
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/wire"
)

func TestComposePutsOursFirstAndKeepsTheRest(t *testing.T) {
	for _, check := range []struct{ name, original, implied, wanted, search string }{
		{
			name:     "office",
			original: "# made by DHCP\nnameserver 10.1.1.1\nnameserver 10.1.1.2\nsearch corp.example\noptions edns0 timeout:2\n",
			wanted:   "nameserver 198.18.0.3\nsearch svc.cluster.local corp.example\n# made by DHCP\nnameserver 10.1.1.1\nnameserver 10.1.1.2\noptions edns0 timeout:2\n",
			search:   "svc.cluster.local corp.example",
		},
		{
			name: "empty file", original: "", wanted: "nameserver 198.18.0.3\nsearch svc.cluster.local\n", search: "svc.cluster.local",
		},
		{
			name:     "a search list that the host's name implies stays",
			original: "nameserver 10.1.1.1\n", implied: "corp.example",
			wanted: "nameserver 198.18.0.3\nsearch svc.cluster.local corp.example\nnameserver 10.1.1.1\n",
			search: "svc.cluster.local corp.example",
		},
		{
			name:     "the last of search and domain counts",
			original: "search one.example two.example\ndomain three.example\nnameserver 10.1.1.1",
			wanted:   "nameserver 198.18.0.3\nsearch svc.cluster.local three.example\nnameserver 10.1.1.1\n",
			search:   "svc.cluster.local three.example",
		},
		{
			name:     "a dot is no search domain, and hides the host's own",
			original: "nameserver 127.0.0.53\nsearch .\n", implied: "corp.example",
			wanted: "nameserver 198.18.0.3\nsearch svc.cluster.local\nnameserver 127.0.0.53\n",
			search: "svc.cluster.local",
		},
		{
			name:     "with rotate two questions of three would miss us",
			original: "nameserver 10.1.1.1\noptions rotate ndots:2\n",
			wanted:   "nameserver 198.18.0.3\nsearch svc.cluster.local\nnameserver 10.1.1.1\noptions ndots:2\n",
			search:   "svc.cluster.local",
		},
		{
			name:     "indented lines are comments to glibc",
			original: " nameserver 10.9.9.9\nnameserver 10.1.1.1 # office\n",
			wanted:   "nameserver 198.18.0.3\nsearch svc.cluster.local\n nameserver 10.9.9.9\nnameserver 10.1.1.1 # office\n",
			search:   "svc.cluster.local",
		},
	} {
		t.Run(check.name, func(t *testing.T) {
			content, search, _ := composeResolvConf([]byte(check.original), "198.18.0.3", []string{"svc.cluster.local"}, check.implied)
			wanted := strings.Join(header, "\n") + "\n" + check.wanted
			if string(content) != wanted || strings.Join(search, " ") != check.search {
				t.Errorf("got %q\n%s", search, content)
			}
		})
	}
}

func TestSearchListIsBounded(t *testing.T) {
	var many []string
	for index := range 40 {
		many = append(many, strings.Repeat("a", index+1)+".svc.cluster.local")
	}
	if _, search, _ := composeResolvConf(nil, "198.18.0.3", many, ""); len(search) != maxSearch {
		t.Errorf("%d search domains", len(search))
	}
	for index := range many {
		many[index] = strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + many[index]
	}
	_, search, _ := composeResolvConf(nil, "198.18.0.3", many, "")
	if length := len(strings.Join(search, " ")); length > maxSearchLength || length < maxSearchLength/2 {
		t.Errorf("%d characters of search list", length)
	}
}

func TestWithoutOursKeepsSomebodysEdit(t *testing.T) {
	original := "nameserver 10.1.1.1\nsearch corp.example\n"
	content, _, added := composeResolvConf([]byte(original), "198.18.0.3", []string{"svc.cluster.local"}, "")
	edited := strings.Replace(string(content), "nameserver 10.1.1.1", "nameserver 10.2.2.2\n# by hand", 1)
	cleaned, asksUs := withoutOurs([]byte(edited), []string{"198.18.0.3"}, added)
	if !asksUs || string(cleaned) != "search corp.example\nnameserver 10.2.2.2\n# by hand\n" {
		t.Errorf("%v\n%s", asksUs, cleaned)
	}
	if _, asksUs := withoutOurs([]byte(original), []string{"198.18.0.3"}, added); asksUs {
		t.Error("a file without our nameserver is somebody else's")
	}
}

// Every option of resolv.conf(5) is obeyed by somebody: the programs' own resolver reads what stays in the file, and what
// is for who asks the nameservers is told.
func TestEveryOptionIsObeyed(t *testing.T) {
	for option, told := range map[string]wire.UpstreamOptions{
		"timeout:1": {TimeoutSeconds: 1}, "timeout:10": {TimeoutSeconds: 10}, "timeout:300": {TimeoutSeconds: maxTimeout},
		"timeout:0": {TimeoutSeconds: 1}, "timeout:": {}, "timeout": {}, "timeout:x": {},
		"rotate": {IsRotating: true}, "use-vc": {IsByTCP: true}, "usevc": {IsByTCP: true},
		"ndots:5": {}, "attempts:4": {}, "edns0": {}, "trust-ad": {}, "single-request": {}, "single-request-reopen": {},
		"no-aaaa": {}, "inet6": {}, "no-tld-query": {}, "no-reload": {}, "debug": {},
	} {
		original := []byte("nameserver 10.1.1.1\noptions " + option + "\n")
		if options := parseResolvConf(original).options; options != told {
			t.Errorf("%s is told as %+v", option, options)
		}
		content, _, _ := composeResolvConf(original, "198.18.0.3", nil, "")
		if isKept := strings.Contains(string(content), "options "+option+"\n"); isKept == (option == "rotate") {
			t.Errorf("%s: the file is\n%s", option, content)
		}
	}
	both := parseResolvConf([]byte("options rotate\nnameserver 10.1.1.1\noptions use-vc timeout:3 # slow\n")).options
	if both != (wire.UpstreamOptions{TimeoutSeconds: 3, IsRotating: true, IsByTCP: true}) {
		t.Errorf("two lines are told as %+v", both)
	}
}

func FuzzResolvConf(f *testing.F) {
	f.Add([]byte("nameserver 10.1.1.1\nsearch a b\noptions rotate\n"), "198.18.0.3")
	f.Add([]byte("domain\nsearch\noptions\nnameserver\n"), "198.18.0.3")
	f.Add([]byte("\x00\xff\r\n;\n#\nnameserver fe80::1%eth0"), "198.18.0.3")
	f.Fuzz(func(t *testing.T, original []byte, resolver string) {
		if resolver != "198.18.0.3" {
			return
		}
		content, search, added := composeResolvConf(original, resolver, []string{"svc.cluster.local"}, "")
		parsed := parseResolvConf(content)
		if parsed.nameservers[0] != resolver || !slices.Equal(parsed.search, search) || search[0] != "svc.cluster.local" {
			t.Errorf("ours is not first in %q", content)
		}
		theirs := slices.DeleteFunc(parseResolvConf(original).nameservers, func(server string) bool { return server == resolver })
		if !slices.Equal(parsed.nameservers[1:], theirs) {
			t.Errorf("servers %v became %v", theirs, parsed.nameservers)
		}
		cleaned, asksUs := withoutOurs(content, []string{resolver}, added)
		if left := parseResolvConf(cleaned); !asksUs || slices.Contains(left.nameservers, resolver) || slices.Contains(left.search, "svc.cluster.local") && !slices.Contains(parseResolvConf(original).search, "svc.cluster.local") {
			t.Errorf("ours is still in %q", cleaned)
		}
	})
}
