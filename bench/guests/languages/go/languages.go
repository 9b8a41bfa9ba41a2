// SPDX-License-Identifier: MIT

// Takes events that are in the ring already: ROUNDS times 230,400 of them; nanoseconds an event.
package main

import (
	_ "embed"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"wasmbpf"
)

//go:embed measure.bpf.o
var measure []byte

// fillCount is FILL_COUNT of measure.h.
const fillCount = 230_400

const eventBytes = 64

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// countOf is called again and again, so that it is compiled well.
func countOf(events wasmbpf.Events) (count int) {
	for event := range events.All() {
		if len(event.Bytes) == eventBytes {
			count++
		}
	}
	return count
}

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	check(err)
	object, err := wasmbpf.Load(measure)
	check(err)
	order, err := wasmbpf.FindMap[uint32, uint32](object, "order")
	check(err)
	filled, err := object.RingBuffer("filled")
	check(err)
	_, err = object.Attach("fill")
	check(err)
	for range rounds {
		check(order.Update(0, fillCount))
		start := time.Now()
		seen := 0
		for before := -1; seen > before; {
			before = seen
			events, err := filled.Read(0)
			check(err)
			seen += countOf(events)
		}
		if seen != fillCount {
			log.Fatalf("%d events", seen)
		}
		fmt.Printf("%.2f\n", float64(time.Since(start).Nanoseconds())/fillCount)
	}
}
