package results

import "slices"

// On is the record as far as one workload goes: without the modes that took no part in it. The rest
// is the record's own.
func (r *Record) On(workload string) *Record {
	on := *r
	on.Settings.Modes = slices.DeleteFunc(slices.Clone(r.Settings.Modes),
		func(m Mode) bool { return r.Settings.Lacks(workload, m.Name) })
	return &on
}

// Lacks says that a mode was left out of a workload.
func (s Settings) Lacks(workload, mode string) bool {
	return slices.ContainsFunc(s.Missing, func(m Missing) bool {
		return m.Mode == mode && (m.Workload == "" || m.Workload == workload)
	})
}
