package sample

// Sample is not possible here: macOS shows a process's figures by libproc only, which needs cgo. It returns ErrUnsupported.
func Sample(pid int) (Usage, error) { return Usage{}, ErrUnsupported }

func readGauge(int) (gauge, error) { return gauge{}, ErrUnsupported }

func readThreads(int) (threads, error) { return nil, ErrUnsupported }

func readPSS(int) (uint64, error) { return 0, ErrUnsupported }

func readFDs(int) (int, error) { return 0, ErrUnsupported }

func readForks() (uint64, error) { return 0, ErrUnsupported }

// openTree is not possible here: see Sample.
func openTree(Subject) (source, error) { return nil, ErrUnsupported }
