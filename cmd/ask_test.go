package cmd_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// ask gets a URL on a connection of its own and tells the status and the body, or the error;
// written, when given, is closed once the request is with the kernel.
func ask(url string, written chan<- struct{}) string {
	ctx := context.Background()
	if written != nil {
		ctx = httptrace.WithClientTrace(ctx,
			&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }})
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	q.Close = true
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", r.StatusCode, body)
}
