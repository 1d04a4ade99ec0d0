package html

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
)

// asksServer is what a page of a bench that goes on may do besides: ask the server that it came
// from.
const asksServer = "; connect-src 'self'"

// policy returns the content of a page's own policy (W3C, Content Security Policy Level 3):
// whatever others wrote into the page, no script but this one runs, and nothing is loaded but what
// more says.
func policy(script, more string) template.HTMLAttr {
	hash := sha256.Sum256([]byte(script))
	return template.HTMLAttr(fmt.Sprintf(
		`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-%s'%s"`,
		base64.StdEncoding.EncodeToString(hash[:]), more))
}
