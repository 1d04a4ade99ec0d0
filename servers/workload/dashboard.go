package workload

import (
	"net/http"

	"nodecompare/servers/node/app"
)

// dashboard is a page that shows the events of live in a browser. It loads nothing else.
var dashboard = Workload{
	Name:    "dashboard",
	Method:  http.MethodGet,
	Path:    "/dashboard",
	Summary: "a page that shows the events of live",
	Target:  "/dashboard",
	handle:  func(_ *Service, x *Exchange) { x.reply(http.StatusOK, typeHTML, app.Dashboard) },
}
