// Package cluster joins several machines for one measurement: a coordinator, which plans and
// judges, and agents, which serve and make load. NATS connects them (nats.io): it authenticates,
// encrypts, passes messages on, and notices lost connections. What is here is who is a member, what
// a clock differs by, and that a job is done once by a member that was there from its beginning to
// its end.
package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"nodecompare/results"
)

const (
	// beat is the time between two signs of life, of agents and of the coordinator.
	beat = 250 * time.Millisecond
	// silence is how long either side may show no sign of life. A load that takes every CPU delays
	// a beat by some 100 ms.
	silence = 2 * time.Second
	// parting is how long an agent that lost its coordinator looks for it. It may have stood still
	// itself, and comes back then.
	parting = 2 * time.Second
)

// Protocol changes with the meaning of messages.
const Protocol = 1

// Roles of an agent.
const (
	Load   = "load"   // makes load
	Server = "server" // runs what is measured
)

// Member describes an agent.
type Member struct {
	Name    string       `json:"name"` // unique among the members
	Role    string       `json:"role"`
	Version string       `json:"version"` // of the program
	Host    results.Host `json:"host"`
	// Address is that of the agent's end of its connection, by which others reach its servers.
	Address string `json:"address"`
	// Commands says that it runs a user's command lines.
	Commands bool `json:"commands"`
}

// hello asks to be a member.
type hello struct {
	Member
	Protocol int    `json:"protocol"`
	ID       string `json:"id"`    // of this session
	Agent    string `json:"agent"` // of all sessions of one process
}

// order is what a coordinator sends to an agent: a welcome, a refusal, the end, or a job.
type order struct {
	Coordinator string          `json:"coordinator"`
	ID          string          `json:"id"` // of the agent's session
	Kind        string          `json:"kind"`
	Why         string          `json:"why,omitempty"`
	Number      uint64          `json:"number,omitempty"` // of a job: each is done once
	Verb        string          `json:"verb,omitempty"`
	In          json.RawMessage `json:"in,omitempty"`
}

// Kinds of order.
const (
	welcome = "welcome"
	refusal = "refusal"
	end     = "end"
	job     = "job"
	cancel  = "cancel" // of the job with the number
)

// answer is the one answer to a job.
type answer struct {
	ID     string          `json:"id"`
	Number uint64          `json:"number"`
	Error  string          `json:"error,omitempty"`
	Out    json.RawMessage `json:"out,omitempty"`
}

// sign is a sign of life.
type sign struct {
	ID  string `json:"id"`
	Why string `json:"why,omitempty"` // it is the last one
}

// names are the subjects of one coordinator and its agents.
type names struct{ prefix string }

// subjects follow from the token, so that on a NATS server of the user's own only those who have it
// know them, and two coordinators do not meet.
func subjects(token string) names {
	sum := sha256.Sum256([]byte("nodecompare " + token))
	return names{"nodecompare." + hex.EncodeToString(sum[:16])}
}

func (n names) hello() string          { return n.prefix + ".hello" }
func (n names) beat() string           { return n.prefix + ".beat" }
func (n names) answer() string         { return n.prefix + ".answer" }
func (n names) alive() string          { return n.prefix + ".alive" }
func (n names) order(id string) string { return n.prefix + ".order." + id }
func (n names) clock(id string) string { return n.prefix + ".clock." + id }

// inbox is where the answers about clocks go.
const inbox = "_INBOX.coordinator"

func (n names) ofAgents() []string {
	return []string{n.hello(), n.beat(), n.answer(), inbox + ".>"}
}

func (n names) toAgents() []string { return []string{n.alive(), n.order("*"), n.clock("*")} }

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // unreachable: messages are plain structures
	}
	return text
}
