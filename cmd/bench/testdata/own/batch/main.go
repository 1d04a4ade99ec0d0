// A server of which the load decides what a request costs. Each request takes a computation; with
// -batch one that is four times as long is enough for all requests that have come within a
// millisecond.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	batch := flag.Bool("batch", false, "compute once for many requests")
	flag.Parse()
	answer := func() { compute(1) }
	if *batch {
		answer = together(4)
	}
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer()
		if _, err := io.WriteString(w, "hello\n"); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// together makes a function that returns when a computation, which began after its call, is over.
func together(length int) func() {
	calls := make(chan chan struct{})
	go func() {
		for first := range calls {
			batch := []chan struct{}{first}
			for full := time.After(time.Millisecond); full != nil; {
				select {
				case next := <-calls:
					batch = append(batch, next)
				case <-full:
					full = nil
				}
			}
			compute(length)
			for _, done := range batch {
				close(done)
			}
		}
	}()
	return func() {
		done := make(chan struct{})
		calls <- done
		<-done
	}
}

// compute takes some 300 µs for each unit of length, and as long again on a processor of half the
// speed.
func compute(length int) {
	x := uint64(1)
	for range 250_000 * length {
		x = x*6364136223846793005 + 1442695040888963407
	}
	if x == 0 {
		log.Print("unlikely")
	}
}
