package names

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
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
	if err != nil || !resolver.Is4() {
		return wire.NamesInForce{}, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the resolver is no IPv4 address"}
	}
	passed, refused := Screen(input)
	original, err := keeper.original()
	if err != nil {
		return wire.NamesInForce{}, unset(err)
	}
	inForce := wire.NamesInForce{Refused: refused}
	if bus := keeper.inCharge(original.Content); bus != nil {
		inForce.Mode = ModeResolved
		err = keeper.setResolved(bus, link, resolver, passed, &inForce)
	} else {
		if keeper.mode == ModeResolved && keeper.bus != nil { // it runs, but nobody asks it any more
			_ = keeper.bus.revert(keeper.link)
		}
		inForce.Mode = ModeResolvConf
		err = keeper.setFile(original, passed, &inForce)
	}
	if err != nil {
		return wire.NamesInForce{}, err
	}
	keeper.link, keeper.mode, keeper.wanted = link, inForce.Mode, &input
	return inForce, nil
}

// Again puts the last wanted state in force once more where it no longer is: somebody rewrote resolv.conf, or resolved
// was started anew. It tells whether anything had to be done.
func (keeper *Keeper) Again(resolvedRestarted bool) (bool, error) {
	rewritten := keeper.file != nil && !keeper.fileIsOurs()
	if keeper.wanted == nil || !rewritten && !(resolvedRestarted && keeper.mode == ModeResolved) {
		return false, nil
	}
	_, err := keeper.Set(keeper.link, *keeper.wanted)
	return err == nil, err
}

// Forget ends the keeping; the undoing itself goes by the journal.
func (keeper *Keeper) Forget() {
	if keeper.bus != nil {
		keeper.bus.close()
	}
	keeper.bus, keeper.file, keeper.wanted, keeper.link, keeper.mode = nil, nil, nil, 0, ""
}

// Inspect describes who answers this laptop's programs, without ours.
func (keeper *Keeper) Inspect() (Resolvers, error) {
	original, err := keeper.original()
	if err != nil {
		return Resolvers{}, unset(err)
	}
	if bus := keeper.inCharge(original.Content); bus != nil {
		upstreams, search, err := bus.resolvers(keeper.link)
		return Resolvers{Mode: ModeResolved, Upstreams: upstreams, Search: search}, err
	}
	return Resolvers{
		Mode:      ModeResolvConf,
		Upstreams: upstreamsOf(original.Content),
		Search:    parseResolvConf(original.Content).search,
	}, nil
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

func (keeper *Keeper) setResolved(bus *resolved, link int, resolver netip.Addr, passed wire.NamesInput, inForce *wire.NamesInForce) error {
	upstreams, search, err := bus.resolvers(link)
	if err != nil {
		return unset(err)
	}
	if err := keeper.record(journal.Entry{Resolved: &journal.Resolved{Index: link}}); err != nil {
		return err
	}
	if err := bus.set(link, resolver, passed.Search, slices.Concat(passed.Domains, passed.Reverse)); err != nil {
		_ = bus.revert(link)
		return unset(err)
	}
	keeper.file = nil
	inForce.Upstreams = upstreams
	inForce.Search = slices.Concat(passed.Search, search)
	return nil
}

func (keeper *Keeper) setFile(original journal.FileState, passed wire.NamesInput, inForce *wire.NamesInForce) error {
	content, search, added := composeResolvConf(original.Content, passed.Resolver, passed.Search, impliedSearch())
	inForce.Upstreams = upstreamsOf(original.Content)
	inForce.Search = search
	if keeper.file != nil && keeper.fileIsOurs() && bytes.Equal(content, keeper.file.After) {
		return nil
	}
	change := journal.FileChange{
		Path: resolvConfPath, Before: original, After: content, InPlace: isMountPoint(resolvConfPath),
		Nameserver: passed.Resolver, Search: added,
	}
	if err := keeper.record(journal.Entry{File: &change}); err != nil {
		return err
	}
	state := journal.FileState{Kind: "file", Content: content, Mode: usualMode}
	if original.Kind == "file" {
		state.Mode, state.UID, state.GID, state.Label = original.Mode, original.UID, original.GID, original.Label
	}
	if err := put(resolvConfPath, state, change.InPlace); err != nil {
		return unset(fmt.Errorf("write %s: %w", resolvConfPath, err))
	}
	keeper.file = &change
	return nil
}

// impliedSearch is what glibc searches where resolv.conf names nothing: the host's name from its first dot.
func impliedSearch() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	_, domain, _ := strings.Cut(name, ".")
	return domain
}

func unset(err error) error {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		return err
	}
	return &wire.Problem{Code: wire.CodeResolverUnset, Cause: err.Error()}
}
