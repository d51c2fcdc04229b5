package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

type recorder struct {
	dns.ResponseWriter
	reply *dns.Msg
}

func (r *recorder) WriteMsg(reply *dns.Msg) error { r.reply = reply; return nil }
func (r *recorder) RemoteAddr() net.Addr          { return &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 5353} }

func ask(t *testing.T, name string, kind uint16) (*dns.Msg, string) {
	t.Helper()
	zone, err := parseNames("www.example.test=203.0.113.10,x.dev=203.0.113.20")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	writer := &recorder{}
	(&answerer{zone: zone, queries: file}).ServeDNS(writer, new(dns.Msg).SetQuestion(name, kind))
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return writer.reply, string(log)
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name    string
		kind    uint16
		code    int
		answers string
	}{
		{"www.example.test.", dns.TypeA, dns.RcodeSuccess, "203.0.113.10"},
		{"WWW.Example.test.", dns.TypeA, dns.RcodeSuccess, "203.0.113.10"},
		{"www.example.test.", dns.TypeAAAA, dns.RcodeSuccess, ""},
		{"example.test.", dns.TypeA, dns.RcodeSuccess, ""}, // an empty non-terminal exists
		{"orders.webshop.svc.cluster.local.", dns.TypeA, dns.RcodeNameError, ""},
		{"20.113.0.203.in-addr.arpa.", dns.TypePTR, dns.RcodeSuccess, "x.dev."},
	} {
		reply, _ := ask(t, test.name, test.kind)
		if reply.Rcode != test.code {
			t.Errorf("%s: code %s", test.name, dns.RcodeToString[reply.Rcode])
		}
		if test.answers == "" && len(reply.Answer) != 0 || test.answers != "" && (len(reply.Answer) != 1 || !strings.HasSuffix(reply.Answer[0].String(), test.answers)) {
			t.Errorf("%s: answers %v, want %q", test.name, reply.Answer, test.answers)
		}
	}
}

func TestQueriesAreWrittenDown(t *testing.T) {
	_, log := ask(t, "Leaked.Cluster.local.", dns.TypeA)
	if !strings.HasSuffix(log, " udp A leaked.cluster.local.\n") {
		t.Errorf("log is %q", log)
	}
}
