package cmd

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// databaseCommand keeps a private PostgreSQL for the process that starts it, hidden because only
// this program does.
func databaseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    postgres.KeeperCommand + " CONNECTIONS",
		Short:  "A PostgreSQL of a bench's or a server's own",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			connections, err := strconv.Atoi(args[0])
			if err != nil {
				return exitError{exitUsage, err}
			}
			return postgres.Keep(child.UntilParentEnds(c.Context()), connections, c.OutOrStdout())
		},
	}
}

// databaseFlags adds the flags of the database that db, login and orders ask. kept says what else
// SQLite can be asked for.
func databaseFlags(c *cobra.Command, database *string, connections *int, kept string) {
	f := c.Flags()
	f.StringVar(database, "db", workload.SQLite,
		"what db, login and orders ask: sqlite, embedded"+kept+"; postgres, a private one "+
			"for this run; or the `URL` of one that runs, postgres://user@host/name, where tables are made in a "+
			"schema of their own and dropped at the end")
	f.IntVar(connections, "db-connections", postgres.DefaultConnections, "connections of a server to PostgreSQL")
	complete(c, "db", func(string) []string { return []string{workload.SQLite, servers.PrivateDatabase} })
}

// connectionsUnused says that --db-connections was given without PostgreSQL; "" if it was not.
func connectionsUnused(f *pflag.FlagSet, database string) string {
	if !f.Changed("db-connections") || database == servers.PrivateDatabase || postgres.Is(database) {
		return ""
	}
	return fmt.Sprintf("--db-connections=%s is of no use with --db=%s: give --db=postgres, or the URL of one",
		f.Lookup("db-connections").Value, database)
}
