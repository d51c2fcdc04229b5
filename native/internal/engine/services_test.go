package engine

import (
	"reflect"
	"testing"

	"slipway/native/internal/wire"
)

func TestPartsOfAChangeCountTogether(t *testing.T) {
	entry := func(name, address string) wire.ServiceEndpoint {
		return wire.ServiceEndpoint{Namespace: "webshop", Name: name, Address: address, Ready: []string{}}
	}
	part := func(entries ...wire.ServiceEndpoint) wire.ServiceEndpoints {
		return wire.ServiceEndpoints{Services: entries}
	}
	whole := func(part wire.ServiceEndpoints) wire.ServiceEndpoints {
		part.Whole = true
		return part
	}
	more := func(part wire.ServiceEndpoints) wire.ServiceEndpoints {
		part.More = true
		return part
	}
	gone := func(names ...string) (part wire.ServiceEndpoints) {
		for _, name := range names {
			part.Gone = append(part.Gone, wire.ServiceName{Namespace: "webshop", Name: name})
		}
		return part
	}
	const first, second, other = "10.96.0.1", "10.96.0.2", "fd00::2"
	orders := entry("orders", first)
	for name, row := range map[string]struct {
		parts    []wire.ServiceEndpoints
		expected map[string][]string // addresses by name
	}{
		"nothing was said":              {nil, map[string][]string{}},
		"all at once":                   {[]wire.ServiceEndpoints{whole(part(orders, entry("api", second)))}, map[string][]string{"orders": {first}, "api": {second}}},
		"all in parts":                  {[]wire.ServiceEndpoints{more(whole(part(orders))), part(entry("api", second))}, map[string][]string{"orders": {first}, "api": {second}}},
		"the last part did not come":    {[]wire.ServiceEndpoints{whole(part(orders)), more(whole(part(entry("api", second))))}, map[string][]string{"orders": {first}}},
		"one was added":                 {[]wire.ServiceEndpoints{whole(part(orders)), part(entry("api", second))}, map[string][]string{"orders": {first}, "api": {second}}},
		"one has another address":       {[]wire.ServiceEndpoints{whole(part(orders)), part(entry("orders", second))}, map[string][]string{"orders": {second}}},
		"two addresses, then one":       {[]wire.ServiceEndpoints{whole(part(orders, entry("orders", other))), part(orders)}, map[string][]string{"orders": {first}}},
		"one address, then two":         {[]wire.ServiceEndpoints{whole(part(orders)), part(orders, entry("orders", other))}, map[string][]string{"orders": {first, other}}},
		"one is gone":                   {[]wire.ServiceEndpoints{whole(part(orders, entry("api", second))), gone("orders")}, map[string][]string{"api": {second}}},
		"one that nobody knew is gone":  {[]wire.ServiceEndpoints{whole(part(orders)), gone("api")}, map[string][]string{"orders": {first}}},
		"all anew":                      {[]wire.ServiceEndpoints{whole(part(orders)), whole(part(entry("api", second)))}, map[string][]string{"api": {second}}},
		"all anew, instead of the rest": {[]wire.ServiceEndpoints{more(whole(part(orders))), whole(part(entry("api", second)))}, map[string][]string{"api": {second}}},
	} {
		t.Run(name, func(t *testing.T) {
			list := &serviceList{}
			told := map[string][]string{} // by the changes alone
			for _, part := range row.parts {
				change, isComplete := list.take(part)
				if isComplete != !part.More {
					t.Errorf("complete: %t", isComplete)
				}
				if change.whole {
					told = map[string][]string{}
				}
				for name, entries := range addressesByName(change) {
					if delete(told, name); len(entries) > 0 {
						told[name] = entries
					}
				}
			}
			if all := addressesByName(list.all()); !reflect.DeepEqual(all, row.expected) || !reflect.DeepEqual(told, row.expected) {
				t.Errorf("all: %v, told: %v, expected %v", all, told, row.expected)
			}
		})
	}
}

func addressesByName(change serviceChange) map[string][]string {
	addresses := map[string][]string{}
	for _, service := range change.named() {
		addresses[service.Name] = nil
		for _, address := range service.Addresses {
			addresses[service.Name] = append(addresses[service.Name], address.String())
		}
	}
	return addresses
}
