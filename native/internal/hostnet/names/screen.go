package names

import (
	"slices"
	"strings"

	"slipway/native/internal/domains"
	"slipway/native/internal/wire"
)

// Screen splits what a client wants into what the policy lets pass (in lower case, without repetitions) and what it
// refuses. laptop are the laptop's own domains, as root read them: what a client says of them is not asked.
func Screen(input wire.NamesInput, laptop []string) (passed wire.NamesInput, refused []wire.NameRefusal) {
	policy := domains.NewPolicy(laptop, append([]string{input.Granted}, input.Extra...)...)
	left := domains.Max
	take := func(names []string, judge func(string) *wire.NameRefusal) (taken []string) {
		for _, name := range names {
			lower := strings.ToLower(name)
			if slices.Contains(taken, lower) {
				continue
			}
			refusal := judge(lower)
			if refusal == nil && left == 0 {
				refusal = &wire.NameRefusal{Name: domains.Printable(name), Reason: domains.ReasonTooMany}
			}
			if refusal != nil {
				refused = append(refused, *refusal)
				continue
			}
			left--
			taken = append(taken, lower)
		}
		return taken
	}
	passed.Resolver = input.Resolver
	passed.Domains = take(input.Domains, policy.Judge)
	passed.Search = take(input.Search, policy.Judge)
	passed.Reverse = take(input.Reverse, policy.Reverse)
	return passed, refused
}
