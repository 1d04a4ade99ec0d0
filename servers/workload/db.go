package workload

import (
	"net/http"
)

var db = Workload{
	Name:    "db",
	Method:  http.MethodGet,
	Path:    "/db",
	Summary: "a product, looked up by its id in an SQLite database",
	Target:  "/db?id=7",
	handle:  serveDB,
}

func serveDB(s *Service, x *Exchange) {
	text, given := x.Request.QueryValue("id")
	id, ok := whole(text)
	if !given || !ok {
		x.fail(http.StatusBadRequest, "id must be the number of a product, such as id=7")
		return
	}
	var (
		p     product
		found bool
		err   error
	)
	x.IO.Offload(x, func() {
		p, found, err = s.store.product(id)
	}, func(x *Exchange) {
		switch {
		case err != nil:
			x.fail(http.StatusInternalServerError, "looking up product %d: %v", id, err)
		case !found:
			x.fail(http.StatusNotFound, "there is no product %d", id)
		default:
			x.json(http.StatusOK, p)
		}
	})
}
