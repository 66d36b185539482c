package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type client struct {
	target      target
	config      config
	tls         *tls.Config
	http        *http.Client  // for watches
	connections []*connection // one a worker
	objects     [][]byte      // as last answered, by number; nil where there is none
}

// operation makes the request for object i; false where there is nothing to do.
type operation struct {
	name    string
	request func(c *client, i, turn int) (request, bool)
	keep    bool // the answer is the object's new state
	again   bool // may run over the objects more than once
	share   int  // requests are count/share, for expensive ones
}

const (
	contentJSON  = "application/json"
	contentPatch = "application/merge-patch+json"
)

var operations = []operation{
	{name: "create", keep: true, request: func(c *client, i, _ int) (request, bool) {
		return c.create(name(i)), true
	}},
	{name: "get", again: true, request: func(c *client, i, _ int) (request, bool) {
		return c.bare("GET", "/"+name(i)), true
	}},
	{name: "get from cache", again: true, request: func(c *client, i, _ int) (request, bool) {
		return c.bare("GET", "/"+name(i)+"?resourceVersion=0"), true
	}},
	{name: "update", keep: true, request: func(c *client, i, turn int) (request, bool) {
		// The manifest has the value once; a server writes it back without spaces.
		body := bytes.Replace(c.objects[i], []byte(`"bench-count":"1"`), []byte(fmt.Sprintf(`"bench-count":"%d"`, turn+2)), 1)
		return request{"PUT", c.config.Collection + "/" + name(i), contentJSON, body}, c.objects[i] != nil
	}},
	{name: "status patch", keep: true, request: func(c *client, i, turn int) (request, bool) {
		body := fmt.Sprintf(`{"status":{"phase":"Running","observedGeneration":%d}}`, turn+1)
		return request{"PATCH", c.config.Collection + "/" + name(i) + "/status", contentPatch, []byte(body)}, true
	}},
	{name: "list", again: true, share: 100, request: func(c *client, _, _ int) (request, bool) {
		return c.bare("GET", ""), true
	}},
	{name: "list from cache", again: true, share: 100, request: func(c *client, _, _ int) (request, bool) {
		return c.bare("GET", "?resourceVersion=0"), true
	}},
	{name: "delete", request: func(c *client, i, _ int) (request, bool) {
		return c.bare("DELETE", "/"+name(i)), true
	}},
}

func (c *client) bare(method, suffix string) request {
	return request{method: method, path: c.config.Collection + suffix}
}

func (c *client) create(name string) request {
	body := strings.NewReplacer("@NAME@", name, "@COUNT@", "1").Replace(c.config.Object)
	return request{"POST", c.config.Collection, contentJSON, []byte(body)}
}

func name(i int) string { return fmt.Sprintf("bench-%06d", i) }

func newClient(t target, c config) (*client, error) {
	ca, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s has no certificate", t.CA)
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}
	transport := &http.Transport{
		TLSClientConfig:     settings,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1
		MaxIdleConnsPerHost: 1000,
		DisableCompression:  true,
	}
	return &client{target: t, config: c, tls: settings.Clone(), http: &http.Client{Transport: transport},
		objects: make([][]byte, c.Count)}, nil
}

// connect opens the workers' connections anew: a server may have closed those that were idle.
func (c *client) connect(count int) error {
	address, err := url.Parse(c.target.URL)
	if err != nil {
		return err
	}
	c.tls.ServerName = address.Hostname()
	for _, old := range c.connections {
		old.tls.Close()
	}
	c.connections = make([]*connection, count)
	for i := range c.connections {
		if c.connections[i], err = dial(address.Host, c.tls); err != nil {
			return err
		}
	}
	return nil
}

// do gives the answer; a status from 400 on is an error.
func do(on *connection, r request, keep bool) ([]byte, int64, error) {
	status, body, length, err := on.do(r, keep)
	if err == nil && status >= 400 {
		err = fmt.Errorf("%s %s: %d %.300s", r.method, r.path, status, body)
	}
	return body, length, err
}

type worker struct {
	latencies  []float64
	errors     int
	firstError error
	bytes      int64
}

func (c *client) run(op operation, round int) measurement {
	limit := c.config.Count
	if op.share > 0 {
		limit = max(1, limit/op.share)
	}
	if op.again && op.share == 0 {
		limit *= 2
	}
	deadline := c.config.deadline()
	if op.name == "delete" || op.name == "create" {
		deadline = deadline.Add(time.Minute) // the others need all objects, and the next round none
	}
	if err := c.connect(c.config.Concurrency); err != nil {
		fail(err)
	}
	var next atomic.Int64
	workers := make([]worker, c.config.Concurrency)
	var group sync.WaitGroup
	cpu, own := cpuSeconds(c.target.Pids), cpuSeconds([]int{os.Getpid()})
	start := time.Now()
	for w := range workers {
		group.Add(1)
		go func(w *worker, on *connection) {
			defer group.Done()
			for {
				turn := int(next.Add(1)) - 1
				if turn >= limit || time.Now().After(deadline) {
					return
				}
				c.one(on, op, turn, w)
			}
		}(&workers[w], c.connections[w])
	}
	group.Wait()
	m := summarize(workers, time.Since(start))
	m.ServerCPU = perRequest(cpuSeconds(c.target.Pids)-cpu, m.Requests)
	m.ClientCPU = perRequest(cpuSeconds([]int{os.Getpid()})-own, m.Requests)
	m.Target, m.Operation, m.Round, m.Concurrency = c.target.Name, op.name, round, c.config.Concurrency
	return m
}

func (c *client) one(on *connection, op operation, turn int, w *worker) {
	i := turn % c.config.Count
	r, ok := op.request(c, i, turn)
	if !ok {
		return
	}
	sent := time.Now()
	body, length, err := do(on, r, op.keep)
	if err != nil {
		w.errors++
		if w.firstError == nil {
			w.firstError = err
		}
		return
	}
	w.latencies = append(w.latencies, time.Since(sent).Seconds()*1000)
	w.bytes += length
	if op.keep {
		c.objects[i] = append(c.objects[i][:0], body...)
	}
}

func summarize(workers []worker, took time.Duration) measurement {
	var m measurement
	var all []float64
	for _, w := range workers {
		all = append(all, w.latencies...)
		m.Errors += w.errors
		m.Bytes += w.bytes
		if w.firstError != nil && m.FirstError == "" {
			m.FirstError = w.firstError.Error()
		}
	}
	m.Requests = len(all)
	m.PerSecond = float64(len(all)) / took.Seconds()
	m.P50, m.P99 = percentile(all, 0.50), percentile(all, 0.99)
	return m
}

func percentile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sort.Float64s(values)
	return values[min(len(values)-1, int(share*float64(len(values))))]
}
