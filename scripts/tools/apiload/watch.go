package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// watchLatency opens the watches, creates objects one after the other, and takes the time from sending
// a write to the arrival of its event at each watcher.
func (c *client) watchLatency(watchers, round int) (measurement, error) {
	if err := c.connect(1); err != nil {
		return measurement{}, err
	}
	writer := c.connections[0]
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	sent := newSendTimes(c.config.WatchWrites)
	states := make([]worker, watchers)
	ready := make(chan error, watchers)
	var group sync.WaitGroup
	for w := range states {
		group.Add(1)
		go func(state *worker) {
			defer group.Done()
			c.watch(ctx, state, sent, ready)
		}(&states[w])
	}
	for range states {
		if err := <-ready; err != nil {
			return measurement{}, err
		}
	}
	cpu := cpuSeconds(c.target.Pids)
	start := time.Now()
	for i := 0; i < c.config.WatchWrites; i++ {
		r := c.create(watchedName(i))
		sent.set(i)
		if _, _, err := do(writer, r, false); err != nil {
			return measurement{}, err
		}
	}
	group.Wait()
	m := summarize(states, time.Since(start))
	m.ServerCPU = perRequest(cpuSeconds(c.target.Pids)-cpu, m.Requests)
	m.Target, m.Round, m.Concurrency = c.target.Name, round, watchers
	m.Operation = fmt.Sprintf("watch, %d watchers", watchers)
	for i := 0; i < c.config.WatchWrites; i++ {
		if _, _, err := do(writer, c.bare("DELETE", "/"+watchedName(i)), false); err != nil {
			return m, err
		}
	}
	return m, nil
}

func watchedName(i int) string { return fmt.Sprintf("watched-%06d", i) }

type sendTimes struct {
	mutex sync.Mutex
	times []time.Time
}

func newSendTimes(count int) *sendTimes { return &sendTimes{times: make([]time.Time, count)} }

func (s *sendTimes) set(i int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.times[i] = time.Now()
}

func (s *sendTimes) since(i int, now time.Time) float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return now.Sub(s.times[i]).Seconds() * 1000
}

// watch reads events until it has seen every write.
func (c *client) watch(ctx context.Context, state *worker, sent *sendTimes, ready chan<- error) {
	address := c.target.URL + c.config.Collection + "?watch=true&resourceVersion=0"
	request, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		ready <- err
		return
	}
	request.Header.Set("Accept", contentJSON)
	response, err := c.http.Do(request)
	if err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("watch: %s", response.Status)
	}
	ready <- err
	if err != nil {
		return
	}
	defer response.Body.Close()
	reader := bufio.NewReaderSize(response.Body, 1<<16)
	for seen := 0; seen < c.config.WatchWrites; {
		line, err := reader.ReadBytes('\n')
		now := time.Now()
		if err != nil {
			state.errors++
			state.firstError = err
			return
		}
		i, found := watchedNumber(line)
		if !found || !bytes.Contains(line[:min(len(line), 24)], []byte(`"ADDED"`)) {
			continue
		}
		state.latencies = append(state.latencies, sent.since(i, now))
		state.bytes += int64(len(line))
		seen++
	}
}

func watchedNumber(line []byte) (int, bool) {
	const start = `"name":"watched-`
	at := bytes.Index(line, []byte(start))
	if at < 0 || len(line) < at+len(start)+6 {
		return 0, false
	}
	var i int
	_, err := fmt.Sscanf(string(line[at+len(start):at+len(start)+6]), "%d", &i)
	return i, err == nil
}
