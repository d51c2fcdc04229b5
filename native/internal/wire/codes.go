package wire

// Codes of problems that native programs raise. app/contract/problem-catalogue-*.ts hold the text of each; a test
// compares the lists.
const (
	CodeAgentEgressBlocked   = "agent-egress-blocked"
	CodeAgentGone            = "agent-gone"
	CodeAgentNodeCutOff      = "agent-node-cut-off"
	CodeAgentUnreachable     = "agent-unreachable"
	CodeAgentVersion         = "agent-version"
	CodeAPIBusy              = "api-busy"
	CodeAPIUnreachable       = "api-unreachable"
	CodeCertificateExpired   = "certificate-expired"
	CodeCertificateName      = "certificate-name"
	CodeCertificateUntrusted = "certificate-untrusted"
	CodeClusterDNSFailing    = "cluster-dns-failing"
	CodeClusterDNSSilent     = "cluster-dns-silent"
	CodeComputerExhausted    = "computer-exhausted"
	CodeConnectionFailed     = "connection-failed"
	CodeConnectionRefused    = "connection-refused"
	CodeConnectionSilent     = "connection-silent"
	CodeEngineVersion        = "engine-version"
	CodeForbidden            = "forbidden"
	CodeGatewayBlocks        = "gateway-blocks"
	CodeHelperBusy           = "helper-busy"
	CodeHelperLost           = "helper-lost"
	CodeHelperMissing        = "helper-missing"
	CodeHelperRefused        = "helper-refused"
	CodeHelperVersion        = "helper-version"
	CodeInterfaceDown        = "interface-down"
	CodeInterfaceLost        = "interface-lost"
	CodeInternal             = "internal"
	CodeJournalUnwritable    = "journal-unwritable"
	CodeLeaseLost            = "lease-lost"
	CodeMappingRefused       = "mapping-refused"
	CodeMessageMalformed     = "message-malformed"
	CodeNameUnknown          = "name-unknown"
	CodeNamesContested       = "names-contested"
	CodeNamesForbidden       = "names-forbidden"
	CodePacketsDropped       = "packets-dropped"
	CodePodsUnreachable      = "pods-unreachable"
	CodeProxyFailed          = "proxy-failed"
	CodeResolverUnset        = "resolver-unset"
	CodeRouteContested       = "route-contested"
	CodeRouteMissing         = "route-missing"
	CodeRouteRefused         = "route-refused"
	CodeRouteTaken           = "route-taken"
	CodeServicesUnreachable  = "services-unreachable"
	CodeTunUnavailable       = "tun-unavailable"
	CodeTunnelSilent         = "tunnel-silent"
	CodeUnauthorized         = "unauthorized"
)

// Codes lists them all, sorted.
var Codes = []string{
	CodeAgentEgressBlocked,
	CodeAgentGone,
	CodeAgentNodeCutOff,
	CodeAgentUnreachable,
	CodeAgentVersion,
	CodeAPIBusy,
	CodeAPIUnreachable,
	CodeCertificateExpired,
	CodeCertificateName,
	CodeCertificateUntrusted,
	CodeClusterDNSFailing,
	CodeClusterDNSSilent,
	CodeComputerExhausted,
	CodeConnectionFailed,
	CodeConnectionRefused,
	CodeConnectionSilent,
	CodeEngineVersion,
	CodeForbidden,
	CodeGatewayBlocks,
	CodeHelperBusy,
	CodeHelperLost,
	CodeHelperMissing,
	CodeHelperRefused,
	CodeHelperVersion,
	CodeInterfaceDown,
	CodeInterfaceLost,
	CodeInternal,
	CodeJournalUnwritable,
	CodeLeaseLost,
	CodeMappingRefused,
	CodeMessageMalformed,
	CodeNameUnknown,
	CodeNamesContested,
	CodeNamesForbidden,
	CodePacketsDropped,
	CodePodsUnreachable,
	CodeProxyFailed,
	CodeResolverUnset,
	CodeRouteContested,
	CodeRouteMissing,
	CodeRouteRefused,
	CodeRouteTaken,
	CodeServicesUnreachable,
	CodeTunUnavailable,
	CodeTunnelSilent,
	CodeUnauthorized,
}
