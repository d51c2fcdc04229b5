package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Restriction is which setting of the laptop keeps its users from namespaces of their own.
type Restriction string

const (
	NoNamespaces   Restriction = "none"          // user.max_user_namespaces is 0
	OnlyRoots      Restriction = "root-only"     // kernel.unprivileged_userns_clone is 0 (Debian's kernels)
	AppArmor       Restriction = "apparmor"      // kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and later)
	NoTUN          Restriction = "tun"           // /dev/net/tun is missing
	TUNOnlyRoots   Restriction = "tun-root-only" // /dev/net/tun is there, and not for this user
	OtherwiseBound Restriction = "other"
)

// restrictionIn looks at the settings below root, which is /proc/sys but in tests.
func restrictionIn(root string) Restriction {
	for _, one := range []struct {
		file, value string
		means       Restriction
	}{
		{"user/max_user_namespaces", "0", NoNamespaces},
		{"kernel/unprivileged_userns_clone", "0", OnlyRoots},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", AppArmor},
	} {
		content, err := os.ReadFile(filepath.Join(root, one.file))
		if err == nil && strings.TrimSpace(string(content)) == one.value {
			return one.means
		}
	}
	return OtherwiseBound
}

const (
	tunDevice  = "/dev/net/tun"
	openingTUN = "open " + tunDevice
)

func refusalOf(because *reason) error {
	detail := fmt.Sprintf("%s: %s", because.Step, because.Error)
	if because.Step == openingTUN && because.Right {
		return &Refusal{TUNOnlyRoots, detail}
	}
	if because.Step == openingTUN {
		return &Refusal{NoTUN, detail}
	}
	return &Refusal{restrictionIn("/proc/sys"), detail}
}
