// Package app holds the pages that all modes serve. Its JavaScript is that of package node.
package app

import _ "embed"

// Dashboard is the page that shows the events of the live workload.
//
//go:embed dashboard.html
var Dashboard []byte
