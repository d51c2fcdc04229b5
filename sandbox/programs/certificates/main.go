// Command certificates reads a plan (JSON, standard input) and writes the keys and
// certificates in it that are not there yet: NAME.key and NAME.crt in PEM, for a
// signing key NAME.key and NAME.pub. It never replaces a file, and keys are
// readable by their owner only.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"
)

// Plan is what is asked for. Authorities come first: certificates name them.
type Plan struct {
	Folder       string        `json:"folder"`
	Authorities  []Authority   `json:"authorities"`
	Certificates []Certificate `json:"certificates"`
	SigningKeys  []string      `json:"signingKeys"`
}

// Authority is a self-signed certificate that signs others.
type Authority struct {
	Name       string `json:"name"`
	CommonName string `json:"commonName"`
}

// Certificate is signed by an authority. ValidSeconds may be negative: that makes
// one that has already ended, for tests.
type Certificate struct {
	Name          string   `json:"name"`
	Authority     string   `json:"authority"`
	CommonName    string   `json:"commonName"`
	Organizations []string `json:"organizations"`
	Server        bool     `json:"server"`
	Client        bool     `json:"client"`
	Names         []string `json:"names"`
	Addresses     []net.IP `json:"addresses"`
	ValidSeconds  int64    `json:"validSeconds"`
}

// lifetime of what has no ValidSeconds: longer than any sandbox lives.
const lifetime = 10 * 365 * 24 * time.Hour

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "certificates:", err)
		os.Exit(1)
	}
}

func run() error {
	var plan Plan
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&plan); err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	if err := os.MkdirAll(plan.Folder, 0o700); err != nil {
		return err
	}
	folder := folder(plan.Folder)
	now := time.Now()
	for _, authority := range plan.Authorities {
		if err := folder.makeAuthority(authority, now); err != nil {
			return fmt.Errorf("authority %s: %w", authority.Name, err)
		}
	}
	for _, certificate := range plan.Certificates {
		if err := folder.makeCertificate(certificate, now); err != nil {
			return fmt.Errorf("certificate %s: %w", certificate.Name, err)
		}
	}
	for _, name := range plan.SigningKeys {
		if err := folder.makeSigningKey(name); err != nil {
			return fmt.Errorf("signing key %s: %w", name, err)
		}
	}
	return nil
}
