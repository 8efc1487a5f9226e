//go:build tools

// Package ferretdb pins the server that stands in for MongoDB where there is none: it speaks the same wire protocol.
package ferretdb

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
