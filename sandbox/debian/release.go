package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ulikunitz/xz"
)

// Release is what a verified InRelease file says (https://wiki.debian.org/DebianRepository/Format).
type Release struct {
	Codename   string
	Date       time.Time
	ValidUntil time.Time // zero where the suite does not expire
	ByHash     bool
	Files      map[string]FileSum // paths below dists/SUITE/
}

// FileSum is the size in bytes and the SHA256 in hexadecimal of a file.
type FileSum struct {
	Size   int64
	SHA256 string
}

// Clock says when it is, and which of the dates in a Release file count.
type Clock struct {
	Now              time.Time
	IgnoreValidUntil bool
	IgnoreDate       bool
}

// clockTolerance is by how much a machine's clock may be behind the archive's.
const clockTolerance = time.Hour

// readRelease verifies an InRelease file and reads it. Nothing in it is looked at before a pinned key is known to have
// signed it, and nothing outside of what was signed is looked at ever.
func readRelease(text []byte, suite Suite, keys openpgp.EntityList, clock Clock) (*Release, error) {
	signed, err := signedText(text, suite, keys, clock.Now)
	if err != nil {
		return nil, err
	}
	release, err := parseRelease(signed)
	if err != nil {
		return nil, untrusted(notDebian, "The Release file of %s cannot be read, though Debian signed it: %v.", suite, err)
	}
	if release.Codename != suite.Name {
		return nil, untrusted(notDebian, "The mirror answers for %s with the Release file of %s.", suite, release.Codename)
	}
	if late := release.Date.Sub(clock.Now); late > clockTolerance && !clock.IgnoreDate {
		return nil, untrusted("Set this machine's clock, then start again.",
			"The Release file of %s is of %s, and this machine's clock says %s.", suite, day(release.Date), day(clock.Now))
	}
	if !release.ValidUntil.IsZero() && clock.Now.After(release.ValidUntil) && !clock.IgnoreValidUntil {
		return nil, untrusted("Check this machine's clock, or name another mirror of Debian by SLIPWAY_DEBIAN_MIRROR.",
			"The Release file of %s was valid until %s: the mirror is not kept up to date, or somebody shows an old state of it.",
			suite, day(release.ValidUntil))
	}
	return release, nil
}

func signedText(text []byte, suite Suite, keys openpgp.EntityList, now time.Time) ([]byte, error) {
	block, rest := clearsign.Decode(text)
	if block == nil {
		return nil, unavailable(otherMirror,
			"What the mirror answers for %s is no signed Release file: it begins with %q.", suite, beginning(text))
	}
	if len(bytes.TrimSpace(rest)) > 0 || !bytes.HasPrefix(text, []byte("-----BEGIN PGP SIGNED MESSAGE-----")) {
		return nil, untrusted(notDebian, "The Release file of %s has text outside of what was signed.", suite)
	}
	signatures, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		return nil, untrusted(notDebian, "The signature of the Release file of %s cannot be read: %v.", suite, err)
	}
	config := &packet.Config{Time: func() time.Time { return now }}
	_, err = openpgp.CheckDetachedSignature(keys, bytes.NewReader(block.Bytes), bytes.NewReader(signatures), config)
	switch {
	case err == nil:
		return block.Plaintext, nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return nil, untrusted(notDebian,
			"No key of Debian's archive that is known here signed the Release file of %s; the keys that did: %s.",
			suite, strings.Join(issuers(signatures), ", "))
	}
	return nil, untrusted(notDebian, "The signature of the Release file of %s is wrong: %v.", suite, err)
}

// issuers are the key ids that signatures name, which proves nothing.
func issuers(signatures []byte) []string {
	names := []string{}
	packets := packet.NewReader(bytes.NewReader(signatures))
	for {
		next, err := packets.Next()
		if err != nil {
			break
		}
		if signature, ok := next.(*packet.Signature); ok && signature.IssuerKeyId != nil {
			names = append(names, fmt.Sprintf("%016X", *signature.IssuerKeyId))
		}
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// decompress reads the formats of lists of packages.
var decompress = map[string]func(io.Reader) (io.Reader, error){
	".gz": func(from io.Reader) (io.Reader, error) { return gzip.NewReader(from) },
	".xz": func(from io.Reader) (io.Reader, error) { return xz.NewReader(from) },
}

// index is the list of packages of the component main. Its xz is a quarter smaller than its gz and takes seconds more to
// read; some suites have that alone.
func (r *Release) index(architecture string) (string, FileSum, error) {
	for _, ending := range []string{".gz", ".xz"} {
		name := "main/binary-" + architecture + "/Packages" + ending
		if sum, ok := r.Files[name]; ok {
			return name, sum, nil
		}
	}
	return "", FileSum{}, fmt.Errorf("no packages for %s", architecture)
}

func parseRelease(text []byte) (*Release, error) {
	release := &Release{Files: map[string]FileSum{}}
	scanner := bufio.NewScanner(bytes.NewReader(text))
	field := ""
	for scanner.Scan() {
		line := scanner.Text()
		if strings.HasPrefix(line, " ") {
			if field == "SHA256" {
				if err := release.addFile(strings.Fields(line)); err != nil {
					return nil, err
				}
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		field, value = name, strings.TrimSpace(value)
		var err error
		switch field {
		case "Codename":
			release.Codename = value
		case "Acquire-By-Hash":
			release.ByHash = value == "yes"
		case "Date":
			release.Date, err = time.Parse(time.RFC1123, value)
		case "Valid-Until":
			release.ValidUntil, err = time.Parse(time.RFC1123, value)
		}
		if err != nil {
			return nil, err
		}
	}
	if release.Date.IsZero() {
		return nil, errors.New("it has no date")
	}
	return release, scanner.Err()
}

func (r *Release) addFile(words []string) error {
	if len(words) != 3 || len(words[0]) != 64 {
		return fmt.Errorf("its list of files has %q", strings.Join(words, " "))
	}
	size, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	r.Files[words[2]] = FileSum{Size: size, SHA256: words[0]}
	return nil
}

func beginning(text []byte) string {
	return string(text[:min(len(text), 40)])
}

func day(when time.Time) string { return when.UTC().Format("2 January 2006") }
