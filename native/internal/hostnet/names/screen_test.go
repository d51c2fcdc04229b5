package names

import (
	"fmt"
	"slices"
	"testing"

	"slipway/native/internal/domains"
	"slipway/native/internal/wire"
)

func TestScreenTellsWhatItLeavesOut(t *testing.T) {
	passed, refused := Screen(wire.NamesInput{
		Domains: []string{"Cluster.Local", "dev", "webshop", "webshop", "k8s.corp.example", "k8s.example.com", "k8s.example.net", "corp"},
		Search:  []string{"svc.cluster.local", "evil\x1b[2J", "corp.example"},
		Reverse: []string{"96.10.in-addr.arpa", "8.8.in-addr.arpa", "10.in-addr.arpa"},
		Granted: "k8s.example.com",
	}, []string{"corp.example", "~7.10.in-addr.arpa"})
	if !slices.Equal(passed.Domains, []string{"cluster.local", "webshop", "k8s.example.com"}) || !slices.Equal(passed.Search, []string{"svc.cluster.local"}) ||
		!slices.Equal(passed.Reverse, []string{"96.10.in-addr.arpa"}) {
		t.Errorf("passed %+v", passed)
	}
	if want := []wire.NameRefusal{
		{Name: "dev", Reason: "public-suffix", Conflict: "dev"},
		{Name: "k8s.corp.example", Reason: "laptop-domain", Conflict: "corp.example", Grantable: true},
		{Name: "k8s.example.net", Reason: "registrable", Conflict: "net", Grantable: true},
		{Name: "corp", Reason: "name-collision", Conflict: "corp", Grantable: true},
		{Name: `evil\x1b[2j`, Reason: "malformed"},
		{Name: "corp.example", Reason: "laptop-domain", Conflict: "corp.example"},
		{Name: "8.8.in-addr.arpa", Reason: "reverse"},
		{Name: "10.in-addr.arpa", Reason: "laptop-domain", Conflict: "7.10.in-addr.arpa"},
	}; !slices.Equal(refused, want) {
		t.Errorf("refused %+v", refused)
	}
	var many []string
	for index := range domains.Max + 5 {
		many = append(many, fmt.Sprintf("n%d", index))
	}
	passed, refused = Screen(wire.NamesInput{Domains: many}, nil)
	if len(passed.Domains) != domains.Max || len(refused) != 5 || refused[0].Reason != domains.ReasonTooMany {
		t.Errorf("%d passed, refused %v", len(passed.Domains), refused)
	}
}
