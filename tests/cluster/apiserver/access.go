package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"

	v1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes"
)

// A token that the file does not know is refused with 401; nobody at all is system:anonymous.
func authenticate() authenticator.Request {
	tokens := authenticator.TokenFunc(func(_ context.Context, token string) (*authenticator.Response, bool, error) {
		users := map[string]user.DefaultInfo{}
		text, err := os.ReadFile(tokenFile)
		if err == nil {
			err = json.Unmarshal(text, &users)
		}
		who, known := users[token]
		return &authenticator.Response{User: &who}, known, err
	})
	return group.NewAuthenticatedGroupAdder(union.NewFailOnError(bearertoken.New(tokens), anonymous.NewAuthenticator(nil)))
}

// What the RBAC objects of the cluster say now; besides, what a cluster grants everybody who has a name.
type rbac struct{ kube kubernetes.Interface }

func (r rbac) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	groups := a.GetUser().GetGroups()
	if slices.Contains(groups, user.SystemPrivilegedGroup) {
		return authorizer.DecisionAllow, "", nil
	}
	if !a.IsResourceRequest() && a.GetVerb() == "get" {
		return authorizer.DecisionAllow, "", nil
	}
	if a.GetAPIGroup() == "authorization.k8s.io" && slices.Contains(groups, user.AllAuthenticated) {
		return authorizer.DecisionAllow, "", nil
	}
	rules, err := r.rulesOf(ctx, a.GetUser(), a.GetNamespace())
	if err != nil {
		return authorizer.DecisionNoOpinion, "", err
	}
	if slices.ContainsFunc(rules, func(rule v1.PolicyRule) bool { return allows(rule, a) }) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "no RBAC rule allows it", nil
}

func (r rbac) rulesOf(ctx context.Context, who user.Info, namespace string) (rules []v1.PolicyRule, err error) {
	api, all := r.kube.RbacV1(), metav1.ListOptions{}
	add := func(inNamespace string, ref v1.RoleRef) {
		if ref.Kind == "ClusterRole" {
			if role, err := api.ClusterRoles().Get(ctx, ref.Name, metav1.GetOptions{}); err == nil {
				rules = append(rules, role.Rules...)
			}
		} else if role, err := api.Roles(inNamespace).Get(ctx, ref.Name, metav1.GetOptions{}); err == nil {
			rules = append(rules, role.Rules...)
		}
	}
	cluster, err := api.ClusterRoleBindings().List(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, binding := range cluster.Items {
		if binds(binding.Subjects, who) {
			add("", binding.RoleRef)
		}
	}
	if namespace == "" {
		return rules, nil
	}
	local, err := api.RoleBindings(namespace).List(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, binding := range local.Items {
		if binds(binding.Subjects, who) {
			add(namespace, binding.RoleRef)
		}
	}
	return rules, nil
}

func binds(subjects []v1.Subject, who user.Info) bool {
	return slices.ContainsFunc(subjects, func(s v1.Subject) bool {
		switch s.Kind {
		case v1.GroupKind:
			return slices.Contains(who.GetGroups(), s.Name)
		case v1.ServiceAccountKind:
			return who.GetName() == "system:serviceaccount:"+s.Namespace+":"+s.Name
		}
		return s.Kind == v1.UserKind && who.GetName() == s.Name
	})
}

func allows(rule v1.PolicyRule, a authorizer.Attributes) bool {
	holds := func(list []string, word string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, word)
	}
	if !holds(rule.Verbs, a.GetVerb()) {
		return false
	}
	if !a.IsResourceRequest() {
		return slices.ContainsFunc(rule.NonResourceURLs, func(url string) bool {
			return url == a.GetPath() || strings.HasSuffix(url, "*") && strings.HasPrefix(a.GetPath(), strings.TrimSuffix(url, "*"))
		})
	}
	resource := a.GetResource()
	if a.GetSubresource() != "" {
		resource += "/" + a.GetSubresource()
	}
	named := len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.GetName())
	return named && holds(rule.APIGroups, a.GetAPIGroup()) && holds(rule.Resources, resource)
}
