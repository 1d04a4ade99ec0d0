package results

import "slices"

// On returns the record for one workload, without the modes that were left out of it. The copy
// shares all other data with the record.
func (r *Record) On(workload string) *Record {
	on := *r
	on.Settings.Modes = slices.DeleteFunc(slices.Clone(r.Settings.Modes),
		func(m Mode) bool { return r.Settings.Lacks(workload, m.Name) })
	return &on
}

// Lacks reports whether a mode was left out of a workload.
func (s Settings) Lacks(workload, mode string) bool {
	return slices.ContainsFunc(s.Missing, func(m Missing) bool {
		return m.Mode == mode && (m.Workload == "" || m.Workload == workload)
	})
}
