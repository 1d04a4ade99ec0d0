package loadgen

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync"

	"nodecompare/loadgen/response"
)

// httpsTransport carries https by net/http's transport. Its connections and retries are net/http's own: the
// retries are not counted, and cost what they cost.
type httpsTransport struct {
	attack Attack
	rota   rota
	sends  []*http.Request // by target; copied for each call
	std    *http.Transport

	mu  sync.Mutex
	ctx context.Context // of the present run
}

func newHTTPSTransport(a Attack, r rota) (*httpsTransport, error) {
	var sends []*http.Request
	for _, t := range a.Targets() {
		req, err := newRequest(t)
		if err != nil {
			return nil, err
		}
		sends = append(sends, req)
	}
	return &httpsTransport{
		attack: a, rota: r, sends: sends, ctx: context.Background(),
		std: &http.Transport{
			MaxConnsPerHost: a.Connections, MaxIdleConnsPerHost: a.Connections,
			MaxResponseHeaderBytes: response.MaxHead,
			DisableCompression:     true, // the bytes as the server sends them, at no cost of ours
			// HTTP/1.1, as over plain TCP: an empty map keeps HTTP/2 from being agreed on.
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
	}, nil
}

// RoundTrip sends the request whose turn it is by req's number, whatever else req says, and reads the whole response.
func (s *httpsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	s.mu.Lock()
	run := s.ctx
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(run, s.attack.Timeout)
	defer cancel()
	turn := s.sends[s.rota.turn(req)]
	mine := turn.WithContext(ctx)
	if turn.GetBody != nil {
		body, err := turn.GetBody()
		if err != nil {
			return nil, err
		}
		mine.Body = body
	}
	resp, err := s.std.RoundTrip(mine)
	if err != nil {
		return nil, syntax(err)
	}
	defer resp.Body.Close()
	got := response.Body{Want: s.attack.WantBody}
	size, err := io.Copy(&got, io.LimitReader(resp.Body, s.attack.MaxBody+1))
	if err != nil {
		return nil, syntax(err)
	}
	if size > s.attack.MaxBody {
		return nil, response.ErrBodyTooLarge
	}
	return newResponse(response.Answer{Status: resp.StatusCode, Size: size, Differs: got.Differs()}), nil
}

// syntax gives net/http's errors of a bad response our own type. Theirs has none: the text is all there is.
func syntax(err error) error {
	if strings.Contains(err.Error(), "malformed") {
		return &response.MalformedError{Reason: err.Error()}
	}
	return err
}

func (s *httpsTransport) begin(ctx context.Context) (end func()) {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.ctx = context.Background()
		s.mu.Unlock()
	}
}

func (s *httpsTransport) retried() uint64 { return 0 }

func (s *httpsTransport) close() { s.std.CloseIdleConnections() }
