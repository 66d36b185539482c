// Command informer is a client-go client for tests: it lists and watches one resource through a dynamic informer and
// prints one line of JSON for every event it is told.
//
//	informer --kubeconfig kc.yaml --resource machines.v1beta1.cluster.x-k8s.io --namespace default --events 3
//	{"type":"ADDED","namespace":"default","name":"m1","resourceVersion":"17"}
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// Exit statuses, so that a test can tell why the informer ended.
const (
	exitDone    = 0 // as many events as asked for, or the time was up and no number was asked for
	exitFailed  = 1 // no connection, no such resource
	exitUsage   = 2
	exitTimeout = 3 // the time was up before the events were all there
)

type options struct {
	kubeconfig, context, resource string
	namespace, selector           string
	events                        int
	timeout                       time.Duration
	watchList, synced             bool
}

func parse() options {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig file")
	flag.StringVar(&o.context, "context", "", "context of the kubeconfig; empty: the current one")
	flag.StringVar(&o.resource, "resource", "", "RESOURCE.VERSION.GROUP, for the core group RESOURCE.VERSION (for example machines.v1beta1.cluster.x-k8s.io, nodes.v1)")
	flag.StringVar(&o.namespace, "namespace", "", "namespace; empty: all")
	flag.StringVar(&o.selector, "selector", "", "label selector")
	flag.IntVar(&o.events, "events", 0, "exit after this many events; 0: when the time is up")
	flag.DurationVar(&o.timeout, "timeout", 30*time.Second, "exit after this time")
	flag.BoolVar(&o.watchList, "watch-list", false, "list by a watch (client-go's WatchListClient feature)")
	flag.BoolVar(&o.synced, "print-synced", false, "print {\"type\":\"SYNCED\"} when the first list is complete (not counted as an event)")
	flag.Parse()
	return o
}

func parseResource(text string) (schema.GroupVersionResource, error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) < 2 || parts[0] == "" {
		return schema.GroupVersionResource{}, fmt.Errorf("--resource %q is not RESOURCE.VERSION[.GROUP]", text)
	}
	gvr := schema.GroupVersionResource{Resource: parts[0], Version: parts[1]}
	if len(parts) == 3 {
		gvr.Group = parts[2]
	}
	return gvr, nil
}

// printer writes events one at a time and closes done after the wanted number.
type printer struct {
	mu     sync.Mutex
	left   int // < 0: no number was asked for
	done   chan struct{}
	closed bool
}

func (p *printer) event(kind string, object any) {
	if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	line := map[string]string{"type": kind, "name": u.GetName(), "resourceVersion": u.GetResourceVersion()}
	if u.GetNamespace() != "" {
		line["namespace"] = u.GetNamespace()
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
	if p.left > 0 {
		p.left--
	}
	if p.left == 0 {
		p.closed = true
		close(p.done)
	}
}

func run(o options) (int, error) {
	gvr, err := parseResource(o.resource)
	if err != nil {
		return exitUsage, err
	}
	if o.watchList {
		// client-go reads its features from the environment at first use, which is later than here.
		os.Setenv("KUBE_FEATURE_WatchListClient", "true")
	} else {
		os.Setenv("KUBE_FEATURE_WatchListClient", "false")
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.kubeconfig}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		rules, &clientcmd.ConfigOverrides{CurrentContext: o.context}).ClientConfig()
	if err != nil {
		return exitFailed, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return exitFailed, err
	}
	tweak := func(list *metav1.ListOptions) { list.LabelSelector = o.selector }
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, o.namespace, tweak)
	informer := factory.ForResource(gvr).Informer()

	failures := make(chan error, 16)
	if err := informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		fmt.Fprintln(os.Stderr, "informer:", err)
		select {
		case failures <- err:
		default:
		}
	}); err != nil {
		return exitFailed, err
	}
	p := &printer{left: o.events, done: make(chan struct{})}
	if o.events == 0 {
		p.left = -1
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { p.event("ADDED", object) },
		UpdateFunc: func(_, object any) { p.event("MODIFIED", object) },
		DeleteFunc: func(object any) { p.event("DELETED", object) },
	})
	if err != nil {
		return exitFailed, err
	}
	stop := make(chan struct{})
	defer close(stop)
	timeout := time.After(o.timeout)
	factory.Start(stop)
	printed := make(chan struct{})
	if !o.synced {
		close(printed)
	} else {
		go func() {
			defer close(printed)
			if cache.WaitForCacheSync(stop, registration.HasSynced) {
				p.mu.Lock()
				defer p.mu.Unlock()
				fmt.Println(`{"type":"SYNCED"}`)
			}
		}()
	}
	select {
	case <-p.done:
		select {
		case <-printed:
		case <-timeout:
		}
		return exitDone, nil
	case <-timeout:
		if o.events > 0 {
			return exitTimeout, fmt.Errorf("%s were up %d events early", o.timeout, p.left)
		}
		if !informer.HasSynced() && len(failures) > 0 {
			return exitFailed, <-failures
		}
		return exitDone, nil
	}
}

func main() {
	o := parse()
	if o.resource == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(exitUsage)
	}
	status, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "informer:", err)
	}
	os.Exit(status)
}
