//go:build ignore

// Go's net/http: blocking code in a goroutine for each connection, on a few threads of the system.
//
//	nodecompare bench --workloads=hello,wait --server go='go build -o /tmp/nethttp nethttp.go && exec /tmp/nethttp'
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "hello\n")
	})
	http.HandleFunc("GET /wait", func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.Atoi(r.FormValue("ms"))
		if err != nil {
			ms = 50
		}
		time.Sleep(time.Duration(ms) * time.Millisecond)
		answer(w, "waited\n")
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func answer(w http.ResponseWriter, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		log.Print(err)
	}
}
