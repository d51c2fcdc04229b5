package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return !errors.Is(err, fs.ErrNotExist)
}

func (f folder) makeAuthority(authority Authority, now time.Time) error {
	if f.has(authority.Name + ".crt") {
		return nil
	}
	key, err := f.makeKey(authority.Name)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: authority.CommonName},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		IsCA:     true, BasicConstraintsValid: true,
	}
	return f.sign(authority.Name, template, template, key, key)
}

func (f folder) makeCertificate(certificate Certificate, now time.Time) error {
	if f.has(certificate.Name + ".crt") {
		return nil
	}
	issuer, issuerKey, err := f.loadAuthority(certificate.Authority)
	if err != nil {
		return err
	}
	key, err := f.makeKey(certificate.Name)
	if err != nil {
		return err
	}
	ends := now.Add(lifetime)
	if certificate.ValidSeconds != 0 {
		ends = now.Add(time.Duration(certificate.ValidSeconds) * time.Second)
	}
	begins := now.Add(-time.Hour)
	if ends.Before(now) {
		begins = ends.Add(-time.Hour)
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: certificate.CommonName, Organization: certificate.Organizations},
		NotBefore: begins, NotAfter: ends,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		DNSNames:              certificate.Names,
		IPAddresses:           certificate.Addresses,
	}
	if certificate.Server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if certificate.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	return f.sign(certificate.Name, template, issuer, key, issuerKey)
}

func (f folder) sign(name string, template, issuer *x509.Certificate, key, issuerKey *ecdsa.PrivateKey) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template.SerialNumber = serial
	signed, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		return err
	}
	return f.write(name+".crt", "CERTIFICATE", signed, 0o644)
}

func (f folder) loadAuthority(name string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(f.path(name + ".crt"))
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, fmt.Errorf("%s.crt holds no PEM", name)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, err := f.loadKey(name)
	return certificate, key, err
}

func (f folder) makeKey(name string) (*ecdsa.PrivateKey, error) {
	if f.has(name + ".key") {
		return f.loadKey(name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, f.write(name+".key", "EC PRIVATE KEY", encoded, 0o600)
}

func (f folder) loadKey(name string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(f.path(name + ".key"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s.key holds no PEM", name)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

// makeSigningKey makes the RSA pair that service account tokens are signed with.
func (f folder) makeSigningKey(name string) error {
	if f.has(name + ".pub") {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	if err := f.write(name+".key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), 0o600); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(crypto.PublicKey(&key.PublicKey))
	if err != nil {
		return err
	}
	return f.write(name+".pub", "PUBLIC KEY", public, 0o644)
}

// write goes through a temporary file, so that a half-written one is never taken for done.
func (f folder) write(name, kind string, content []byte, mode fs.FileMode) error {
	temporary := f.path("." + name)
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	if err := os.WriteFile(temporary, text, mode); err != nil {
		return err
	}
	return os.Rename(temporary, f.path(name))
}
