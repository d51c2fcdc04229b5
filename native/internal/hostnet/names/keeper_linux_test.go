package names

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// The test binary also plays systemd-resolved.
func TestMain(m *testing.M) {
	if os.Getenv("SLIPWAY_TEST_PART") == "resolved" {
		if err := playResolved(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	laptoptest.Main(m)
}

var wanted = wire.NamesInput{
	Resolver: "198.18.0.3", Domains: []string{"cluster.local", "svc"}, Search: []string{"webshop.svc.cluster.local", "svc.cluster.local"},
}

// kept is a keeper whose journal is a list.
type kept struct {
	*Keeper
	changes []journal.FileChange
	refuse  error
}

func newKept() *kept {
	made := &kept{}
	made.Keeper = NewKeeper(func(entry journal.Entry) error {
		if made.refuse == nil && entry.File != nil {
			made.changes = append(made.changes, *entry.File)
		}
		return made.refuse
	}, func() {})
	return made
}

func (keeper *kept) set(t *testing.T) wire.NamesInForce {
	t.Helper()
	inForce, err := keeper.Set(1, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return inForce
}

func (keeper *kept) undo(t *testing.T) {
	t.Helper()
	keeper.Forget()
	if err := UndoFile(keeper.changes); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(resolvConfPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// kinds are the ways in which a laptop can have its resolv.conf.
var kinds = map[string]func(t *testing.T){
	"file": func(*testing.T) {},
	"file of another owner and mode": func(t *testing.T) {
		if err := os.Chmod(resolvConfPath, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(resolvConfPath, 7, 8); err != nil {
			t.Fatal(err)
		}
	},
	"relative symlink": func(t *testing.T) {
		os.Remove(resolvConfPath)
		os.MkdirAll("/run/manager", 0o755)
		write(t, "/run/manager/resolv.conf", laptoptest.ResolvConf)
		if err := os.Symlink("../run/manager/resolv.conf", resolvConfPath); err != nil {
			t.Fatal(err)
		}
	},
	"symlink that leads nowhere": func(t *testing.T) {
		os.Remove(resolvConfPath)
		if err := os.Symlink("/run/nowhere", resolvConfPath); err != nil {
			t.Fatal(err)
		}
	},
	"absent": func(*testing.T) { os.Remove(resolvConfPath) },
	"bind mount": func(t *testing.T) {
		write(t, "/run/bound", laptoptest.ResolvConf+"# "+strings.Repeat("long ", 200)+"\n")
		if err := unix.Mount("/run/bound", resolvConfPath, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
	},
}

func TestSetAndUndoForEveryKindOfResolvConf(t *testing.T) {
	for name, prepare := range kinds {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			prepare(t)
			before := laptoptest.Snapshot(t)
			keeper := newKept()
			inForce := keeper.set(t)
			if inForce.Mode != ModeResolvConf || len(inForce.Upstreams) == 0 || inForce.Upstreams[0] == wanted.Resolver {
				t.Errorf("in force: %+v", inForce)
			}
			if servers := parseResolvConf([]byte(read(t))).nameservers; servers[0] != wanted.Resolver {
				t.Errorf("servers %v", servers)
			}
			keeper.set(t) // again, with the same and with another set
			if len(keeper.changes) != 1 {
				t.Errorf("the same names were written %d times", len(keeper.changes))
			}
			if _, err := keeper.Set(1, wire.NamesInput{Resolver: wanted.Resolver, Search: []string{"dev.svc.cluster.local"}}); err != nil {
				t.Fatal(err)
			}
			if resolvers, err := keeper.Inspect(); err != nil || resolvers.Upstreams[0] == wanted.Resolver {
				t.Errorf("upstreams %v, %v", resolvers.Upstreams, err)
			}
			keeper.undo(t)
			if name == "bind mount" { // written in place, so its time of change is new
				if content := read(t); !strings.HasPrefix(content, laptoptest.ResolvConf) || strings.Contains(content, wanted.Resolver) {
					t.Errorf("resolv.conf is\n%s", content)
				}
				return
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

// What a kill can leave on disk, between the journal's entry and the change, or within the change.
func TestUndoAfterAKillInTheMiddle(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, change journal.FileChange){
		"before anything": func(*testing.T, journal.FileChange) {},
		"before the rename": func(t *testing.T, change journal.FileChange) {
			write(t, resolvConfPath+pendingSuffix, string(change.After[:9]))
		},
		"undone but journalled": func(t *testing.T, change journal.FileChange) { put(resolvConfPath, change.Before, false) },
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			before := laptoptest.Snapshot(t)
			state, err := capture(resolvConfPath)
			if err != nil {
				t.Fatal(err)
			}
			content, _, added := composeResolvConf(state.Content, wanted.Resolver, wanted.Search, "")
			change := journal.FileChange{Path: resolvConfPath, Before: state, After: content, Nameserver: wanted.Resolver, Search: added}
			leave(t, change)
			if err := UndoFile([]journal.FileChange{change}); err != nil {
				t.Fatal(err)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
	t.Run("half written in place", func(t *testing.T) {
		laptoptest.Reset(t)
		kinds["bind mount"](t)
		original := read(t)
		keeper := newKept()
		keeper.set(t)
		change := keeper.changes[0]
		for _, half := range [][]byte{halfWritten(change.After, change.Before.Content), halfWritten(change.Before.Content, change.After)} {
			write(t, resolvConfPath, string(half))
			if err := UndoFile(keeper.changes); err != nil || read(t) != original {
				t.Errorf("%v\n%s", err, read(t))
			}
		}
	})
}

func TestUndoLeavesSomebodysEdit(t *testing.T) {
	for name, check := range map[string]struct{ edit, after func(ours string) string }{
		"a file that knows nothing of us": {
			edit:  func(string) string { return "nameserver 10.5.5.5\n" },
			after: func(string) string { return "nameserver 10.5.5.5\n" },
		},
		"a line added to ours": {
			edit: func(ours string) string { return ours + "nameserver 10.6.6.6\n" },
			after: func(string) string {
				return "search corp.example\n# made by the office\nnameserver 192.168.77.1\nnameserver 192.168.77.3\noptions edns0\nnameserver 10.6.6.6\n"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			keeper := newKept()
			keeper.set(t)
			write(t, resolvConfPath, check.edit(read(t)))
			keeper.undo(t)
			if content := read(t); content != check.after("") {
				t.Errorf("resolv.conf is\n%s", content)
			}
		})
	}
	t.Run("a symlink put in its place", func(t *testing.T) {
		laptoptest.Reset(t)
		keeper := newKept()
		keeper.set(t)
		ours := read(t)
		write(t, "/run/copy", ours)
		os.Remove(resolvConfPath)
		if err := os.Symlink("/run/copy", resolvConfPath); err != nil {
			t.Fatal(err)
		}
		keeper.undo(t)
		if content, _ := os.ReadFile("/run/copy"); string(content) != ours {
			t.Error("the undo wrote through a symlink")
		}
	})
}

// DHCP writes the file anew while connected: names come back, its servers become the upstreams, and the undo goes to
// its version.
func TestAgainAfterTheFileWasRewritten(t *testing.T) {
	laptoptest.Reset(t)
	keeper := newKept()
	keeper.set(t)
	if done, err := keeper.Again(false); done || err != nil {
		t.Errorf("nothing happened, and it did something: %v", err)
	}
	renewed := "# by DHCP\nnameserver 10.5.5.5\n"
	write(t, resolvConfPath, renewed)
	if done, err := keeper.Again(false); !done || err != nil {
		t.Fatalf("%v %v", done, err)
	}
	resolvers, err := keeper.Inspect()
	if servers := parseResolvConf([]byte(read(t))).nameservers; err != nil || strings.Join(servers, " ") != "198.18.0.3 10.5.5.5" ||
		strings.Join(resolvers.Upstreams, " ") != "10.5.5.5" {
		t.Errorf("servers %v, upstreams %v, %v", servers, resolvers.Upstreams, err)
	}
	keeper.undo(t)
	if content := read(t); content != renewed {
		t.Errorf("resolv.conf is\n%s", content)
	}
}

func TestNothingIsWrittenWhereItCannotBeJournalledOrUndone(t *testing.T) {
	for name, check := range map[string]struct {
		prepare func(t *testing.T, keeper *kept)
		code    string
	}{
		"journal": {func(_ *testing.T, keeper *kept) {
			keeper.refuse = &wire.Problem{Code: wire.CodeJournalUnwritable, Cause: "no space"}
		}, wire.CodeJournalUnwritable},
		"read-only /etc": {func(t *testing.T, _ *kept) {
			if err := unix.Mount("", "/etc", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
		}, wire.CodeResolverUnset},
		"a folder in its place": {func(*testing.T, *kept) {
			os.Remove(resolvConfPath)
			os.Mkdir(resolvConfPath, 0o755)
		}, wire.CodeResolverUnset},
		"a file without end": {func(t *testing.T, _ *kept) {
			write(t, resolvConfPath, strings.Repeat("# long\n", maxResolvConf/7+1))
		}, wire.CodeResolverUnset},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			keeper := newKept()
			check.prepare(t, keeper)
			before := laptoptest.Snapshot(t)
			if _, err := keeper.Set(1, wanted); err == nil || !strings.HasPrefix(err.Error(), check.code) {
				t.Errorf("set: %v", err)
			}
			laptoptest.ExpectSnapshot(t, before)
			keeper.undo(t)
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

func TestResolvedIsNotUsedWhereNobodyAsksIt(t *testing.T) {
	laptoptest.Reset(t)
	for content, wanted := range map[string]bool{
		"hosts: files dns\n": false, "hosts: files resolve [!UNAVAIL=return] dns\n": true, "hosts: files dns resolve\n": false,
		"# hosts: resolve\nhosts:\tfiles mymachines resolve # dns\n": true, "passwd: resolve\n": false, "": false,
	} {
		write(t, "/etc/nsswitch.conf", content)
		if resolveBeforeDNS() != wanted {
			t.Errorf("%q: %v", content, !wanted)
		}
	}
}
