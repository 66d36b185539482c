// apiload measures API servers side by side: for each round and each operation it loads one target
// after the other, with the same objects and the same number of connections, and prints one JSON line
// per measurement. HTTP/1.1 with keep-alive, one connection a worker (connection.go); bodies are
// handled as bytes, and those of reads only counted, so that the client costs little.
//
// usage: apiload CONFIG.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// target is one API server with a client certificate that may do everything.
type target struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	Pids []int  `json:"pids"` // of its processes, for the CPU that they take
}

type config struct {
	Targets     []target `json:"targets"`
	Collection  string   `json:"collection"` // path of the objects, "/apis/GROUP/VERSION/namespaces/NS/PLURAL"
	Object      string   `json:"object"`     // the manifest; @NAME@ and @COUNT@ are filled in
	Rounds      int      `json:"rounds"`
	Count       int      `json:"count"`   // objects, and requests an operation at most
	Seconds     float64  `json:"seconds"` // an operation at most
	Concurrency int      `json:"concurrency"`
	Watchers    []int    `json:"watchers"`
	WatchWrites int      `json:"watchWrites"`
}

// measurement is one line of the output. Latencies are in milliseconds.
type measurement struct {
	Target      string  `json:"target"`
	Operation   string  `json:"operation"`
	Round       int     `json:"round"`
	Concurrency int     `json:"concurrency"`
	Requests    int     `json:"requests"`
	Errors      int     `json:"errors"`
	FirstError  string  `json:"firstError,omitempty"`
	PerSecond   float64 `json:"perSecond"`
	P50         float64 `json:"p50"`
	P99         float64 `json:"p99"`
	Bytes       int64   `json:"bytes"`     // of the answers
	ServerCPU   float64 `json:"serverCpu"` // milliseconds a request (watch: an event)
	ClientCPU   float64 `json:"clientCpu"` // the same of this program
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "apiload:", err)
	os.Exit(1)
}

func readConfig(path string) (config, error) {
	c := config{Rounds: 1, Count: 1000, Seconds: 10, Concurrency: 8, WatchWrites: 100}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if len(c.Targets) == 0 || c.Collection == "" || c.Object == "" {
		return c, fmt.Errorf("%s: needs targets, collection and object", path)
	}
	return c, nil
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: apiload CONFIG.json"))
	}
	c, err := readConfig(os.Args[1])
	if err != nil {
		fail(err)
	}
	clients := make([]*client, len(c.Targets))
	for i, t := range c.Targets {
		if clients[i], err = newClient(t, c); err != nil {
			fail(fmt.Errorf("target %s: %w", t.Name, err))
		}
	}
	out := json.NewEncoder(os.Stdout)
	for round := 1; round <= c.Rounds; round++ {
		for _, op := range operations {
			// The order changes with the round, so that neither target always runs on the warmer machine.
			for i := range clients {
				cl := clients[(i+round)%len(clients)]
				m := cl.run(op, round)
				if err := out.Encode(m); err != nil {
					fail(err)
				}
			}
		}
		for _, watchers := range c.Watchers {
			for i := range clients {
				m, err := clients[(i+round)%len(clients)].watchLatency(watchers, round)
				if err != nil {
					fail(err)
				}
				if err := out.Encode(m); err != nil {
					fail(err)
				}
			}
		}
	}
}

func (c config) deadline() time.Time {
	return time.Now().Add(time.Duration(c.Seconds * float64(time.Second)))
}
