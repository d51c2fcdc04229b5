// Package build knows the identity of this build. It never reads anything at run time.
package build

// ID is set by the linker (-X slipway/native/internal/build.ID=…): the version and a hash of the sources.
var ID = "development"
