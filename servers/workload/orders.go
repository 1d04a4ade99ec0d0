package workload

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// OrdersPath is the route that takes orders. With a slash and an order's number behind it, it is
// the one that shows that order.
const OrdersPath = "/orders"

var orders = Workload{
	Name:        "orders",
	Method:      http.MethodPost,
	Path:        OrdersPath,
	Summary:     "an order of some products in one transaction: check the stock, take from it, write the order down",
	Target:      OrdersPath,
	Body:        `{"customer":7,"items":[{"product":3,"quantity":2}]}`,
	ContentType: typeJSON,
	Status:      http.StatusCreated,
	Bodies:      orderBodies(),
	Database:    true,
	Orders:      true,
	handle:      serveOrders,
}

// showOrder is no workload: who audits a server asks for it.
var showOrder = Workload{
	Name:   "order",
	Method: http.MethodGet,
	Path:   OrdersPath + "/",
	prefix: true,
	handle: serveOrder,
}

const (
	mostItems     = 20
	mostQuantity  = 1000
	mostKeyLength = 200
)

// Item is a line of an order.
type Item struct {
	Product    int64 `json:"product"`
	Quantity   int64 `json:"quantity"`
	PriceCents int64 `json:"price_cents"` // of one
}

// Order is what a customer bought.
type Order struct {
	ID       int64  `json:"order"`
	Customer int64  `json:"customer"`
	Items    []Item `json:"items"` // in the order of the products' numbers
	Total    int64  `json:"total"` // in cents

	key string // the client's own name for it; "" for none
}

// placed is what became of an order that was to be placed.
type placed struct {
	id, total int64
	repeated  bool    // it was placed before, by the same key
	unknown   int64   // a product that there is not; 0 when all are known
	short     []short // products of which there is not enough: nothing was written
}

// short is a product of which there is not enough.
type short struct {
	Product int64 `json:"product"`
	Wanted  int64 `json:"wanted"`
	Stock   int64 `json:"stock"`
}

// totals checks an order against the stock: prices and stocks are those of its items, in their
// order, and missing ones of products that there are not. It puts the prices into the items.
func (o *Order) totals(stock map[int64]inventory) (p placed) {
	for i := range o.Items {
		item := &o.Items[i]
		has, ok := stock[item.Product]
		switch {
		case !ok:
			return placed{unknown: item.Product}
		case has.stock < item.Quantity:
			p.short = append(p.short, short{item.Product, item.Quantity, has.stock})
		}
		item.PriceCents = has.price
		p.total += item.Quantity * item.PriceCents
	}
	return p
}

// inventory is a product as the shop has it in store.
type inventory struct{ price, stock int64 }

func serveOrders(s *Service, x *Exchange) {
	o, status, fault := parseOrder(x.Request.Body)
	if status != 0 {
		x.fail(status, "%s", fault)
		return
	}
	o.key = string(x.Request.Header("Idempotency-Key"))
	if !plainKey(o.key) {
		x.fail(http.StatusBadRequest, "the Idempotency-Key must be 1 to %d visible ASCII characters", mostKeyLength)
		return
	}
	s.db.place(x, o, answerPlaced)
}

func answerPlaced(x *Exchange, p placed, err error) {
	switch {
	case err != nil:
		x.failed(err, "placing the order")
	case p.unknown != 0:
		x.fail(http.StatusUnprocessableEntity, "there is no product %d", p.unknown)
	case len(p.short) > 0:
		x.json(http.StatusConflict, struct {
			Error string  `json:"error"`
			Short []short `json:"short"`
		}{"not enough in stock", p.short})
	default:
		status := http.StatusCreated
		if p.repeated {
			status = http.StatusOK
		}
		x.json(status, struct {
			Order int64 `json:"order"`
			Total int64 `json:"total"`
		}{p.id, p.total})
	}
}

func serveOrder(s *Service, x *Exchange) {
	id, ok := whole(x.Request.Path[len(OrdersPath)+1:])
	if !ok {
		x.noOrder()
		return
	}
	s.db.order(x, id, func(x *Exchange, o Order, found bool, err error) {
		switch {
		case err != nil:
			x.failed(err, "looking up the order")
		case !found:
			x.noOrder()
		default:
			x.json(http.StatusOK, o)
		}
	})
}

func (x *Exchange) noOrder() { x.fail(http.StatusNotFound, "there is no such order") }

// parseOrder reads an order, with its items in the order of their products, and its key not set. A
// status other than 0 is what to answer, with the reason.
func parseOrder(body []byte) (o Order, status int, fault string) {
	const malformed = `the body must be JSON such as {"customer":7,"items":[{"product":3,"quantity":2}]}`
	var form struct {
		Customer *float64
		Items    *[]struct{ Product, Quantity *float64 }
	}
	if json.Unmarshal(body, &form) != nil || form.Items == nil || !integer(form.Customer) {
		return o, http.StatusBadRequest, malformed
	}
	for _, i := range *form.Items {
		if !integer(i.Product) || !integer(i.Quantity) {
			return o, http.StatusBadRequest, malformed
		}
	}
	refuse := func(format string, args ...any) (Order, int, string) {
		return Order{}, http.StatusUnprocessableEntity, fmt.Sprintf(format, args...)
	}
	if *form.Customer < 1 || *form.Customer > mostUsers {
		return refuse("a customer's number is from 1 to %d", mostUsers)
	}
	if len(*form.Items) < 1 || len(*form.Items) > mostItems {
		return refuse("an order has 1 to %d items", mostItems)
	}
	o.Customer = int64(*form.Customer)
	for _, i := range *form.Items {
		if *i.Quantity < 1 || *i.Quantity > mostQuantity {
			return refuse("a quantity is from 1 to %d", mostQuantity)
		}
		if *i.Product < 1 || *i.Product > mostProduct {
			return refuse("a product's number is from 1 to %d", mostProduct)
		}
		o.Items = append(o.Items, Item{Product: int64(*i.Product), Quantity: int64(*i.Quantity)})
	}
	// One order for all, so that no two transactions wait for each other.
	slices.SortFunc(o.Items, func(a, b Item) int { return cmp.Compare(a.Product, b.Product) })
	for i := range o.Items[1:] {
		if o.Items[i].Product == o.Items[i+1].Product {
			return refuse("product %d is named twice", o.Items[i].Product)
		}
	}
	return o, 0, ""
}

// mostProduct is beyond every product that there is.
const mostProduct = 1_000_000_000

// integer says that a number is there, and whole. JSON has no other kind of number than this one,
// so that 2.0 and 2e0 are 2.
func integer(n *float64) bool { return n != nil && *n == math.Trunc(*n) }

// plainKey says that a key is none, or can be kept.
func plainKey(key string) bool {
	return len(key) <= mostKeyLength &&
		!strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

const (
	// loadOrders is how many different orders a load sends in turn.
	loadOrders = 97
	// bestsellers are the products that every third order has one of, so that orders meet.
	bestsellers = 20
	// plenty is how much there is of nearly every product: more than any load can buy.
	plenty = 1_000_000_000
	// scarceFrom is the first of the products of which there are only a few, for who wants to see
	// an order refused.
	scarceFrom, scarce = productCount - 9, 3
)

// orderBodies are the orders of a load: one to three products each, always the same.
func orderBodies() []string {
	var all []string
	for n := range loadOrders {
		customer, first := n*13%1000+1, n*37%900+50
		body := `{"customer":` + strconv.Itoa(customer) + `,"items":[`
		if n%3 == 0 {
			body += `{"product":` + strconv.Itoa(n%bestsellers+1) + `,"quantity":1},`
		}
		body += `{"product":` + strconv.Itoa(first) + `,"quantity":` + strconv.Itoa(n%3+1) + `}`
		if n%2 == 0 {
			body += `,{"product":` + strconv.Itoa(first+1) + `,"quantity":2}`
		}
		all = append(all, body+"]}")
	}
	return all
}
