package packetfilters

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"slipway/native/internal/hostnet/laptoptest"
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

// What drops this computer's own packets is told, through whatever it jumps to; what passes others', or changes addresses, is not.
func TestChainsThatDropAreTold(t *testing.T) {
	laptoptest.Reset(t)
	drops, accepts := nftables.ChainPolicyDrop, nftables.ChainPolicyAccept
	drop, reject := []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}, []expr.Any{&expr.Reject{}}
	jump := []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: "block"}}
	for name, row := range map[string]struct {
		hook   *nftables.ChainHook
		kind   nftables.ChainType
		policy *nftables.ChainPolicy
		rules  [][]expr.Any
		block  [][]expr.Any // of the chain of this name
		told   string       // without handles
	}{
		"nothing":                  {hook: nftables.ChainHookOutput, policy: &accepts},
		"a policy":                 {hook: nftables.ChainHookOutput, policy: &drops, told: "inet vpn way (policy drop) out"},
		"a rule":                   {hook: nftables.ChainHookOutput, rules: [][]expr.Any{drop}, told: "inet vpn way (drop) out"},
		"a refusal of what comes":  {hook: nftables.ChainHookInput, rules: [][]expr.Any{reject}, told: "inet vpn way (reject) in"},
		"behind a jump":            {hook: nftables.ChainHookPostrouting, rules: [][]expr.Any{jump}, block: [][]expr.Any{drop}, told: "inet vpn block (drop) out"},
		"a jump in a circle":       {hook: nftables.ChainHookOutput, rules: [][]expr.Any{jump, reject}, block: [][]expr.Any{{&expr.Verdict{Kind: expr.VerdictReturn}}}, told: "inet vpn way (reject) out"},
		"of packets of others":     {hook: nftables.ChainHookForward, policy: &drops},
		"of translated addresses":  {hook: nftables.ChainHookOutput, kind: nftables.ChainTypeNAT, rules: [][]expr.Any{drop}},
		"a chain that nobody uses": {hook: nftables.ChainHookOutput, block: [][]expr.Any{drop}},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := nftables.New()
			if err != nil {
				t.Fatal(err)
			}
			table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "vpn"})
			defer func() {
				connection.DelTable(table)
				_ = connection.Flush()
			}()
			kind := row.kind
			if kind == "" {
				kind = nftables.ChainTypeFilter
			}
			way := connection.AddChain(&nftables.Chain{Name: "way", Table: table, Type: kind, Hooknum: row.hook, Priority: nftables.ChainPriorityFilter, Policy: row.policy})
			block := connection.AddChain(&nftables.Chain{Name: "block", Table: table})
			for chain, rules := range map[*nftables.Chain][][]expr.Any{way: row.rules, block: row.block} {
				for _, parts := range rules {
					connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: parts})
				}
			}
			if err := connection.Flush(); err != nil {
				t.Fatal(err)
			}
			found, err := Dropping()
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, chain := range found {
				why, handle, hasHandle := strings.Cut(chain.Why, ", handle ")
				if hasHandle != (why != "policy drop") || hasHandle && handle == "" {
					t.Errorf("%q", chain.Why)
				}
				told = append(told, chain.Chain+" ("+why+") "+map[bool]string{false: "out", true: "in"}[chain.Incoming])
			}
			if got := strings.Join(told, ", "); got != row.told {
				t.Errorf("told %q, expected %q", got, row.told)
			}
		})
	}
}

func TestFewChainsAreTold(t *testing.T) {
	laptoptest.Reset(t)
	connection, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	drops := nftables.ChainPolicyDrop
	table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "many"})
	for number := range 3 * toldAtMost {
		connection.AddChain(&nftables.Chain{
			Name: fmt.Sprint("chain", number), Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput, Policy: &drops,
			Priority: nftables.ChainPriorityFilter,
		})
	}
	if err := connection.Flush(); err != nil {
		t.Fatal(err)
	}
	found, err := Dropping()
	if err != nil || len(found) != toldAtMost {
		t.Errorf("%d chains, %v", len(found), err)
	}
	connection.DelTable(table)
	_ = connection.Flush()
}
