package names

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/wire"
)

// Keeper keeps the names of one lease in force. Its methods are not for concurrent use.
type Keeper struct {
	record    func(journal.Entry) error
	restarted func()
	bus       *resolved
	link      int
	mode      string
	file      *journal.FileChange // the newest, in resolv-conf mode
	wanted    *wire.NamesInput
	passed    wire.NamesInput // what the policy let pass of it, when it was put in force
}

// NewKeeper journals by record before each change, and calls restarted (from another goroutine) when names must be
// kept anew because systemd-resolved was started again.
func NewKeeper(record func(journal.Entry) error, restarted func()) *Keeper {
	return &Keeper{record: record, restarted: restarted}
}

// Set puts input in force on the interface with the index link, whose resolver already has its route. Its problems:
// message-malformed, journal-unwritable, resolver-unset; after one of them nothing more has changed.
func (keeper *Keeper) Set(link int, input wire.NamesInput) (wire.NamesInForce, error) {
	resolver, err := netip.ParseAddr(input.Resolver)
	if err != nil {
		return wire.NamesInForce{}, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the resolver is no address"}
	}
	original, err := keeper.original()
	if err != nil {
		return wire.NamesInForce{}, unset(err)
	}
	bus := keeper.inCharge(original.Content)
	laptop, err := inspect(bus, link, original.Content)
	if err != nil {
		return wire.NamesInForce{}, unset(err)
	}
	passed, refused := Screen(input, laptop.Domains)
	inForce := wire.NamesInForce{Mode: laptop.Mode, Upstreams: laptop.Upstreams, Refused: refused}
	if bus != nil {
		inForce.Search = slices.Concat(passed.Search, laptop.Search)
		err = keeper.setResolved(bus, link, resolver, passed)
	} else {
		if keeper.mode == ModeResolved && keeper.bus != nil { // it runs, but nobody asks it any more
			_ = keeper.bus.revert(keeper.link)
		}
		inForce.Search, err = keeper.setFile(original, passed)
	}
	if err != nil {
		return wire.NamesInForce{}, err
	}
	keeper.link, keeper.mode, keeper.wanted, keeper.passed = link, inForce.Mode, &input, passed
	_ = invalidateNSCD(nscdSocket)
	return inForce, nil
}

// Again puts the last wanted state in force once more where it no longer is: somebody rewrote resolv.conf, resolved
// was started anew, or the laptop has other domains, so that the policy lets other names pass. It tells whether
// anything had to be done.
func (keeper *Keeper) Again(resolvedRestarted bool) (bool, error) {
	if keeper.wanted == nil {
		return false, nil
	}
	rewritten := keeper.file != nil && !keeper.fileIsOurs()
	if !rewritten && !(resolvedRestarted && keeper.mode == ModeResolved) && !keeper.judgesOtherwise() {
		return false, nil
	}
	_, err := keeper.Set(keeper.link, *keeper.wanted)
	return err == nil, err
}

func (keeper *Keeper) judgesOtherwise() bool {
	laptop, err := keeper.Inspect()
	if err != nil {
		return false
	}
	passed, _ := Screen(*keeper.wanted, laptop.Domains)
	return !reflect.DeepEqual(passed, keeper.passed)
}

// Flush returns what makes the laptop's caches forget names: systemd-resolved's where it is asked, and nscd's, which stands
// before both ways. What cannot be flushed forgets in its own time. It may take seconds, and run beside other methods.
func (keeper *Keeper) Flush() func() {
	if keeper.wanted == nil {
		return func() {}
	}
	var bus *resolved
	if keeper.mode == ModeResolved {
		bus = keeper.bus
	}
	return func() {
		if bus != nil {
			_ = bus.call("FlushCaches")
		}
		_ = invalidateNSCD(nscdSocket)
	}
}

// Withdraw puts the laptop's own names in force until the next Set. The journal stays as it is: undoing what was
// withdrawn finds nothing to undo.
func (keeper *Keeper) Withdraw() (err error) {
	switch {
	case keeper.wanted == nil:
		return nil
	case keeper.file != nil:
		err = UndoFile([]journal.FileChange{*keeper.file})
	case keeper.bus != nil:
		err = keeper.bus.revert(keeper.link)
	}
	keeper.file, keeper.wanted, keeper.mode = nil, nil, ""
	if err != nil {
		return unset(err)
	}
	return nil
}

// Forget ends the keeping; the undoing itself goes by the journal.
func (keeper *Keeper) Forget() {
	if keeper.bus != nil {
		keeper.bus.close()
	}
	keeper.bus, keeper.file, keeper.wanted, keeper.link, keeper.mode = nil, nil, nil, 0, ""
	keeper.passed = wire.NamesInput{}
}

// Inspect describes who answers this laptop's programs, without ours.
func (keeper *Keeper) Inspect() (Resolvers, error) {
	original, err := keeper.original()
	if err != nil {
		return Resolvers{}, unset(err)
	}
	return inspect(keeper.inCharge(original.Content), keeper.link, original.Content)
}

// inspect asks bus, or where that is nil reads the laptop's own resolv.conf. link is ours, 0 for none.
func inspect(bus *resolved, link int, resolvConf []byte) (found Resolvers, err error) {
	if bus != nil {
		found, err = bus.resolvers(link)
	} else {
		parsed := parseResolvConf(resolvConf)
		found = Resolvers{
			Mode: ModeResolvConf, Upstreams: upstreamsOf(resolvConf), Options: parsed.options,
			Search: parsed.search, Domains: slices.Clone(parsed.search),
		}
	}
	found.Domains = append(found.Domains, ownDomains()...)
	return found, err
}

// original is the laptop's own resolv.conf: the one there now, or while that is ours, the one it replaced.
func (keeper *Keeper) original() (journal.FileState, error) {
	if keeper.file == nil {
		return capture(resolvConfPath)
	}
	if !keeper.fileIsOurs() {
		edited, err := capture(resolvConfPath)
		if cleaned, asksUs := withoutOurs(edited.Content, []string{keeper.file.Nameserver}, keeper.file.Search); asksUs {
			edited.Content = cleaned // what it will be when we are gone
		}
		return edited, err
	}
	before := keeper.file.Before
	if before.Kind == "symlink" { // what it leads to may have changed since
		target := before.Target
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(resolvConfPath), target)
		}
		if content, err := readPublic(target); err == nil {
			before.Content = content
		}
	}
	return before, nil
}

func (keeper *Keeper) fileIsOurs() bool {
	now, err := capture(resolvConfPath)
	return err == nil && now.Kind == "file" && bytes.Equal(now.Content, keeper.file.After)
}

// inCharge returns a connection to resolved where it runs and this laptop's programs really ask it: all nameservers
// are its stub, or nsswitch.conf has resolve before dns. Installed or running alone says nothing.
func (keeper *Keeper) inCharge(resolvConf []byte) *resolved {
	servers := parseResolvConf(resolvConf).nameservers
	stub := len(servers) > 0 && !slices.ContainsFunc(servers, func(server string) bool {
		return server != "127.0.0.53" && server != "127.0.0.54"
	})
	if !stub && !resolveBeforeDNS() {
		return nil
	}
	if keeper.bus != nil && keeper.bus.checkOwner() == nil {
		return keeper.bus
	}
	bus, err := connectResolved()
	if err != nil {
		return nil
	}
	if keeper.bus != nil {
		keeper.bus.close()
	}
	keeper.bus = bus
	if err := bus.watchRestart(keeper.restarted); err != nil {
		return nil
	}
	return bus
}

func resolveBeforeDNS() bool {
	content, err := readBounded("/etc/nsswitch.conf")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		database, services, _ := strings.Cut(line, ":")
		if strings.TrimSpace(database) != "hosts" {
			continue
		}
		for _, service := range strings.Fields(services) {
			switch service {
			case "resolve":
				return true
			case "dns":
				return false
			}
		}
	}
	return false
}

func (keeper *Keeper) setResolved(bus *resolved, link int, resolver netip.Addr, passed wire.NamesInput) error {
	if err := keeper.record(journal.Entry{Resolved: &journal.Resolved{Index: link}}); err != nil {
		return err
	}
	if err := bus.set(link, resolver, passed.Search, slices.Concat(passed.Domains, passed.Reverse)); err != nil {
		_ = bus.revert(link)
		return unset(err)
	}
	keeper.file = nil
	return nil
}

// setFile returns the whole search list.
func (keeper *Keeper) setFile(original journal.FileState, passed wire.NamesInput) ([]string, error) {
	content, search, added := composeResolvConf(original.Content, passed.Resolver, passed.Search, impliedSearch())
	if keeper.file != nil && keeper.fileIsOurs() && bytes.Equal(content, keeper.file.After) {
		return search, nil
	}
	change := journal.FileChange{
		Path: resolvConfPath, Before: original, After: content, InPlace: isMountPoint(resolvConfPath),
		Nameserver: passed.Resolver, Search: added,
	}
	if err := keeper.record(journal.Entry{File: &change}); err != nil {
		return nil, err
	}
	state := journal.FileState{Kind: "file", Content: content, Mode: usualMode}
	if original.Kind == "file" {
		state.Mode, state.UID, state.GID, state.Label = original.Mode, original.UID, original.GID, original.Label
	}
	if err := put(resolvConfPath, state, change.InPlace); err != nil {
		return nil, unset(fmt.Errorf("write %s: %w", resolvConfPath, err))
	}
	keeper.file = &change
	return search, nil
}

func unset(err error) error {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		return err
	}
	return &wire.Problem{Code: wire.CodeResolverUnset, Cause: err.Error()}
}
