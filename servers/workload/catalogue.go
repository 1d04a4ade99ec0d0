package workload

import (
	"fmt"
	"math/rand/v2"
)

type account struct{ name, password string }

// accounts are the users that can log in. Their passwords are public.
var accounts = []account{
	{"mango", "engineers"},
	{"ada", "analytical engine"},
	{"grace", "nanoseconds"},
	{"linus", "just for fun"},
	{"zoë", "naïve café ☕"},
}

// productCount is the number of products in the shop, with ids from 1.
const productCount = 10_000

var (
	makes = []string{"Alphonso", "Brightwater", "Cedar & Co", "Dunmore", "Elmwood", "Fairlight",
		"Greyfriars", "Harbour", "Ironbridge", "Juniper"}
	kinds = []string{"Classic", "Compact", "Everyday", "Folding", "Heavy", "Large", "Light", "Organic",
		"Reclaimed", "Small", "Travel", "Winter"}
	goods = []struct {
		category string
		names    []string
		from, to int64 // prices, in cents
	}{
		{"pantry",
			[]string{"Mango Chutney", "Olive Oil 500 ml", "Wholemeal Flour 1 kg", "Honey 340 g",
				"Coffee Beans 250 g"}, 199, 1_499},
		{"kitchen", []string{"Bread Knife", "Frying Pan 28 cm", "Mixing Bowl", "Kettle", "Chopping Board"}, 899, 7_999},
		{"garden", []string{"Watering Can", "Trowel", "Secateurs", "Seed Tray", "Hose 15 m"}, 499, 4_999},
		{"desk", []string{"Notebook A5", "Fountain Pen", "Desk Lamp", "Monitor Stand", "Paper Tray"}, 299, 8_999},
		{"outdoor", []string{"Rucksack 30 l", "Head Torch", "Sleeping Bag", "Flask 750 ml", "Rain Jacket"},
			1_499, 19_999},
		{"bath", []string{"Bath Towel", "Soap Dish", "Linen Basket", "Shower Curtain", "Bath Mat"}, 399, 3_999},
	}
)

// products returns the shop's products, always the same ones. It draws from PCG directly, whose
// numbers are specified; rand.Rand may change with Go's version.
func products() []product {
	random := rand.NewPCG(7, productCount)
	below := func(n int) int64 { return int64(random.Uint64() % uint64(n)) }
	all := make([]product, productCount)
	for i := range all {
		g := goods[below(len(goods))]
		all[i] = product{
			ID:         int64(i + 1),
			SKU:        fmt.Sprintf("ME-%05d", i+1),
			Name:       makes[below(len(makes))] + " " + kinds[below(len(kinds))] + " " + g.names[below(len(g.names))],
			Category:   g.category,
			PriceCents: g.from + below(int(g.to-g.from)),
			Stock:      below(250),
		}
	}
	return all
}
