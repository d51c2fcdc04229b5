package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func unpackInto(t *testing.T, folder string, content []byte) error {
	t.Helper()
	tree, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if err := prepareTree(tree); err != nil {
		t.Fatal(err)
	}
	if err := unpack(bytes.NewReader(content), tree); err != nil {
		return err
	}
	return checkLinks(tree)
}

func file(name string) tar.Header   { return tar.Header{Name: name, Typeflag: tar.TypeReg} }
func folder(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir} }
func symbolic(name, target string) tar.Header {
	return tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink}
}
func hard(name, target string) tar.Header {
	return tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeLink}
}

// Nothing of a package is written outside of the tree, and nothing in it leads out.
func TestPackagesThatAreRefused(t *testing.T) {
	for name, content := range map[string][]byte{
		"a path upwards":           debOf(t, "gz", file("./../escaped")),
		"a path upwards inside":    debOf(t, "gz", file("./usr/../../escaped")),
		"an absolute path":         debOf(t, "gz", file("/tmp/escaped")),
		"a link upwards":           debOf(t, "gz", symbolic("./usr/out", "../../escaped")),
		"a link upwards from /bin": debOf(t, "gz", symbolic("./bin/out", "../../../escaped")),
		"a link by way of links": debOf(t, "gz", folder("./deep/er"), folder("./z"),
			symbolic("./deep/er/short", "../../z"), symbolic("./deep/er/short/out", "../../../escaped")),
		"a file by way of a link":   debOf(t, "gz", symbolic("./out", "../.."), file("./out/escaped")),
		"a hard link out":           debOf(t, "gz", hard("./out", "../escaped")),
		"a hard link to a link":     debOf(t, "gz", symbolic("./one", "two"), hard("./out", "./one")),
		"a hard link to nothing":    debOf(t, "gz", hard("./out", "./nothing")),
		"a device":                  debOf(t, "gz", tar.Header{Name: "./dev/kmem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 2}),
		"a block device":            debOf(t, "gz", tar.Header{Name: "./dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}),
		"a pipe":                    debOf(t, "gz", tar.Header{Name: "./run/pipe", Typeflag: tar.TypeFifo}),
		"a file in a file's place":  debOf(t, "gz", file("./one"), file("./one/two")),
		"a file in place of folder": debOf(t, "gz", file("./one/two"), file("./one")),
		"no data":                   arOf("debian-binary", []byte("2.0\n")),
		"no archive":                []byte("<html>"),
		"an archive that was cut":   debOf(t, "xz", file("./one"))[:150],
		"data that was cut":         arOf("data.tar.gz", compressed(t, "gz", []byte(strings.Repeat("x", 5000)))[:20]),
		"data of another format":    arOf("data.tar.zst", []byte("not zstd at all")),
	} {
		t.Run(name, func(t *testing.T) {
			outside := t.TempDir()
			tree := filepath.Join(outside, "tree")
			if err := os.Mkdir(tree, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := unpackInto(t, tree, content); err == nil {
				t.Error("it was unpacked")
			}
			if entries, _ := os.ReadDir(outside); len(entries) != 1 {
				t.Errorf("outside of the tree there is %v", entries)
			}
			if _, err := os.Lstat("/tmp/escaped"); err == nil {
				t.Error("it was unpacked to /tmp")
			}
		})
	}
}

func TestEachFormatIsUnpacked(t *testing.T) {
	for _, kind := range []string{"gz", "xz", "zst", ""} {
		t.Run(kind, func(t *testing.T) {
			tree := t.TempDir()
			content := debOf(t, kind,
				folder("./"), folder("./lib"), file("./lib/here"), file("./usr/bin/program"), hard("./usr/bin/same", "./usr/bin/program"),
				symbolic("./lib64/loader", "/lib/here"), symbolic("./etc/relative", "../usr/bin/program"), symbolic("./etc/dangling", "/run/nothing"),
				tar.Header{Name: "./usr/bin/root", Typeflag: tar.TypeReg, Mode: 0o4755}, file("./usr/share/doc/program/copyright"),
			)
			if err := unpackInto(t, tree, content); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{
				"usr/lib/here": "./lib/here", "lib/here": "./lib/here", "usr/lib64/loader": "./lib/here",
				"usr/bin/same": "./usr/bin/program", "etc/relative": "./usr/bin/program",
			} {
				if got, err := os.ReadFile(filepath.Join(tree, name)); err != nil || string(got) != "content of "+want {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if information, err := os.Stat(filepath.Join(tree, "usr/bin/root")); err != nil || information.Mode() != 0o755 {
				t.Errorf("set-user-id: %v, %v", information, err)
			}
			if _, err := os.Stat(filepath.Join(tree, "usr/share/doc")); err == nil {
				t.Error("documents were unpacked")
			}
		})
	}
}
