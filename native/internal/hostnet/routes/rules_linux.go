package routes

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

var families = []int{netlink.FAMILY_V4, netlink.FAMILY_V6}

// AddRules has a table looked at for every packet at this priority (ip-rule(8)), in each family that the laptop has.
func AddRules(priority, table int) error {
	for _, family := range families {
		if family == netlink.FAMILY_V6 && isIPv6Off() {
			continue
		}
		rule := netlink.NewRule()
		rule.Priority, rule.Table, rule.Family = priority, table, family
		if err := netlink.RuleAdd(rule); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add rule: %w", err)
		}
	}
	return nil
}

// RemoveRules removes every rule that leads to a table.
func RemoveRules(table int) error {
	rules, err := dumps.Settled(func() ([]netlink.Rule, error) { return netlink.RuleList(netlink.FAMILY_ALL) })
	if err != nil {
		return fmt.Errorf("list rules: %w", err)
	}
	for _, rule := range rules {
		if rule.Table != table {
			continue
		}
		if failure := netlink.RuleDel(&rule); failure != nil && !errors.Is(failure, unix.ENOENT) {
			err = fmt.Errorf("remove rule: %w", failure)
		}
	}
	return err
}
