package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	authv1 "k8s.io/api/authorization/v1"
	crd "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// Groups without a dot can be no custom resources: they live under another name, which is exchanged on the way in and out.
const (
	coreGroup = "core.stand-in.test"
	appsGroup = "apps.stand-in.test"
)

type standIn struct {
	group, plural, kind string
	namespaced, status  bool
	selectable          string // a field of field selectors besides the name
}

var standInTypes = []standIn{
	{coreGroup, "namespaces", "Namespace", false, true, ""},
	{coreGroup, "nodes", "Node", false, true, ""},
	{coreGroup, "pods", "Pod", true, true, ".spec.nodeName"},
	{coreGroup, "events", "Event", true, false, ""},
	{coreGroup, "configmaps", "ConfigMap", true, false, ""},
	{coreGroup, "serviceaccounts", "ServiceAccount", true, false, ""},
	{coreGroup, "services", "Service", true, true, ""},
	{appsGroup, "daemonsets", "DaemonSet", true, true, ""},
	{appsGroup, "deployments", "Deployment", true, true, ""},
	{"coordination.k8s.io", "leases", "Lease", true, false, ""},
	{"rbac.authorization.k8s.io", "clusterroles", "ClusterRole", false, false, ""},
	{"rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", false, false, ""},
	{"rbac.authorization.k8s.io", "roles", "Role", true, false, ""},
	{"rbac.authorization.k8s.io", "rolebindings", "RoleBinding", true, false, ""},
	{"admissionregistration.k8s.io", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false, true, ""},
	{"admissionregistration.k8s.io", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false, false, ""},
}

func (s standIn) definition() *crd.CustomResourceDefinition {
	keep := true
	spec := map[string]crd.JSONSchemaProps{}
	version := crd.CustomResourceDefinitionVersion{Name: "v1", Served: true, Storage: true,
		Subresources: &crd.CustomResourceSubresources{}}
	if s.status {
		version.Subresources.Status = &crd.CustomResourceSubresourceStatus{}
	}
	if s.selectable != "" { // must be a string of the schema
		field := strings.TrimPrefix(s.selectable, ".spec.")
		spec["spec"] = crd.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &keep,
			Properties: map[string]crd.JSONSchemaProps{field: {Type: "string"}}}
		version.SelectableFields = []crd.SelectableField{{JSONPath: s.selectable}}
	}
	version.Schema = &crd.CustomResourceValidation{OpenAPIV3Schema: &crd.JSONSchemaProps{
		Type: "object", XPreserveUnknownFields: &keep, Properties: spec}}
	scope := crd.ClusterScoped
	if s.namespaced {
		scope = crd.NamespaceScoped
	}
	return &crd.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: s.plural + "." + s.group,
			Annotations: map[string]string{crd.KubeAPIApprovedAnnotation: "unapproved, a stand-in for tests"}},
		Spec: crd.CustomResourceDefinitionSpec{Group: s.group, Scope: scope,
			Names: crd.CustomResourceDefinitionNames{Plural: s.plural, Singular: strings.ToLower(s.kind), Kind: s.kind,
				ListKind: s.kind + "List"},
			Versions: []crd.CustomResourceDefinitionVersion{version}}}
}

// Returns when all of them are served.
func makeStandIns(ctx context.Context, loopback *rest.Config) error {
	client, err := clientset.NewForConfig(loopback)
	if err != nil {
		return err
	}
	api := client.ApiextensionsV1().CustomResourceDefinitions()
	for _, s := range standInTypes {
		if _, err := api.Create(ctx, s.definition(), metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("%s: %w", s.plural, err)
		}
	}
	for _, s := range standInTypes {
		for {
			err := client.RESTClient().Get().AbsPath("/apis/" + s.group + "/v1/" + s.plural).Do(ctx).Error()
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s: %w", s.plural, err)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

// Where a request for the real name goes; "" for one that needs no other path.
func standInPath(path string) (real, other string) {
	for _, prefix := range []string{"", "/openapi/v3"} {
		for from, to := range map[string]string{"/api/v1": "/apis/" + coreGroup + "/v1", "/apis/apps": "/apis/" + appsGroup} {
			if rest, ok := strings.CutPrefix(path, prefix+from); ok && (rest == "" || rest[0] == '/') {
				return strings.TrimPrefix(strings.TrimPrefix(from, "/apis/"), "/api/"), prefix + to + rest
			}
		}
	}
	return "", ""
}

var realNames = strings.NewReplacer("apis/"+coreGroup+"/v1", "api/v1", coreGroup+"/v1", "v1", coreGroup, "",
	appsGroup, "apps")

type standIns struct {
	next   http.Handler
	config *genericapiserver.Config
}

func (s standIns) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == "/api" || q.URL.Path == "/apis" {
		s.discover(w, q)
		return
	}
	if strings.HasSuffix(q.URL.Path, "/selfsubjectaccessreviews") {
		s.review(w, q)
		return
	}
	if err := checkBody(q); err != nil {
		status := apierrors.NewBadRequest(err.Error()).Status()
		status.Kind, status.APIVersion = "Status", "v1"
		responsewriters.WriteRawJSON(http.StatusBadRequest, status, w)
		return
	}
	_, other := standInPath(q.URL.Path)
	if other == "" && !strings.HasPrefix(q.URL.Path, "/openapi/v3") {
		s.next.ServeHTTP(w, q)
		return
	}
	q = q.Clone(q.Context())
	q.Header.Del("Accept-Encoding")
	if strings.HasPrefix(q.URL.Path, "/openapi/") {
		q.Header.Set("Accept", "application/json") // names cannot be exchanged in protobuf
	}
	if other != "" {
		q.URL.Path, q.URL.RawPath = other, ""
	}
	info, err := s.config.RequestInfoResolver.NewRequestInfo(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if info.Resource == "namespaces" {
		info.Namespace = "" // of a Namespace itself it is the name; custom resources of no namespace have none
	}
	out := &renaming{ResponseWriter: w, stream: info.Verb == "watch"}
	s.next.ServeHTTP(out, q.WithContext(request.WithRequestInfo(q.Context(), info)))
	out.finish()
}

// /api names the core group, /apis the others: both in the form that names their resources too.
func (s standIns) discover(w http.ResponseWriter, q *http.Request) {
	core := q.URL.Path == "/api"
	q = q.Clone(q.Context())
	q.URL.Path = "/apis"
	q.Header.Del("Accept-Encoding")
	q.Header.Del("If-None-Match")
	q.Header.Set("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
	answer := httptest.NewRecorder()
	s.next.ServeHTTP(answer, q)
	var list apidiscovery.APIGroupDiscoveryList
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	list.Items = slices.DeleteFunc(list.Items, func(g apidiscovery.APIGroupDiscovery) bool {
		return (g.Name == coreGroup) != core
	})
	text, _ := json.Marshal(list)
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	io.WriteString(w, realNames.Replace(string(text)))
}

// Strict, as a cluster is with kubectl: a field that the real type does not have is an error. Then renames its group.
func checkBody(q *http.Request) error {
	if strings.HasPrefix(q.URL.Path, "/apis/apiextensions.k8s.io/") {
		return nil // checked by itself
	}
	if q.Body == nil || q.Method != http.MethodPost && q.Method != http.MethodPut && q.Method != http.MethodPatch {
		return nil
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	defer func() {
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}()
	if strings.Contains(q.Header.Get("Content-Type"), "protobuf") { // of typed clients; custom resources know JSON only
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			return err
		}
		if body, err = json.Marshal(object); err != nil {
			return err
		}
		q.Header.Set("Content-Type", "application/json")
	}
	var head map[string]any
	if yaml.Unmarshal(body, &head) != nil || head["apiVersion"] == nil {
		return nil
	}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	apply := strings.HasPrefix(q.Header.Get("Content-Type"), "application/apply-patch")
	if q.Method != http.MethodPatch || apply {
		version := fmt.Sprint(head["apiVersion"])
		strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
		known := version == "v1" || version == "apps/v1" || strings.Contains(version, ".k8s.io/")
		if _, _, err := strict.Decode(text, nil, nil); known && err != nil {
			return err
		}
	}
	if real, _ := standInPath(q.URL.Path); real == "" {
		return nil
	}
	switch head["apiVersion"] {
	case "v1":
		head["apiVersion"] = coreGroup + "/v1"
	case "apps/v1":
		head["apiVersion"] = appsGroup + "/v1"
	}
	body, err = json.Marshal(head)
	return err
}

// What `kubectl auth can-i` asks.
func (s standIns) review(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	review, ok := object.(*authv1.SelfSubjectAccessReview)
	who, _ := request.UserFrom(q.Context())
	if err != nil || !ok {
		http.Error(w, "no SelfSubjectAccessReview", http.StatusBadRequest)
		return
	}
	asked := authorizer.AttributesRecord{User: who}
	if r := review.Spec.ResourceAttributes; r != nil {
		asked.ResourceRequest, asked.Verb, asked.Namespace, asked.Name = true, r.Verb, r.Namespace, r.Name
		asked.APIGroup, asked.APIVersion, asked.Resource, asked.Subresource = r.Group, r.Version, r.Resource, r.Subresource
	} else if r := review.Spec.NonResourceAttributes; r != nil {
		asked.Path, asked.Verb = r.Path, r.Verb
	}
	decision, reason, err := s.config.Authorization.Authorizer.Authorize(q.Context(), asked)
	if err != nil {
		reason = err.Error()
	}
	review.APIVersion, review.Kind = "authorization.k8s.io/v1", "SelfSubjectAccessReview"
	review.Status = authv1.SubjectAccessReviewStatus{Allowed: decision == authorizer.DecisionAllow, Reason: reason}
	responsewriters.WriteRawJSON(http.StatusCreated, review, w)
}

// An answer in which the real names stand: line by line when it is a watch, else as a whole.
type renaming struct {
	http.ResponseWriter
	stream bool
	code   int
	rest   bytes.Buffer
}

func (r *renaming) WriteHeader(code int) {
	r.code = code
	r.Header().Del("Content-Length")
	if r.stream {
		r.ResponseWriter.WriteHeader(code)
	}
}

func (r *renaming) Write(data []byte) (int, error) {
	r.rest.Write(data)
	if end := bytes.LastIndexByte(r.rest.Bytes(), '\n'); r.stream && end >= 0 {
		if _, err := io.WriteString(r.ResponseWriter, realNames.Replace(string(r.rest.Next(end+1)))); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

func (r *renaming) Flush() {
	if flusher, ok := r.ResponseWriter.(http.Flusher); ok && r.stream {
		flusher.Flush()
	}
}

func (r *renaming) CloseNotify() <-chan bool {
	return r.ResponseWriter.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // what watches ask for
}

func (r *renaming) finish() {
	text := realNames.Replace(r.rest.String())
	if !r.stream {
		r.Header().Del("Content-Length")
		r.Header().Del("Etag")
		if r.code != 0 {
			r.ResponseWriter.WriteHeader(r.code)
		}
	}
	io.WriteString(r.ResponseWriter, text)
}
