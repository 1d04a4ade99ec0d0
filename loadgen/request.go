package loadgen

import "nodecompare/loadgen/response"

// request is a connection's part of a load of HTTP/1.1 requests.
type request struct {
	parser response.Parser
	open   bool // the parser has begun with the present answer
}

func prepareRequests(a Attack) (script, error) {
	says, err := messages(a)
	return script{says: says, talks: alone(a, func(n int) []talk {
		all, talks := make([]request, n), make([]talk, n)
		for i := range all {
			all[i].parser = response.NewParser(a.MaxBody, a.WantBody)
			talks[i] = &all[i]
		}
		return talks
	})}, err
}

func (q *request) connected() []byte {
	q.open = false
	return nil
}

func (q *request) hear(m *message, b []byte) (used int, h heard, err error) {
	if !q.open {
		q.parser.Begin(m.head)
		q.open = true
	}
	used, whole, err := q.parser.Feed(b)
	if whole {
		q.open = false
		h = heard{what: over, answer: q.parser.Answer()}
	}
	return used, h, err
}

func (q *request) begun() bool { return q.open && q.parser.Begun() }

func (q *request) ended() (response.Answer, error) {
	if !q.open {
		q.parser.Begin(false)
	}
	return q.parser.End()
}
