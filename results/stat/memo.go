package stat

import "sync"

// memo returns f with a cache. f must depend on its argument alone, and be called with few
// different ones.
func memo[K comparable, V any](f func(K) V) func(K) V {
	var known sync.Map
	return func(k K) V {
		if v, ok := known.Load(k); ok {
			return v.(V)
		}
		v := f(k)
		known.Store(k, v)
		return v
	}
}
