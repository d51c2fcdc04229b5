package domains

import (
	"strconv"
	"strings"
)

// IsLabel tells whether a label is letters, digits and inner hyphens (RFC 1123), in lower case.
func IsLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(character rune) bool {
		return character != '-' && (character < '0' || character > '9') && (character < 'a' || character > 'z')
	})
}

// split checks the syntax of a name in lower case without a final dot, at most 253 characters.
func split(name string) (labels []string, valid bool) {
	if name == "" || len(name) > 253 {
		return nil, false
	}
	labels = strings.Split(name, ".")
	for _, label := range labels {
		if !IsLabel(label) {
			return nil, false
		}
	}
	// A last label of digits only makes an address, or a part of one (RFC 3696 section 2).
	return labels, strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// Printable makes a refused name fit to be shown: it may be anything that a cluster sent.
func Printable(name string) string {
	if len(name) > 64 {
		name = name[:64] + "..."
	}
	return strings.Trim(strconv.QuoteToASCII(name), `"`)
}
