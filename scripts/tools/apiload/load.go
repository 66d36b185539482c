package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type client struct {
	target  target
	config  config
	http    *http.Client
	objects [][]byte // as last answered, by number; nil where there is none
}

// operation makes the request for object i; nil where there is nothing to do.
type operation struct {
	name    string
	request func(c *client, i, turn int) *http.Request
	keep    bool // the answer is the object's new state
	again   bool // may run over the objects more than once
	share   int  // requests are count/share, for expensive ones
}

var operations = []operation{
	{name: "create", keep: true, request: func(c *client, i, _ int) *http.Request {
		return c.newRequest("POST", "", strings.NewReplacer("@NAME@", name(i), "@COUNT@", "1").Replace(c.config.Object))
	}},
	{name: "get", again: true, request: func(c *client, i, _ int) *http.Request {
		return c.newRequest("GET", "/"+name(i), "")
	}},
	{name: "get from cache", again: true, request: func(c *client, i, _ int) *http.Request {
		return c.newRequest("GET", "/"+name(i)+"?resourceVersion=0", "")
	}},
	{name: "update", keep: true, request: func(c *client, i, turn int) *http.Request {
		if c.objects[i] == nil {
			return nil
		}
		// The manifest has the value once; a server writes it back without spaces.
		body := bytes.Replace(c.objects[i], []byte(`"bench-count":"1"`), []byte(fmt.Sprintf(`"bench-count":"%d"`, turn+2)), 1)
		return c.newRequest("PUT", "/"+name(i), string(body))
	}},
	{name: "status patch", keep: true, request: func(c *client, i, turn int) *http.Request {
		r := c.newRequest("PATCH", "/"+name(i)+"/status", fmt.Sprintf(`{"status":{"phase":"Running","observedGeneration":%d}}`, turn+1))
		r.Header.Set("Content-Type", "application/merge-patch+json")
		return r
	}},
	{name: "list", again: true, share: 100, request: func(c *client, _, _ int) *http.Request {
		return c.newRequest("GET", "", "")
	}},
	{name: "list from cache", again: true, share: 100, request: func(c *client, _, _ int) *http.Request {
		return c.newRequest("GET", "?resourceVersion=0", "")
	}},
	{name: "delete", request: func(c *client, i, _ int) *http.Request {
		return c.newRequest("DELETE", "/"+name(i), "")
	}},
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
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1
		MaxIdleConnsPerHost: 1000,
		DisableCompression:  true,
	}
	return &client{target: t, config: c, http: &http.Client{Transport: transport}, objects: make([][]byte, c.Count)}, nil
}

func (c *client) newRequest(method, suffix, body string) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, c.target.URL+c.config.Collection+suffix, reader)
	if err != nil {
		fail(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	return r
}

// do gives the whole answer; a status from 400 on is an error.
func (c *client) do(r *http.Request) ([]byte, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %d %.300s", r.Method, r.URL.Path, response.StatusCode, body)
	}
	return body, err
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
	var next atomic.Int64
	workers := make([]worker, c.config.Concurrency)
	var group sync.WaitGroup
	cpu := cpuSeconds(c.target.Pids)
	start := time.Now()
	for w := range workers {
		group.Add(1)
		go func(w *worker) {
			defer group.Done()
			for {
				turn := int(next.Add(1)) - 1
				if turn >= limit || time.Now().After(deadline) {
					return
				}
				c.one(op, turn, w)
			}
		}(&workers[w])
	}
	group.Wait()
	m := summarize(workers, time.Since(start))
	m.ServerCPU = perRequest(cpuSeconds(c.target.Pids)-cpu, m.Requests)
	m.Target, m.Operation, m.Round, m.Concurrency = c.target.Name, op.name, round, c.config.Concurrency
	return m
}

func (c *client) one(op operation, turn int, w *worker) {
	i := turn % c.config.Count
	request := op.request(c, i, turn)
	if request == nil {
		return
	}
	sent := time.Now()
	body, err := c.do(request)
	if err != nil {
		w.errors++
		if w.firstError == nil {
			w.firstError = err
		}
		return
	}
	w.latencies = append(w.latencies, time.Since(sent).Seconds()*1000)
	w.bytes += int64(len(body))
	if op.keep {
		c.objects[i] = body
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
