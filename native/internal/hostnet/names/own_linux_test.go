package names

import (
	"strings"
	"testing"
)

func TestTheNamesThatHostsGivesTheLaptop(t *testing.T) {
	hosts := "127.0.0.1 localhost laptop.example\n127.0.1.1\tlaptop.corp.example.com laptop # laptop.no\n10.0.0.1 other.example.org other\n#1 laptop.x laptop\n"
	if got := strings.Join(namesOf("laptop", []byte(hosts)), " "); got != "laptop.corp.example.com laptop" {
		t.Errorf("found %s", got)
	}
}
