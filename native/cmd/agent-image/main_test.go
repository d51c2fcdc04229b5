package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// unpack reads a tar into memory.
func unpack(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchiveLeadsFromTheIndexToTheAgent(t *testing.T) {
	program := []byte("an agent")
	archive, err := assemble(program, "slipway.local/agent:latest", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, archive)
	blob := func(digest string) []byte {
		content, found := files["blobs/sha256/"+digest[len("sha256:"):]]
		if !found {
			t.Fatalf("no blob %s", digest)
		}
		return content
	}
	var index struct{ Manifests []descriptor }
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	var configuration struct {
		Config struct {
			User       string
			Entrypoint []string
		}
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(files["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blob(index.Manifests[0].Digest), &manifest); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blob(manifest.Config.Digest), &configuration); err != nil {
		t.Fatal(err)
	}
	layer := blob(manifest.Layers[0].Digest)
	if digest(layer) != configuration.RootFS.DiffIDs[0] {
		t.Error("the configuration names another layer")
	}
	if !bytes.Equal(unpack(t, layer)["slipway-agent"], program) {
		t.Error("the layer holds something else than the agent")
	}
	if configuration.Config.User != "65532:65532" || configuration.Config.Entrypoint[0] != "/slipway-agent" {
		t.Errorf("it would run %v as %s", configuration.Config.Entrypoint, configuration.Config.User)
	}
}

func TestArchiveIsTheSameForTheSameAgent(t *testing.T) {
	first, err := assemble([]byte("x"), "a:b", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	second, err := assemble([]byte("x"), "a:b", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two archives of one agent differ")
	}
}
