package wire

// Codes of problems that native programs raise. app/contract/problem-catalogue.ts holds the text of each; a test
// compares the lists.
const (
	CodeAgentGone            = "agent-gone"
	CodeAgentUnreachable     = "agent-unreachable"
	CodeAgentVersion         = "agent-version"
	CodeAPIUnreachable       = "api-unreachable"
	CodeCertificateExpired   = "certificate-expired"
	CodeCertificateUntrusted = "certificate-untrusted"
	CodeConnectionFailed     = "connection-failed"
	CodeConnectionRefused    = "connection-refused"
	CodeConnectionSilent     = "connection-silent"
	CodeEngineVersion        = "engine-version"
	CodeForbidden            = "forbidden"
	CodeHelperBusy           = "helper-busy"
	CodeHelperLost           = "helper-lost"
	CodeHelperMissing        = "helper-missing"
	CodeHelperRefused        = "helper-refused"
	CodeHelperVersion        = "helper-version"
	CodeInternal             = "internal"
	CodeJournalUnwritable    = "journal-unwritable"
	CodeLeaseLost            = "lease-lost"
	CodeMessageMalformed     = "message-malformed"
	CodeNameUnknown          = "name-unknown"
	CodeNamesForbidden       = "names-forbidden"
	CodeResolverUnset        = "resolver-unset"
	CodeRouteMissing         = "route-missing"
	CodeRouteRefused         = "route-refused"
	CodeTunUnavailable       = "tun-unavailable"
	CodeTunnelSilent         = "tunnel-silent"
	CodeUnauthorized         = "unauthorized"
)

// Codes lists them all, sorted.
var Codes = []string{
	CodeAgentGone,
	CodeAgentUnreachable,
	CodeAgentVersion,
	CodeAPIUnreachable,
	CodeCertificateExpired,
	CodeCertificateUntrusted,
	CodeConnectionFailed,
	CodeConnectionRefused,
	CodeConnectionSilent,
	CodeEngineVersion,
	CodeForbidden,
	CodeHelperBusy,
	CodeHelperLost,
	CodeHelperMissing,
	CodeHelperRefused,
	CodeHelperVersion,
	CodeInternal,
	CodeJournalUnwritable,
	CodeLeaseLost,
	CodeMessageMalformed,
	CodeNameUnknown,
	CodeNamesForbidden,
	CodeResolverUnset,
	CodeRouteMissing,
	CodeRouteRefused,
	CodeTunUnavailable,
	CodeTunnelSilent,
	CodeUnauthorized,
}
