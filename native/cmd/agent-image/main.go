// Command agent-image writes an OCI image archive (image-spec v1.1, image layout in a tar) that holds the agent and
// nothing else. It needs no Docker and contacts no registry; the same binary gives the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"

	"slipway/native/internal/build"
)

const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// descriptor points to a blob of the layout.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func main() {
	binary := flag.String("binary", "bin/slipway-agent", "the agent, a static Linux program")
	output := flag.String("output", "", "the archive to write")
	name := flag.String("name", "slipway.local/agent:latest", "the reference that the archive carries")
	architecture := flag.String("architecture", runtime.GOARCH, "the binary's architecture")
	flag.Parse()
	if *output == "" {
		fmt.Fprintln(os.Stderr, "agent-image: --output is missing")
		os.Exit(2)
	}
	if err := write(*binary, *output, *name, *architecture); err != nil {
		fmt.Fprintf(os.Stderr, "agent-image: %v\n", err)
		os.Exit(1)
	}
}

func write(binary, output, name, architecture string) error {
	program, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read the agent: %w", err)
	}
	archive, err := assemble(program, name, architecture)
	if err != nil {
		return err
	}
	// A half-written archive never stands under the name that was asked for.
	draft := output + ".part"
	if err := os.WriteFile(draft, archive, 0o644); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	if err := os.Rename(draft, output); err != nil {
		return fmt.Errorf("put the archive in place: %w", err)
	}
	return nil
}

// assemble returns the archive's bytes: layout file, index, manifest, configuration and one layer.
func assemble(program []byte, name, architecture string) ([]byte, error) {
	layer, err := pack(map[string][]byte{"slipway-agent": program}, []string{"slipway-agent"}, 0o755)
	if err != nil {
		return nil, fmt.Errorf("pack the layer: %w", err)
	}
	configuration, err := json.Marshal(map[string]any{
		"architecture": architecture,
		"os":           "linux",
		"config": map[string]any{
			"User":       "65532:65532",
			"Entrypoint": []string{"/slipway-agent"},
			"Labels": map[string]string{
				"org.opencontainers.image.title":    "slipway-agent",
				"org.opencontainers.image.version":  build.ID,
				"org.opencontainers.image.licenses": "Apache-2.0",
			},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     manifestType,
		"config":        descriptor{MediaType: configType, Digest: digest(configuration), Size: len(configuration)},
		"layers":        []descriptor{{MediaType: layerType, Digest: digest(layer), Size: len(layer)}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	annotations := map[string]string{"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
	index, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     indexType,
		"manifests": []descriptor{
			{MediaType: manifestType, Digest: digest(manifest), Size: len(manifest), Annotations: annotations},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the index: %w", err)
	}
	order := []string{"oci-layout", "index.json"}
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": index}
	for _, blob := range [][]byte{manifest, configuration, layer} {
		path := "blobs/sha256/" + digest(blob)[len("sha256:"):]
		order = append(order, path)
		files[path] = blob
	}
	return pack(files, order, 0o644)
}

// pack writes files into a tar in the given order, owned by root, without times, so that equal input gives equal
// bytes.
func pack(files map[string][]byte, order []string, mode int64) ([]byte, error) {
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	for _, path := range order {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: mode, Size: int64(len(files[path])), Format: tar.FormatUSTAR}
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(files[path]); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func digest(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "sha256:" + hex.EncodeToString(sum[:])
}
