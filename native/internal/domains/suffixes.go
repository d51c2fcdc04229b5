package domains

import (
	_ "embed"
	"slices"
	"sort"
	"strings"
	"sync"
)

// The first line is the version of the list, the others are its rules, from the top-level domain down, sorted; their
// form is told in generate_suffixes.go.
//
//go:generate go run generate_suffixes.go
//go:embed suffixes.txt
var suffixText string

var suffixes = sync.OnceValue(func() []string {
	_, rules, _ := strings.Cut(strings.TrimSpace(suffixText), "\n")
	return strings.Split(rules, "\n")
})

// kinds of rules, as they begin in the list: ICANN's, where registries sell names, and private ones, where a company
// lets others have names (github.io, s3.amazonaws.com). https://publicsuffix.org/list/
var kinds = []string{"", " "}

// isSuffix tells whether names directly below this one belong to others, by a rule of the kind.
func isSuffix(labels []string, kind string) bool {
	name := downward(labels)
	if isListed(kind + name + "!") {
		return false
	}
	return isListed(kind+name) || len(labels) > 1 && isListed(kind+downward(labels[1:])+".*")
}

// suffixWithin returns a public suffix that the name is, or that lies below it; "" where there is none. Whoever had
// all of the name would have names that others registered.
func suffixWithin(labels []string) string {
	for _, kind := range kinds {
		if isSuffix(labels, kind) {
			return strings.Join(labels, ".")
		}
		within := kind + downward(labels) + "."
		rules := suffixes()
		if index := sort.SearchStrings(rules, within); index < len(rules) && strings.HasPrefix(rules[index], within) {
			return upward(strings.TrimRight(strings.TrimSpace(rules[index]), "!"))
		}
	}
	return ""
}

// suffixAbove returns the longest public suffix that the name lies below, "" where there is none: somebody may have
// registered the name, or the one above it.
func suffixAbove(labels []string) string {
	for index := 1; index < len(labels); index++ {
		for _, kind := range kinds {
			if isSuffix(labels[index:], kind) {
				return strings.Join(labels[index:], ".")
			}
		}
	}
	if top := labels[len(labels)-1:]; len(labels) > 1 && isRegistry(top) {
		return top[0]
	}
	return ""
}

// isRegistry tells whether a registry sells the names directly below this one. A top-level domain that has rules only
// further down (za) is one as well.
func isRegistry(labels []string) bool {
	return isSuffix(labels, kinds[0]) || len(labels) == 1 && suffixWithin(labels) != ""
}

func isListed(rule string) bool {
	_, found := slices.BinarySearch(suffixes(), rule)
	return found
}

// downward writes a name from its top-level domain down.
func downward(labels []string) string {
	labels = slices.Clone(labels)
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

func upward(name string) string { return downward(strings.Split(name, ".")) }
