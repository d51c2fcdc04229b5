package main

import (
	"fmt"
	"slices"
	"strings"

	"pault.ag/go/debian/dependency"
	"pault.ag/go/debian/version"
)

// closure is the wanted packages and every library that they need, the C library and its loader among them, by Depends
// and Pre-Depends: of alternatives the first that is there, unless another was chosen already. What else a package
// depends on serves its installation (debconf, adduser …) or is named in the set that wants it, and is left out.
func (x *Index) closure(wanted []string) ([]*Package, error) {
	x.findProviders()
	chosen := map[string]*Package{}
	queue := []*Package{}
	take := func(found *Package) {
		if chosen[found.Name] == nil {
			chosen[found.Name] = found
			queue = append(queue, found)
		}
	}
	for _, name := range wanted {
		found := x.packages[name]
		if found == nil {
			return nil, unavailable(otherMirror, "The mirror has no package %s.", name)
		}
		take(found)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		needs, err := dependency.Parse(queue[0].Depends)
		if err != nil {
			return nil, fmt.Errorf("dependencies of %s: %w", queue[0].Name, err)
		}
		for _, relation := range needs.Relations {
			found := x.choose(relation, chosen)
			if found == nil {
				return nil, unavailable(otherMirror, "Nothing on the mirror is what %s depends on: %s.", queue[0].Name, relation)
			}
			if isLibrary(found) {
				take(found)
			}
		}
	}
	all := make([]*Package, 0, len(chosen))
	for _, found := range chosen {
		all = append(all, found)
	}
	slices.SortFunc(all, func(one, other *Package) int { return strings.Compare(one.Name, other.Name) })
	return all, nil
}

func isLibrary(found *Package) bool {
	return found.Section == "libs" || strings.HasPrefix(found.Name, "lib") || strings.HasSuffix(found.Name, "-libs")
}

func (x *Index) choose(relation dependency.Relation, chosen map[string]*Package) *Package {
	first := (*Package)(nil)
	for _, possibility := range relation.Possibilities {
		for _, found := range x.satisfying(possibility) {
			if chosen[found.Name] != nil {
				return found
			}
			if first == nil {
				first = found
			}
		}
	}
	return first
}

// satisfying are the packages that are what is asked for: the one of that name, or those that provide it.
func (x *Index) satisfying(asked dependency.Possibility) []*Package {
	var all []*Package
	if found := x.packages[asked.Name]; found != nil && satisfies(found.Version, asked.Version) {
		all = append(all, found)
	}
	// A version is asked of a virtual package only where its provider gives it one (Debian Policy 7.5).
	for _, found := range x.providers[asked.Name] {
		provided, _ := dependency.Parse(found.Provides)
		for _, relation := range provided.Relations {
			one := relation.Possibilities[0]
			if one.Name == asked.Name && (asked.Version == nil || one.Version != nil && satisfiesText(one.Version.Number, asked.Version)) {
				all = append(all, found)
			}
		}
	}
	return all
}

func (x *Index) findProviders() {
	for _, found := range x.packages {
		provided, err := dependency.Parse(found.Provides)
		if err != nil {
			continue // it provides nothing that could be asked for
		}
		for _, relation := range provided.Relations {
			name := relation.Possibilities[0].Name
			x.providers[name] = append(x.providers[name], found)
		}
	}
	for _, all := range x.providers {
		slices.SortFunc(all, func(one, other *Package) int { return strings.Compare(one.Name, other.Name) })
	}
}

func satisfiesText(text string, asked *dependency.VersionRelation) bool {
	given, err := version.Parse(text)
	return err == nil && satisfies(given, asked)
}

func satisfies(given version.Version, asked *dependency.VersionRelation) bool {
	if asked == nil {
		return true
	}
	wanted, err := version.Parse(asked.Number)
	if err != nil {
		return false
	}
	order := version.Compare(given, wanted)
	switch asked.Operator {
	case "<<":
		return order < 0
	case "<=":
		return order <= 0
	case "=":
		return order == 0
	case ">=":
		return order >= 0
	case ">>":
		return order > 0
	}
	return false
}
