// Package names puts the split DNS of a cluster in force: through systemd-resolved where that really answers this
// laptop's programs, else by a resolv.conf with our resolver in front. It must never let a name pass that its policy
// refuses, never write through a symlink, and never undo somebody else's later edit.
package names

import "slipway/native/internal/wire"

// Modes of putting names in force, as wire.HostInspection and wire.NamesInForce say them.
const (
	ModeResolved   = "resolved"
	ModeResolvConf = "resolv-conf"
)

// Resolvers describes who answers this laptop's programs, without anything of ours.
type Resolvers struct {
	Mode      string
	Upstreams []string // nameservers of ordinary names, in order
	Others    []string // nameservers of certain names only, such as a VPN's of its own domain
	Options   wire.UpstreamOptions
	Search    []string // what is searched, in order
	Domains   []string // all domains of the laptop: searched, routing-only, of each link, of its own name
}
