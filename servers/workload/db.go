package workload

import (
	"net/http"
)

var db = Workload{
	Name:     "db",
	Method:   http.MethodGet,
	Path:     "/db",
	Summary:  "a product, looked up by its id in a database",
	Target:   "/db?id=7",
	Database: true,
	handle:   serveDB,
}

func serveDB(s *Service, x *Exchange) {
	text, given := x.Request.QueryValue("id")
	id, ok := whole(text)
	if !given || !ok {
		x.fail(http.StatusBadRequest, "id must be the number of a product, such as id=7")
		return
	}
	x.id = id
	s.db.product(x, id, answerProduct)
}

func answerProduct(x *Exchange, p product, found bool, err error) {
	switch {
	case err != nil:
		x.failed(err, "looking up product %d", x.id)
	case !found:
		x.fail(http.StatusNotFound, "there is no product %d", x.id)
	default:
		x.json(http.StatusOK, p)
	}
}
