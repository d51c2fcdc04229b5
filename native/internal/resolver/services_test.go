package resolver

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func list(named map[string]string) (all []Service) {
	for name, address := range named {
		all = append(all, Service{Namespace: "webshop", Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}})
	}
	return all
}

// take gives a resolver the next list: the whole of it, or what changed.
func (laptop *laptop) take(before, after map[string]string, whole bool) (wasTold bool) {
	if whole {
		return laptop.SetServices(list(after))
	}
	changed := list(after)
	for name := range before {
		if _, isThere := after[name]; !isThere {
			changed = append(changed, Service{Namespace: "webshop", Name: name})
		}
	}
	return laptop.ChangeServices(changed)
}

// The cluster's nameservers keep what they said: the list of Services is right before they are.
func TestServicesThatChangeAreAnsweredRightlyAtOnce(t *testing.T) {
	const old, other = "10.96.10.10", "10.96.10.99"
	forms := []string{"orders", "orders.webshop", "orders.webshop.svc", "orders.webshop.svc.cluster.local"}
	for name, row := range map[string]struct {
		before, after map[string]string
		said          string // what the nameservers say all the time; empty: NXDOMAIN
		kind          uint16
		expected      string
	}{
		"made":                       {nil, map[string]string{"orders": other}, "", dns.TypeA, "NOERROR | %. A " + other},
		"made, another type":         {nil, map[string]string{"orders": other}, "", dns.TypeMX, "NOERROR"},
		"deleted":                    {map[string]string{"orders": old}, nil, old, dns.TypeA, "NXDOMAIN"},
		"made anew elsewhere":        {map[string]string{"orders": old}, map[string]string{"orders": other}, old, dns.TypeA, "NOERROR | %. A " + other},
		"another changed":            {map[string]string{"orders": old}, map[string]string{"orders": old, "catalog": other}, old, dns.TypeA, "NOERROR | %. A " + old},
		"where nothing is routed":    {nil, map[string]string{"orders": "192.0.2.9"}, "", dns.TypeA, "NXDOMAIN"},
		"the nameservers were first": {map[string]string{"orders": old}, nil, other, dns.TypeA, "NOERROR | %. A " + other},
	} {
		for _, whole := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, whole list: %t", name, whole), func(t *testing.T) {
				laptop := newLaptop(t)
				clock := stop(laptop)
				said := func(address string) {
					if address == "" {
						laptop.cluster.set("orders.webshop.svc.cluster.local.")
					} else {
						laptop.cluster.set("orders.webshop.svc.cluster.local.", "orders.webshop.svc.cluster.local. 30 IN A "+address)
					}
				}
				said(row.said)
				if laptop.SetServices(list(row.before)) {
					t.Error("the first list changes nothing")
				}
				for _, form := range forms {
					laptop.ask(form, row.kind)
					laptop.ask(form, dns.TypeA)
				}
				laptop.take(row.before, row.after, whole)
				for _, form := range forms {
					expected := row.expected
					if index := len("NOERROR | "); len(expected) > index && expected[index] == '%' {
						expected = "NOERROR | " + form + expected[index+1:]
					}
					response := laptop.ask(form, row.kind)
					if got := line(response); got != expected {
						t.Errorf("%s: %s, expected %s", form, got, expected)
					}
					for _, record := range response.Answer {
						if record.Header().Ttl > 5 {
							t.Errorf("%s is told for %d s", form, record.Header().Ttl)
						}
					}
				}
				said(other) // in the end they know
				clock.move(2 * time.Minute)
				if got := line(laptop.ask("orders.webshop.svc", dns.TypeA)); got != "NOERROR | orders.webshop.svc. A "+other {
					t.Errorf("when the nameservers have caught up: %s", got)
				}
			})
		}
	}
}

func TestOnlyWhatWasToldOfLateHasToBeForgotten(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	laptop.SetServices(list(map[string]string{"orders": "10.96.10.10"}))
	if laptop.SetServices(list(map[string]string{"orders": "10.96.10.11"})) {
		t.Error("nobody had asked")
	}
	laptop.ask("orders.webshop", dns.TypeA)
	if !laptop.SetServices(list(map[string]string{"orders": "10.96.10.12"})) {
		t.Error("it was told a moment ago")
	}
	clock.move(time.Minute)
	if laptop.ChangeServices([]Service{{Namespace: "webshop", Name: "orders"}}) {
		t.Error("nobody keeps it any more")
	}
}

// A Service of a public range is told by another address as soon as the range is mapped; until then its own leads to somebody else.
func TestTheAddressOfAServiceIsNotToldWhileItsRangeIsToBeMapped(t *testing.T) {
	for name, row := range map[string]struct {
		before         map[string]string
		address        string
		moment, beyond string // behind NOERROR, at once and after a while in which no range came
	}{
		"public":                {nil, "34.118.225.7", "", "34.118.225.7"},
		"class E":               {nil, "240.44.1.7", "", "240.44.1.7"},
		"private":               {nil, "10.97.0.7", "10.97.0.7", "10.97.0.7"},
		"shared":                {nil, "100.64.0.7", "100.64.0.7", "100.64.0.7"},
		"routed":                {nil, "10.96.0.7", "10.96.0.7", "10.96.0.7"},
		"public, of IPv6":       {nil, "2600:1900:4001:42::7", "", "2600:1900:4001:42::7"},
		"private, of IPv6":      {nil, "fd00:10:97::7", "fd00:10:97::7", "fd00:10:97::7"},
		"public from the start": {map[string]string{"late": "34.118.225.7"}, "34.118.225.7", "34.118.225.7", "34.118.225.7"},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := newLaptop(t)
			clock := stop(laptop)
			kind, typeName := dns.TypeA, "A"
			if strings.Contains(row.address, ":") {
				kind, typeName = dns.TypeAAAA, "AAAA"
				laptop.change(func(inputs *Inputs) { inputs.Routed = append(inputs.Routed, netip.MustParsePrefix("fd00:10:96::/112")) })
			}
			laptop.cluster.set("late.webshop.svc.cluster.local.", "late.webshop.svc.cluster.local. 5 IN "+typeName+" "+row.address)
			laptop.SetServices(list(row.before))
			laptop.take(row.before, map[string]string{"late": row.address}, false)
			expect := func(when, address string) {
				t.Helper()
				expected := "NOERROR"
				if address != "" {
					expected += " | late.webshop. " + typeName + " " + address
				}
				if got := line(laptop.ask("late.webshop", kind)); got != expected {
					t.Errorf("%s: %s, expected %s", when, got, expected)
				}
			}
			expect("at once", row.moment)
			clock.move(comesWithin)
			expect("when no range came", row.beyond)
		})
	}
}
