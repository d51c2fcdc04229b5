package packetfilters

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"slipway/native/internal/wire"
)

// families as nft(8) writes them.
var families = map[nftables.TableFamily]string{
	nftables.TableFamilyINet: "inet", nftables.TableFamilyIPv4: "ip", nftables.TableFamilyIPv6: "ip6",
}

// reader follows base chains to whatever they jump to, each once.
type reader struct {
	connection *nftables.Conn
	chains     map[string]*nftables.Chain
	read       map[string]bool
	found      []wire.FilterChain
}

// Dropping lists chains of hooks that this computer's own packets pass, and chains that those jump to, which drop or refuse
// something. Reading them needs CAP_NET_ADMIN.
func Dropping() ([]wire.FilterChain, error) {
	found, err := nftablesDropping()
	found = append(found, legacyDropping(toldAtMost-len(found))...)
	if len(found) > 0 {
		return found, nil
	}
	return nil, err
}

func nftablesDropping() ([]wire.FilterChain, error) {
	connection, err := nftables.New()
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", err)
	}
	all, err := connection.ListChains()
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	reading := reader{connection: connection, chains: map[string]*nftables.Chain{}, read: map[string]bool{}}
	for _, chain := range all {
		reading.chains[nameOf(chain.Table, chain.Name)] = chain
	}
	for _, chain := range all {
		if isIncoming, isOnTheWay := hookOf(chain); isOnTheWay {
			reading.follow(chain, isIncoming)
		}
	}
	return reading.found, nil
}

func nameOf(table *nftables.Table, chain string) string {
	return families[table.Family] + " " + table.Name + " " + chain
}

func hookOf(chain *nftables.Chain) (isIncoming, isOnTheWay bool) {
	if chain.Hooknum == nil || families[chain.Table.Family] == "" || chain.Type == nftables.ChainTypeNAT {
		return false, false
	}
	switch *chain.Hooknum {
	case *nftables.ChainHookOutput, *nftables.ChainHookPostrouting:
		return false, true
	case *nftables.ChainHookInput, *nftables.ChainHookPrerouting:
		return true, true
	}
	return false, false
}

func (reading *reader) follow(chain *nftables.Chain, isIncoming bool) {
	key := fmt.Sprint(nameOf(chain.Table, chain.Name), isIncoming)
	if reading.read[key] || len(reading.read) >= readAtMost || len(reading.found) >= toldAtMost {
		return
	}
	reading.read[key] = true
	if chain.Policy != nil && *chain.Policy == nftables.ChainPolicyDrop {
		reading.tell(chain, isIncoming, "policy drop")
		return
	}
	rules, err := reading.connection.GetRules(chain.Table, chain)
	if err != nil {
		return // it went meanwhile
	}
	isTold := false
	for _, rule := range rules {
		what, next := verdictOf(rule)
		if what != "" && !isTold {
			reading.tell(chain, isIncoming, fmt.Sprintf("%s, handle %d", what, rule.Handle))
			isTold = true
		}
		if target := reading.chains[nameOf(chain.Table, next)]; next != "" && target != nil {
			reading.follow(target, isIncoming)
		}
	}
}

// verdictOf is what a rule does to packets: drop or reject, or the chain where it goes on.
func verdictOf(rule *nftables.Rule) (what, next string) {
	for _, part := range rule.Exprs {
		switch part := part.(type) {
		case *expr.Verdict:
			switch part.Kind {
			case expr.VerdictDrop:
				return "drop", ""
			case expr.VerdictJump, expr.VerdictGoto:
				return "", part.Chain
			}
		case *expr.Reject:
			return "reject", ""
		case *expr.Target:
			if part.Name == "REJECT" {
				return "reject", ""
			}
		}
	}
	return "", ""
}

func (reading *reader) tell(chain *nftables.Chain, isIncoming bool, why string) {
	if len(reading.found) < toldAtMost {
		reading.found = append(reading.found, wire.FilterChain{Chain: nameOf(chain.Table, chain.Name), Why: why, Incoming: isIncoming})
	}
}
