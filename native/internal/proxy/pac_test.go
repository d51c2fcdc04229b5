package proxy

import (
	"net/netip"
	"strings"
	"testing"
)

// tests/layers/proxy-file.test.ts runs it in a JavaScript engine.
func TestTheFileForBrowsersHoldsNothingButText(t *testing.T) {
	made := pacFile(netip.MustParseAddrPort("127.0.0.1:1080"),
		[]netip.Prefix{netip.MustParsePrefix("10.96.0.0/16"), netip.MustParsePrefix("fd00::/64")},
		[]string{"cluster.local", `evil"];alert(1);//`, "</script>"})
	for _, wanted := range []string{`"10.96.0.0/16","fd00::/64"`, `".cluster.local"`, `"PROXY 127.0.0.1:1080; DIRECT"`, `".evil\"];alert(1);//"`} {
		if !strings.Contains(made, wanted) {
			t.Errorf("%s is missing in\n%s", wanted, made)
		}
	}
	for _, unwanted := range []string{"</script>"} {
		if strings.Contains(made, unwanted) {
			t.Errorf("%s is in\n%s", unwanted, made)
		}
	}
}
