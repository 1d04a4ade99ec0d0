package cmd

import (
	"github.com/spf13/pflag"

	"nodecompare/loadgen"
)

// certificateFlags defines the flags that say whom to trust over https, and who the client is.
func certificateFlags(flags *pflag.FlagSet, c *loadgen.Certificates) {
	flags.BoolVarP(&c.Insecure, "insecure", "k", false, "take any certificate of a server at https")
	flags.StringVar(&c.CA, "cacert", "", "trust the authorities in this PEM `file`, in place of the system's")
	flags.StringVar(&c.Cert, "cert", "", "our own certificate, for a server that wants one: a PEM `file`")
	flags.StringVar(&c.Key, "key", "", "the `file` of its key, where --cert has none")
}
