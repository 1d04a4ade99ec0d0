package workload

import "net/http"

var echo = Workload{
	Name:        "echo",
	Method:      http.MethodPost,
	Path:        "/echo",
	Summary:     "the request's body, as it came",
	Target:      "/echo",
	Body:        `{"order":7,"items":[{"id":1021,"quantity":2},{"id":4,"quantity":1}]}`,
	ContentType: typeJSON,
	handle:      serveEcho,
}

func serveEcho(_ *Service, x *Exchange) {
	contentType := x.Request.Header("Content-Type")
	if len(contentType) == 0 {
		x.reply(http.StatusOK, typeData, x.Request.Body)
		return
	}
	if string(contentType) != x.echo { // the comparison does not allocate, the conversion does
		x.echo = string(contentType)
	}
	x.reply(http.StatusOK, x.echo, x.Request.Body)
}
