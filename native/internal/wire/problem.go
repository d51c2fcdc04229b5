package wire

// Problem is a failure as it crosses a link: a code that both languages know (app/contract/problems.ts lists
// them all), the cause as a sentence for a person, and what the text of the fix needs. It is an error.
type Problem struct {
	Code  string `json:"code"`
	Cause string `json:"cause"`
	// Said is the same sentence where it is one of ours; nil where somebody else said it.
	Said  *Said             `json:"said,omitempty"`
	Facts map[string]string `json:"facts,omitempty"`
}

func (problem *Problem) Error() string { return problem.Code + ": " + problem.Cause }

// Hello is the first message of each side of each link.
type Hello struct {
	Protocol int    `json:"protocol"`
	Build    string `json:"build"`
	Role     string `json:"role"` // core, engine, helper, agent, doctor
	// Holder is the process that holds the helper's lease now, as the kernel names it; the helper's hello alone has it.
	Holder int32 `json:"holder,omitempty"`
}

// Protocol is the number of the wire protocol of all three links; a change that the other side cannot ignore
// raises it.
const Protocol = 8
