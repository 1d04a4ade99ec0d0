package workload

// A Receiver is a route's side of a connection that was upgraded to a WebSocket. Its methods are
// called one after another, on the flow of control that owns the connection.
type Receiver interface {
	// Opened is called once, first, when the peer has been answered.
	Opened(p Peer)
	// Text is a whole message, valid until Text returns.
	Text(text []byte)
	// Closed is called once, last. lagged says that the peer was cut off because it did not read.
	// When what Closed gives to On has run, nobody may send to the peer any more.
	Closed(lagged bool)
}

// A Peer is the other end of an upgraded connection. Its methods are for the Receiver's own calls.
type Peer interface {
	// Strand returns a place for things that several connections have in common.
	Strand() Strand
	// On runs f on a strand: before it returns, or later where the strand is another loop's. Such
	// an f is lost if that loop has stopped.
	On(s Strand, f func())
}

// A Strand runs functions one after another, in the order of the calls of On by each connection: an
// event loop, or a lock where threads run them.
type Strand interface {
	// Send sends frames to a peer, as they are, which nobody may change any more. Only a function
	// that runs on the strand may call it. Send never waits: what the peer does not take is kept
	// for it, up to 256 KiB, beyond which it is cut off.
	Send(p Peer, frames []byte)
}
