package laptoptest

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Filter is a rule of a firewall.
type Filter struct {
	Process   int    // in whose network namespace; 0 for the laptop's
	Input     bool   // of packets that come in; otherwise of those that go out
	Interface string // through which
	Protocol  byte   // unix.IPPROTO_*; 0 for every one
	Port      uint16 // the destination's (of what comes in: the source's); 0 for every one
	Reject    bool   // with an ICMP error, as against dropping
}

// Firewall puts a rule in force by nftables, as its own table, and returns what takes it away again.
func Firewall(t *testing.T, filter Filter) (remove func()) {
	t.Helper()
	var options []nftables.ConnOption
	if filter.Process != 0 {
		namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", filter.Process))
		if err != nil {
			t.Fatal(err)
		}
		defer namespace.Close()
		options = append(options, nftables.WithNetNSFd(int(namespace.Fd())), nftables.AsLasting())
	} else {
		options = append(options, nftables.AsLasting())
	}
	rules, err := nftables.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	table := rules.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "office"})
	hook, name, port := nftables.ChainHookOutput, expr.MetaKeyOIFNAME, uint32(2)
	if filter.Input {
		hook, name, port = nftables.ChainHookInput, expr.MetaKeyIIFNAME, 0
	}
	chain := rules.AddChain(&nftables.Chain{
		Name: "chain", Table: table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter,
	})
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, filter.Interface)
	parts := []expr.Any{
		&expr.Meta{Key: name, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: padded},
	}
	if filter.Protocol != 0 {
		parts = append(parts, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{filter.Protocol}})
	}
	if filter.Port != 0 {
		parts = append(parts, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: port, Len: 2},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(filter.Port)})
	}
	if filter.Reject {
		parts = append(parts, &expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED})
	} else {
		parts = append(parts, &expr.Verdict{Kind: expr.VerdictDrop})
	}
	rules.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: parts})
	if err := rules.Flush(); err != nil {
		t.Fatalf("set up a firewall: %v", err)
	}
	removed := false
	remove = func() {
		if removed {
			return
		}
		removed = true
		rules.DelTable(table)
		if err := rules.Flush(); err != nil {
			t.Errorf("take down a firewall: %v", err)
		}
		_ = rules.CloseLasting()
	}
	t.Cleanup(remove)
	return remove
}
