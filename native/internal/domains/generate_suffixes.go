//go:build ignore

// This program writes suffixes.txt: the public suffix list, ICANN's rules and the private ones, taken out of
// golang.org/x/net, whose package publicsuffix the helper cannot link itself because it brings net/http along. Run it
// by go generate after golang.org/x/net was raised; a test tells when that was forgotten.
//
// Each rule is written from the top-level domain down (com.amazonaws.s3), so that all rules below a name follow it in
// the sorted list. A wildcard ends in ".*", an exception in "!"; a private rule begins with a space.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The layout is described in publicsuffix/table.go: 40-bit nodes and 32-bit children, big endian.
type tree struct {
	text            string
	nodes, children []byte
	rules           []string
}

func main() {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	if err != nil {
		log.Fatal(err)
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "publicsuffix", name))
		if err != nil {
			log.Fatal(err)
		}
		return content
	}
	table := read("table.go")
	version := regexp.MustCompile(`const version = "(.*)"`).FindSubmatch(table)
	count := regexp.MustCompile(`const numTLD = (\d+)`).FindSubmatch(table)
	if version == nil || count == nil {
		log.Fatal("table.go has another form")
	}
	roots, _ := strconv.Atoi(string(count[1]))
	suffixes := tree{text: string(read("data/text")), nodes: read("data/nodes"), children: read("data/children")}
	suffixes.walk(0, roots, "")
	slices.Sort(suffixes.rules)
	var output bytes.Buffer
	fmt.Fprintf(&output, "%s\n%s\n", version[1], strings.Join(suffixes.rules, "\n"))
	if err := os.WriteFile("suffixes.txt", output.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func (suffixes *tree) walk(low, high int, parent string) {
	for index := low; index < high; index++ {
		var node uint64
		for _, octet := range suffixes.nodes[index*5 : index*5+5] {
			node = node<<8 | uint64(octet)
		}
		length, offset := node&0x3f, node>>6&0xffff
		name := suffixes.text[offset : offset+length]
		if parent != "" {
			name = parent + "." + name
		}
		icann := node>>22&1 == 1
		position := node >> 23 & 0x3ff * 4
		var child uint32
		for _, octet := range suffixes.children[position : position+4] {
			child = child<<8 | uint32(octet)
		}
		kind, wildcard := child>>28&3, child>>30&1 == 1
		mark := " "
		if icann {
			mark = ""
		}
		switch kind { // of the node: a rule, an exception, or only the way to what is below it
		case 0:
			suffixes.rules = append(suffixes.rules, mark+name)
		case 1:
			suffixes.rules = append(suffixes.rules, mark+name+"!")
		}
		if wildcard {
			suffixes.rules = append(suffixes.rules, mark+name+".*")
		}
		suffixes.walk(int(child&0x3fff), int(child>>14&0x3fff), name)
	}
}
