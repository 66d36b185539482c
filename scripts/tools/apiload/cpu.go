package main

import (
	"fmt"
	"os"
	"strings"
)

// cpuSeconds is what the processes have used so far. On a machine that others load too, it tells more
// than the clock does.
func cpuSeconds(pids []int) float64 {
	const ticksASecond = 100 // Linux's USER_HZ
	var ticks int64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// The name in parentheses may have blanks; user and system time are the 12th and 13th after it.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		var user, system int64
		fmt.Sscan(fields[11], &user)
		fmt.Sscan(fields[12], &system)
		ticks += user + system
	}
	return float64(ticks) / ticksASecond
}

func perRequest(seconds float64, requests int) float64 {
	if requests == 0 {
		return 0
	}
	return seconds * 1000 / float64(requests)
}
