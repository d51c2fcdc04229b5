package wire

// Mapping is a range of the cluster that programs on the laptop know by other addresses: virtual stands for real, address by
// address. Both are prefixes in CIDR form, of one family and length. Virtual is among the wanted ranges.
type Mapping struct {
	Real    string `json:"real"`
	Virtual string `json:"virtual"`
	Retired bool   `json:"retired,omitempty"` // names tell it no longer; what began with it goes on
}

// ProtectCommand replaces the addresses that no route may cover: from another network the API server's name may lead
// elsewhere, and inside the tunnel it could never be reached.
type ProtectCommand struct {
	Protected []string `json:"protected"`
}

// PlanCommand replaces the ranges, mappings and nodes of connect, at any time. Where the mappings cannot be, nothing changes and
// event routes tells why.
type PlanCommand struct {
	Ranges   []WantedRange `json:"ranges"`
	Mappings []Mapping     `json:"mappings,omitempty"`
	Nodes    []string      `json:"nodes,omitempty"`
}
