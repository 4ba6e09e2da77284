// A Kubernetes API server for tests, of libraries that Debian packages: k8s.io/apiextensions-apiserver is the real thing
// for custom resources (schemas, CEL, server-side apply, watches, etcd). Around it, what a cluster has besides:
//
//	access.go    bearer tokens from a file, RBAC as its objects say
//	standin.go   core/v1, apps/v1, RBAC, leases and admission policies, stored as custom resources without a schema
//
// ValidatingAdmissionPolicies are judged by the real plugin. Nothing runs: no pods, no controllers, no garbage collector.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	generatedopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apiserver/pkg/admission"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/openapi"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	netutils "k8s.io/utils/net"
)

var tokenFile string

type noServices struct{}

func (noServices) ResolveEndpoint(_, _ string, _ int32) (*url.URL, error) {
	return nil, fmt.Errorf("no services here")
}

// Admission judges our own group only: the plugin waits for its policies, whose collection is itself made here first.
type ours struct{ plugin admission.Interface }

func (o ours) Handles(operation admission.Operation) bool { return o.plugin.Handles(operation) }
func (o ours) Validate(ctx context.Context, a admission.Attributes, i admission.ObjectInterfaces) error {
	judge, ok := o.plugin.(admission.ValidationInterface)
	if !ok || a.GetResource().Group != "sked.schedkit.io" {
		return nil
	}
	return judge.Validate(ctx, a, i)
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func config(o *options.CustomResourceDefinitionsServerOptions) (*apiserver.Config, error) {
	r := o.RecommendedOptions
	sc := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	err := firstError(
		func() error {
			return r.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{netutils.ParseIPSloppy("127.0.0.1")})
		},
		func() error { return o.ServerRunOptions.ApplyTo(&sc.Config) },
		func() error { return r.Etcd.ApplyTo(&sc.Config) },
		func() error { return r.SecureServing.ApplyToConfig(&sc.Config) },
		func() error { return r.Audit.ApplyTo(&sc.Config) },
		func() error { return r.Features.ApplyTo(&sc.Config, nil, nil) },
		func() error {
			return o.APIEnablement.ApplyTo(&sc.Config, apiserver.DefaultAPIResourceConfigSource(), apiserver.Scheme)
		},
	)
	if err != nil {
		return nil, err
	}
	loopback := rest.CopyConfig(sc.LoopbackClientConfig)
	loopback.ContentType, loopback.AcceptContentTypes = "application/json", "application/json"
	kube, err := kubernetes.NewForConfig(loopback)
	if err != nil {
		return nil, err
	}
	dyn, err := dynamic.NewForConfig(loopback)
	if err != nil {
		return nil, err
	}
	sc.Authentication.Authenticator = authenticate()
	sc.Authorization.Authorizer = rbac{kube}
	shared := informers.NewSharedInformerFactory(kube, 0)
	err = r.Admission.ApplyTo(&sc.Config, shared, kube, dyn, sc.FeatureGate, sc.EffectiveVersion)
	if err != nil {
		return nil, err
	}
	sc.AdmissionControl = ours{sc.AdmissionControl}
	sc.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return genericapiserver.DefaultBuildHandlerChain(standIns{handler, c}, c)
	}
	err = sc.AddPostStartHook("stand-ins", func(hook genericapiserver.PostStartHookContext) error {
		if err := makeStandIns(hook, loopback); err != nil {
			return err
		}
		shared.Start(hook.Done())
		shared.WaitForCacheSync(hook.Done())
		return nil
	})
	defs := openapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generatedopenapi.GetOpenAPIDefinitions)
	namer := openapinamer.NewDefinitionNamer(apiserver.Scheme, scheme.Scheme)
	sc.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(defs, namer)
	sc.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(defs, namer)
	return &apiserver.Config{GenericConfig: sc, ExtraConfig: apiserver.ExtraConfig{
		CRDRESTOptionsGetter: options.NewCRDRESTOptionsGetter(*r.Etcd, sc.ResourceTransformers, sc.StorageObjectCountTracker),
		ServiceResolver:      noServices{},
		AuthResolverWrapper:  webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, sc.LoopbackClientConfig, nooptrace.NewTracerProvider()),
	}}, err
}

func run(ctx context.Context, o *options.CustomResourceDefinitionsServerOptions) error {
	cfg, err := config(o)
	if err != nil {
		return err
	}
	done := cfg.Complete()
	done.GenericConfig.EnableDiscovery = true // kube-aggregator does this in a cluster
	server, err := done.New(genericapiserver.NewEmptyDelegateWithCustomHandler(http.HandlerFunc(http.NotFound)))
	if err != nil {
		return err
	}
	return server.GenericAPIServer.PrepareRun().RunWithContext(ctx)
}

func main() {
	o := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	r := o.RecommendedOptions
	r.Authentication, r.Authorization, r.CoreAPI = nil, nil, nil
	r.Features.EnablePriorityAndFairness = false
	r.Admission.DisablePlugins = []string{"NamespaceLifecycle", "MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"}
	cmd := &cobra.Command{Use: "apiserver", SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return o.ServerRunOptions.ComponentGlobalsRegistry.Set() },
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return run(c.Context(), o)
		}}
	cmd.SetContext(genericapiserver.SetupSignalContext())
	flags := cmd.Flags()
	o.ServerRunOptions.AddUniversalFlags(flags)
	r.Etcd.AddFlags(flags)
	r.SecureServing.AddFlags(flags)
	r.Audit.AddFlags(flags)
	r.Features.AddFlags(flags)
	o.APIEnablement.AddFlags(flags)
	flags.StringVar(&tokenFile, "token-file", "", "JSON {token: {name, groups, extra}}, read for each request")
	os.Exit(cli.Run(cmd))
}
