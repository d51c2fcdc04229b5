//go:build tools

// Package tools names etcd's server, so that its module graph is pinned here and
// `go build go.etcd.io/etcd/server/v3` builds exactly that version.
package tools

import _ "go.etcd.io/etcd/server/v3"
