package main

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCertificatesVerifyAgainstTheirAuthority(t *testing.T) {
	target := folder(t.TempDir())
	now := time.Now()
	if err := target.makeAuthority(Authority{Name: "ca", CommonName: "test"}, now); err != nil {
		t.Fatal(err)
	}
	server := Certificate{Name: "server", Authority: "ca", CommonName: "s", Server: true, Names: []string{"a.test"}, Addresses: []net.IP{net.IPv4(10, 0, 0, 1)}}
	ended := Certificate{Name: "ended", Authority: "ca", CommonName: "e", Client: true, ValidSeconds: -60}
	for _, certificate := range []Certificate{server, ended} {
		if err := target.makeCertificate(certificate, now); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(load(t, target, "ca"))
	for _, name := range []string{"a.test", "10.0.0.1"} {
		if _, err := load(t, target, "server").Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Errorf("server as %s: %v", name, err)
		}
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := load(t, target, "ended").Verify(x509.VerifyOptions{Roots: roots, KeyUsages: usages}); err == nil {
		t.Error("an ended certificate verifies")
	}
}

func TestNothingIsReplacedAndKeysArePrivate(t *testing.T) {
	target := folder(t.TempDir())
	for range 2 {
		if err := target.makeAuthority(Authority{Name: "ca", CommonName: "test"}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	first := load(t, target, "ca").SerialNumber
	if err := target.makeAuthority(Authority{Name: "ca", CommonName: "other"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if load(t, target, "ca").SerialNumber.Cmp(first) != 0 {
		t.Error("the authority was replaced")
	}
	information, err := os.Stat(filepath.Join(string(target), "ca.key"))
	if err != nil || information.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", information.Mode(), err)
	}
}

func load(t *testing.T, from folder, name string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(from.path(name + ".crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
