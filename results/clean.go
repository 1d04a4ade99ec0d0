package results

import (
	"reflect"

	"nodecompare/results/foreign"
)

// Clean removes, in place, what could harm a terminal or a page from all text in a result: a
// server's own output and the text of files. Every printer of results relies on Clean.
func Clean(result any) { clean(reflect.ValueOf(result)) }

func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			clean(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && !holdsText(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Map:
		cleanMap(v)
	case reflect.String:
		if v.CanSet() {
			v.SetString(foreign.Line(v.String()))
		}
	}
}

func cleanMap(m reflect.Value) {
	if !holdsText(m.Type().Key()) && !holdsText(m.Type().Elem()) {
		return
	}
	for _, k := range m.MapKeys() {
		key, value := reflect.New(k.Type()).Elem(), reflect.New(m.Type().Elem()).Elem()
		key.Set(k)
		value.Set(m.MapIndex(k))
		clean(key)
		clean(value)
		m.SetMapIndex(k, reflect.Value{})
		m.SetMapIndex(key, value)
	}
}

// holdsText reports whether values of the type can hold text. Skipping numbers, the bulk of a
// record, saves time.
func holdsText(t reflect.Type) bool { return t.Kind() > reflect.Complex128 }
