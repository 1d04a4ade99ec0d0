package servers

import "slices"

// Own returns the modes whose server is this program.
func Own() []Mode { return slices.DeleteFunc(slices.Clone(Modes), Mode.foreign) }
