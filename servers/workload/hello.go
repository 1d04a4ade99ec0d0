package workload

import "net/http"

var hello = Workload{
	Name:    "hello",
	Method:  http.MethodGet,
	Path:    "/",
	Summary: "a fixed line of HTML: what the server itself costs",
	Target:  "/",
	handle:  serveHello,
}

var helloBody = []byte("Hello from Mango Engineers Backend!")

func serveHello(_ *Service, x *Exchange) { x.reply(http.StatusOK, typeHTML, helloBody) }
