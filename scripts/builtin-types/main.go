// Prints the Go types of Kubernetes' built-in resources as JSON: what src/sim/apiserver/builtin-types.json holds.
// The API server needs of them what no published schema says: which zero values are kept and which are omitted
// (pointers, omitempty), the merge keys of strategic merge patches, and the list-map keys of server-side apply.
//
//	cd scripts/builtin-types && go run . > ../../src/sim/apiserver/builtin-types.json
package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"

	apps "k8s.io/api/apps/v1"
	authn "k8s.io/api/authentication/v1"
	authz "k8s.io/api/authorization/v1"
	scale "k8s.io/api/autoscaling/v1"
	hpa "k8s.io/api/autoscaling/v2"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	crd "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/client-go/applyconfigurations/meta/v1" // its module holds the schema that loadApply reads
	"sigs.k8s.io/yaml"
)

var roots = map[string]any{
	"v1 ConfigMap": core.ConfigMap{}, "v1 Endpoints": core.Endpoints{}, "v1 Event": core.Event{},
	"v1 Namespace": core.Namespace{}, "v1 Node": core.Node{}, "v1 Pod": core.Pod{}, "v1 Secret": core.Secret{},
	"v1 Service": core.Service{}, "v1 ServiceAccount": core.ServiceAccount{}, "v1 Binding": core.Binding{},
	"apps/v1 Deployment": apps.Deployment{}, "apps/v1 ReplicaSet": apps.ReplicaSet{},
	"apps/v1 DaemonSet": apps.DaemonSet{}, "apps/v1 StatefulSet": apps.StatefulSet{},
	"apps/v1 ControllerRevision": apps.ControllerRevision{},
	"autoscaling/v1 Scale":       scale.Scale{}, "autoscaling/v1 HorizontalPodAutoscaler": scale.HorizontalPodAutoscaler{},
	"autoscaling/v2 HorizontalPodAutoscaler":           hpa.HorizontalPodAutoscaler{},
	"coordination.k8s.io/v1 Lease":                     coordination.Lease{},
	"discovery.k8s.io/v1 EndpointSlice":                discovery.EndpointSlice{},
	"events.k8s.io/v1 Event":                           events.Event{},
	"networking.k8s.io/v1 Ingress":                     networking.Ingress{},
	"networking.k8s.io/v1 NetworkPolicy":               networking.NetworkPolicy{},
	"policy/v1 PodDisruptionBudget":                    policy.PodDisruptionBudget{},
	"policy/v1 Eviction":                               policy.Eviction{},
	"rbac.authorization.k8s.io/v1 Role":                rbac.Role{},
	"rbac.authorization.k8s.io/v1 RoleBinding":         rbac.RoleBinding{},
	"rbac.authorization.k8s.io/v1 ClusterRole":         rbac.ClusterRole{},
	"rbac.authorization.k8s.io/v1 ClusterRoleBinding":  rbac.ClusterRoleBinding{},
	"apiextensions.k8s.io/v1 CustomResourceDefinition": crd.CustomResourceDefinition{},
	"authentication.k8s.io/v1 TokenRequest":            authn.TokenRequest{},
	"authentication.k8s.io/v1 TokenReview":             authn.TokenReview{},
	"authentication.k8s.io/v1 SelfSubjectReview":       authn.SelfSubjectReview{},
	"authorization.k8s.io/v1 SubjectAccessReview":      authz.SubjectAccessReview{},
	"authorization.k8s.io/v1 SelfSubjectAccessReview":  authz.SelfSubjectAccessReview{},
	"authorization.k8s.io/v1 LocalSubjectAccessReview": authz.LocalSubjectAccessReview{},
	"authorization.k8s.io/v1 SelfSubjectRulesReview":   authz.SelfSubjectRulesReview{},
	"v1 DeleteOptions":                                 meta.DeleteOptions{},
}

// Types with a JSON form of their own.
var special = map[string]string{
	"v1.Time": "Time", "v1.MicroTime": "MicroTime", "v1.Duration": "Duration", "v1.FieldsV1": "any",
	"resource.Quantity": "Quantity", "intstr.IntOrString": "IntOrString", "runtime.RawExtension": "any",
	"v1.JSON": "any", "v1.JSONSchemaPropsOrBool": "Schema", "v1.JSONSchemaPropsOrArray": "Schema",
	"v1.JSONSchemaPropsOrStringArray": "any", "runtime.Object": "any",
}

// A Field says how a value is read and written. Its text form is `[]T` (list), `{}T` (map) or `T`, with `*` in front for
// a pointer (whose zero value is kept), and after it the words
//
//	omit          the zero value is left out
//	patch=S:K     patchStrategy S and patchMergeKey K of strategic merge patches
//	keys=A,B      server-side apply: an associative list with these keys (none: a set)
//	atomic        server-side apply: owned as a whole
//
// where T is string, boolean, int32, int64, number, bytes, strings, any, Time, MicroTime, Duration, Quantity,
// IntOrString, Schema (a JSONSchemaProps or a boolean), or the name of a struct.
type Field struct {
	Type, Shape, Strategy, MergeKey string
	Pointer, Omit, Atomic           bool
	Keys                            *[]string
}

func (f Field) MarshalText() ([]byte, error) {
	text := f.Shape + f.Type
	if f.Pointer {
		text = "*" + text
	}
	if f.Omit {
		text += " omit"
	}
	if f.Strategy != "" {
		text += " patch=" + f.Strategy + ":" + f.MergeKey
	}
	if f.Keys != nil {
		text += " keys=" + strings.Join(*f.Keys, ",")
	}
	if f.Atomic {
		text += " atomic"
	}
	return []byte(text), nil
}

// A Struct maps its fields' names to their texts.
type Struct map[string]Field

// What applyconfigurations/internal says of a type.
type applyType struct {
	Name string    `json:"name"`
	Map  *applyMap `json:"map"`
}
type applyMap struct {
	Fields              []applyField `json:"fields"`
	ElementRelationship string       `json:"elementRelationship"`
}
type applyField struct {
	Name string    `json:"name"`
	Type applySpec `json:"type"`
}
type applySpec struct {
	List *applyList `json:"list"`
	Map  *applyMap  `json:"map"`
}
type applyList struct {
	ElementRelationship string   `json:"elementRelationship"`
	Keys                []string `json:"keys"`
}

var structs = map[string]Struct{}
var atomicStructs []string
var apply = map[string]applyType{}

func main() {
	loadApply()
	kinds := map[string]string{}
	for kind, object := range roots {
		kinds[kind] = addStruct(reflect.TypeOf(object))
	}
	sort.Strings(atomicStructs)
	out := json.NewEncoder(os.Stdout)
	if len(os.Args) > 1 && os.Args[1] == "-protobuf" {
		for _, object := range roots {
			addNumbers(reflect.TypeOf(object))
		}
		check(out.Encode(numbers))
		return
	}
	out.SetIndent("", "  ")
	check(out.Encode(map[string]any{"kinds": kinds, "atomic": atomicStructs, "types": structs}))
}

func addStruct(t reflect.Type) string {
	name := nameOf(t)
	if _, done := structs[name]; done {
		return name
	}
	fields := Struct{}
	structs[name] = fields
	hints := apply[applyName(t)]
	addFields(t, hints, fields)
	if hints.Map != nil && hints.Map.ElementRelationship == "atomic" {
		atomicStructs = append(atomicStructs, name)
	}
	return name
}

func addFields(t reflect.Type, hints applyType, fields Struct) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		if tag[0] == "-" || (tag[0] == "" && !f.Anonymous && !strings.Contains(f.Tag.Get("json"), "inline")) {
			continue
		}
		if tag[0] == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			addFields(inner, hints, fields)
			continue
		}
		field := fieldOf(f.Type)
		for _, option := range tag[1:] {
			field.Omit = field.Omit || option == "omitempty" && !(isPlainStruct(f.Type)) || option == "omitzero"
		}
		field.Strategy = f.Tag.Get("patchStrategy")
		field.MergeKey = f.Tag.Get("patchMergeKey")
		hint(&field, hints, tag[0])
		fields[tag[0]] = field
	}
}

// encoding/json never omits a struct for being empty; metav1.Time says null.
func isPlainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct
}

func fieldOf(t reflect.Type) Field {
	if t.Kind() == reflect.Pointer {
		field := fieldOf(t.Elem())
		field.Pointer = true
		return field
	}
	if s, ok := special[t.String()]; ok {
		return Field{Type: s}
	}
	switch t.Kind() {
	case reflect.String:
		return Field{Type: "string"}
	case reflect.Bool:
		return Field{Type: "boolean"}
	case reflect.Int32, reflect.Uint8:
		return Field{Type: "int32"}
	case reflect.Int64, reflect.Int:
		return Field{Type: "int64"}
	case reflect.Float64:
		return Field{Type: "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return Field{Type: "bytes"}
		}
		return Field{Type: elementOf(t.Elem()), Shape: "[]"}
	case reflect.Map:
		return Field{Type: elementOf(t.Elem()), Shape: "{}"}
	case reflect.Struct:
		return Field{Type: addStruct(t)}
	}
	panic("no JSON form known of " + t.String())
}

// Lists of lists and the like occur only in the free-form extra fields of reviews.
func elementOf(t reflect.Type) string {
	field := fieldOf(t)
	if field.Shape == "[]" && field.Type == "string" {
		return "strings"
	}
	if field.Shape != "" {
		panic("nested " + t.String())
	}
	return field.Type
}

func hint(field *Field, hints applyType, name string) {
	if hints.Map == nil {
		return
	}
	for _, f := range hints.Map.Fields {
		if f.Name != name {
			continue
		}
		if list := f.Type.List; list != nil && list.ElementRelationship == "associative" {
			keys := append([]string{}, list.Keys...)
			field.Keys = &keys
		}
		if m := f.Type.Map; m != nil && m.ElementRelationship == "atomic" {
			field.Atomic = true
		}
	}
}

// k8s.io/api/core/v1.Pod is core/v1.Pod.
func nameOf(t reflect.Type) string {
	path := strings.TrimPrefix(t.PkgPath(), "k8s.io/api/")
	path = strings.TrimPrefix(path, "k8s.io/apimachinery/pkg/apis/")
	path = strings.TrimPrefix(path, "k8s.io/apiextensions-apiserver/pkg/apis/")
	return path + "." + t.Name()
}

func applyName(t reflect.Type) string {
	return "io.k8s." + strings.ReplaceAll(strings.TrimPrefix(t.PkgPath(), "k8s.io/"), "/", ".") + "." + t.Name()
}

func loadApply() {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/client-go").Output()
	check(err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "applyconfigurations/internal/internal.go"))
	check(err)
	text := regexp.MustCompile("(?s)`types:\n(.*?)`\n?\\)").FindSubmatch(source)
	var schema struct {
		Types []applyType `json:"types"`
	}
	check(yaml.Unmarshal(append([]byte("types:\n"), text[1]...), &schema))
	for _, t := range schema.Types {
		apply[t.Name] = t
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
