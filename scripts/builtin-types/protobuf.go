package main

import (
	"reflect"
	"strconv"
	"strings"
)

// Field numbers of the protobuf form, printed with `-protobuf`: what src/sim/apiserver/wire/builtin-protobuf.json holds.
// Each struct is a list of its members' names at the index of their numbers. `...T` is an embedded struct: one message
// on the wire, but no member of its own in JSON.
//
//	cd scripts/builtin-types && go run . -protobuf > ../../src/sim/apiserver/wire/builtin-protobuf.json && npx biome format --write ../../src/sim/apiserver/wire/builtin-protobuf.json

var numbers = map[string][]string{}

func addNumbers(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || special[t.String()] != "" {
		return
	}
	name := nameOf(t)
	if _, done := numbers[name]; done {
		return
	}
	numbers[name] = []string{}
	list := []string{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("protobuf"), ",")
		if len(tag) < 2 {
			continue
		}
		number, err := strconv.Atoi(tag[1])
		check(err)
		for len(list) <= number {
			list = append(list, "")
		}
		list[number] = strings.Split(f.Tag.Get("json"), ",")[0]
		if list[number] == "" {
			list[number] = "..." + nameOf(f.Type)
		}
		addNumbers(f.Type)
	}
	numbers[name] = list
}
