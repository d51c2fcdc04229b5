package main

import (
	"bytes"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
)

//go:embed keys/*.asc
var keyFiles embed.FS

// pinnedKeys are the fingerprints of primary keys that may sign a Release file. keys/README.md says where they are from.
var pinnedKeys = map[string]string{
	"keys/bookworm-automatic.asc":          "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
	"keys/bookworm-security-automatic.asc": "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0",
	"keys/bookworm-stable.asc":             "4D64FEC119C2029067D6E791F8D2585B8783D481",
}

// archiveKeys are Debian's keys. A file that has another key than the pinned one is an error of this program.
func archiveKeys() (openpgp.EntityList, error) {
	var keys openpgp.EntityList
	for name, fingerprint := range pinnedKeys {
		text, err := keyFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		found, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if len(found) != 1 || fingerprintOf(found[0]) != fingerprint {
			return nil, fmt.Errorf("%s has not exactly the key %s", name, fingerprint)
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

func fingerprintOf(entity *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(entity.PrimaryKey.Fingerprint))
}
