package cluster

import "github.com/nats-io/nats.go"

// Subject returns a subject of the hub's agents.
func (h *Hub) Subject(name string) string { return subjects(h.Token).prefix + "." + name }

// Tap connects with all rights, and passes on every message.
func (h *Hub) Tap(heard func(subject string, data []byte)) (*nats.Conn, error) {
	c, err := h.connect()
	if err != nil {
		return nil, err
	}
	_, err = c.Subscribe(">", func(m *nats.Msg) { heard(m.Subject, m.Data) })
	if err == nil {
		err = c.Flush()
	}
	return c, err
}
