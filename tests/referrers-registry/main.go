// A registry with the referrers API of the OCI distribution specification 1.1, in memory, for tests: cuelabs' ociserver as it is.
// Neither crane's registry nor Debian's has that API, and no registry that has it can be installed by name.
package main

import (
	"log"
	"net/http"
	"os"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: referrers-registry HOST:PORT")
	}
	log.Fatal(http.ListenAndServe(os.Args[1], ociserver.New(ocimem.New(), nil)))
}
