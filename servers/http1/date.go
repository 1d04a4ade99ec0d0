package http1

import (
	"sync/atomic"
	"time"
)

// imfFixdate is the one form of Date that may be sent (RFC 9110, section 5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

type dateLine struct {
	unix int64
	text string // "Date: " to CRLF
}

// lastDate serves all threads: they write it about once a second, and it does not matter whose comes last.
var lastDate atomic.Pointer[dateLine]

// dateField gives the whole Date line for a time in Unix seconds.
func dateField(unix int64) string {
	if d := lastDate.Load(); d != nil && d.unix == unix {
		return d.text
	}
	d := &dateLine{unix, "Date: " + time.Unix(unix, 0).UTC().Format(imfFixdate) + "\r\n"}
	lastDate.Store(d)
	return d.text
}
