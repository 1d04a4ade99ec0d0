package watch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// switches listens to the kernel for when a process's threads get a CPU and give it up.
type switches struct {
	files []int
	rings [][]byte // one for each CPU
}

// ringPages is the room for a CPU's switches: 10,000 of them.
const ringPages = 64

// switchRoom is more than a switch takes. The kernel overwrites none that nobody has read: it
// leaves out the next, and would say so in front of a later one.
const switchRoom = 64

// listen begins to listen to all threads of a process, and to those that they will make. It is an
// error where the kernel does not allow it: see perf_event_paranoid in proc(5).
func listen(pid int) (s *switches, err error) {
	s = &switches{}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	outputs := map[int]int{} // by CPU
	seen := map[int]bool{}
	for more := true; more; { // until no thread was made meanwhile
		more = false
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return s, err
		}
		for _, t := range threads {
			tid, err := strconv.Atoi(t.Name())
			if err != nil || seen[tid] {
				continue
			}
			seen[tid], more = true, true
			if err := s.thread(tid, outputs); err != nil && !errors.Is(err, unix.ESRCH) {
				return s, err
			}
		}
	}
	return s, nil
}

// mostCPUs bounds the descriptors: one is needed for each thread on each CPU.
const mostCPUs = 64

func (s *switches) thread(tid int, outputs map[int]int) error {
	for cpu := range mostCPUs {
		a := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_DUMMY,
			Bits: unix.PerfBitContextSwitch | unix.PerfBitSampleIDAll | unix.PerfBitUseClockID | unix.PerfBitInherit |
				unix.PerfBitExcludeKernel,
			Clockid: unix.CLOCK_MONOTONIC, Sample_type: unix.PERF_SAMPLE_TID | unix.PERF_SAMPLE_TIME}
		a.Size = uint32(unsafe.Sizeof(a))
		fd, err := unix.PerfEventOpen(&a, tid, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) && cpu > 0 {
			continue // a CPU that this machine does not have, or that is off
		}
		if err != nil {
			return os.NewSyscallError("perf_event_open", err)
		}
		s.files = append(s.files, fd)
		if first, ok := outputs[cpu]; ok {
			if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_OUTPUT, first); err != nil {
				return os.NewSyscallError("ioctl", err)
			}
			continue
		}
		ring, err := unix.Mmap(fd, 0, (1+ringPages)*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return os.NewSyscallError("mmap", err)
		}
		outputs[cpu] = fd
		s.rings = append(s.rings, ring)
	}
	return nil
}

func (s *switches) close() {
	for _, r := range s.rings {
		if err := unix.Munmap(r); err != nil {
			panic(fmt.Sprintf("watch: unmapping a ring of its own: %v", err))
		}
	}
	for _, fd := range s.files {
		unix.Close(fd) // what was read is whole
	}
}

// stint is a time that a thread had a CPU, by [trace.Now].
type stint struct{ on, off int64 }

// onCPU returns the stints of each thread from one time to another, and stops listening. It returns
// nil if some are missing.
func (s *switches) onCPU(from, to int64) map[int][]stint {
	defer s.close()
	type change struct {
		at  int64
		off bool
	}
	changes := map[int][]change{}
	for _, ring := range s.rings {
		page := (*unix.PerfEventMmapPage)(unsafe.Pointer(unsafe.SliceData(ring)))
		head := atomic.LoadUint64(&page.Data_head)
		data := ring[os.Getpagesize():]
		size := uint64(len(data))
		if head+switchRoom > size {
			return nil // what found no room is missing
		}
		for at := uint64(0); at+8 <= head; {
			kind, misc := binary.NativeEndian.Uint32(data[at:]), binary.NativeEndian.Uint16(data[at+4:])
			length := uint64(binary.NativeEndian.Uint16(data[at+6:]))
			switch {
			case length < 8 || at+length > head || kind == unix.PERF_RECORD_LOST:
				return nil
			case kind == unix.PERF_RECORD_SWITCH && length >= 24:
				tid := int(binary.NativeEndian.Uint32(data[at+12:]))
				changes[tid] = append(changes[tid], change{int64(binary.NativeEndian.Uint64(data[at+16:])),
					misc&unix.PERF_RECORD_MISC_SWITCH_OUT != 0})
			}
			at += length
		}
	}
	all := map[int][]stint{}
	for tid, list := range changes {
		slices.SortFunc(list, func(a, b change) int { return int(a.at - b.at) })
		on := int64(0) // 0 while it is off
		if list[0].off {
			on = from
		}
		add := func(off int64) {
			if a, b := max(on, from), min(off, to); on > 0 && b > a {
				all[tid] = append(all[tid], stint{a, b})
			}
		}
		for _, c := range list {
			if !c.off {
				on = c.at
				continue
			}
			add(c.at)
			on = 0
		}
		add(to)
	}
	return all
}
