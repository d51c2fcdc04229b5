package wire

import (
	"fmt"
	"strings"
)

// Cause is a sentence of ours as a kind: frontends say it in their own language by its id. {name} takes a value.
type Cause struct{ id, sentence string }

// Sentences that native programs say. app/contract/cause-catalogue.ts has each in the same words; a test compares.
var (
	CauseProtocols           = Cause{"helperProtocolProgram", "it speaks protocol {theirs}; this program speaks {ours}"}
	CauseHelperLinkEnded     = Cause{"helperLinkEnded", "the connection to the helper ended: {reason}"}
	CauseHelperHeartbeats    = Cause{"helperHeartbeats", "the helper does not answer heartbeats"}
	CauseHelperConnect       = Cause{"helperConnect", "could not connect to the helper: {reason}"}
	CauseHelperStranger      = Cause{"helperStranger", "the program listening on the helper's socket is not the helper"}
	CauseHelperHeldByProgram = Cause{"helperHeldByProgram", "process {process} of this user is already using the helper"}
	CauseHelperHeldByUser    = Cause{"helperHeldByUser", "another user's Slipway is using this computer's network"}
	CauseNoTun               = Cause{"noTun", "the helper found no TUN device"}
	CauseInterfaceTaken      = Cause{"interfaceTaken", "the network interface was removed: {reason}"}
	CauseTunnelSilent        = Cause{"tunnelSilent", "no answer came through the tunnel in time"}
	CauseAddressLost         = Cause{"addressLost", "this computer has lost the network address that the connection had"}
	CauseResolverInside      = Cause{"resolverInside", "the resolver inside the tunnel does not answer this computer: {reason}"}
	CauseGatewayBlocks       = Cause{"gatewayBlocks", "WebSocket: {webSocket}; SPDY: {spdy}"}
	CauseProxyFailed         = Cause{"proxyFailed", "{proxy}: {reason}"}
	CauseNoAddress           = Cause{"noAddress", "{host} has no address"}
	CauseNoHTTPWithin        = Cause{"noHttpWithin", "no HTTP response within {seconds} s"}
	CauseNoAnswerWithin      = Cause{"noAnswerWithin", "no answer within {time}"}
	CauseRouteByRule         = Cause{"routeByRule", "packets to {address} leave by {interface}, because of a rule that comes first: {rule}"}
	CauseRouteByRoute        = Cause{"routeByRoute", "packets to {address} leave by {interface}: so says the route {route} of table {table}"}
	CauseNowhereByRule       = Cause{"nowhereByRule", "packets to {address} go nowhere, because of a rule that comes first: {rule}"}
	CauseNowhereByRoute      = Cause{"nowhereByRoute", "packets to {address} go nowhere ({kind}): so says the route {route} of table {table}"}
	CauseNoRouteAtAll        = Cause{"noRouteAtAll", "no route leads to {address}"}
	CauseRouteContested      = Cause{"routeContested", "the route {prefix} was removed {times} times within {within} s, as often as it was put back; it is left alone for {alone} s and then tried again"}
	CauseRuleContested       = Cause{"ruleContested", "the rule {rule} leads {address} to {interface}; the rule that Slipway has before it was removed {times} times within {within} s, as often as it was put back; it is left alone for {alone} s and then tried again"}
	CauseNamesContested      = Cause{"namesContested", "/etc/resolv.conf was rewritten {times} times within {within} s, as often as names were put back; it is left alone for {alone} s and then tried again"}
	CauseInterfaceIsDown     = Cause{"interfaceIsDown", "{interface} is down"}
	CauseInterfaceNoAddress  = Cause{"interfaceNoAddress", "{interface} has lost its address {address}"}
	CauseInterfaceContested  = Cause{"interfaceContested", "{interface} was taken down, or its address or routes away, {times} times within {within} s, as often as that was put back; it is left alone for {alone} s and then tried again"}
	CauseInterfaceGone       = Cause{"interfaceGone", "somebody deleted {interface}"}
	CauseProbeRefused        = Cause{"probeRefused", "a firewall rule for outgoing packets refuses {address}: {reason}"}
	CauseNoDescriptors       = Cause{"noDescriptors", "the program that carries packets may open no more files: {reason}"}
	CauseNoSystemFiles       = Cause{"noSystemFiles", "all programs together may open no more files on this computer: {reason}"}
	CauseNoPort              = Cause{"noPort", "no local port is free for a connection: {reason}"}
	CauseNoMemory            = Cause{"noMemory", "the kernel has no memory for a connection: {reason}"}
	CauseProbeRefusedBy      = Cause{"probeRefusedBy", "a firewall rule for outgoing packets refuses {address}: {reason}; what drops or refuses some here: {chains}"}
	CauseProbeLostBy         = Cause{"probeLostBy", "packets to {address} do not come out of {interface}, though the route leads there: a firewall rule for outgoing packets drops them; what drops or refuses some here: {chains}"}
	CauseProbeUnansweredBy   = Cause{"probeUnansweredBy", "packets to {address} come out of {interface}, but answers do not reach programs: a firewall rule for incoming packets drops them; what drops or refuses some here: {chains}"}
	CauseProbeLost           = Cause{"probeLost", "packets to {address} do not come out of {interface}, though the route leads there: a firewall rule for outgoing packets drops them"}
	CauseProbeUnanswered     = Cause{"probeUnanswered", "packets to {address} come out of {interface}, but answers do not reach programs: a firewall rule for incoming packets drops them, or the kernel's rp_filter"}
	CauseClusterDNSSilent    = Cause{"clusterDnsSilent", "{servers} did not answer {name} within {time}"}
	CauseClusterDNSAnswered  = Cause{"clusterDnsAnswered", "{servers} answered {name} with {answer}"}
	CauseNothingAnswers      = Cause{"nothingAnswers", "{targets} do not answer, while the way to the agent itself works"}
	CauseNoneAnswers         = Cause{"noneAnswers", "{targets} do not answer"}
	CausePodsAnswer          = Cause{"podsAnswer", "{targets} do not answer, while pods do"}
	CauseOtherFamilySilent   = Cause{"otherFamilySilent", "{targets} do not answer, while IPv4 does"}
	CauseOwnNodeAnswers      = Cause{"ownNodeAnswers", "{targets} do not answer, while pods on the agent's own node do"}
	CauseResolverAstray      = Cause{"resolverAstray", "this computer sends what goes to the tunnel's resolver elsewhere, by {interface}"}
	CauseMappingMalformed    = Cause{"mappingMalformed", "{real} and {virtual} are not a pair of ranges"}
	CauseMappingUnequal      = Cause{"mappingUnequal", "{virtual} cannot stand for {real}: the two are not of one size"}
	CauseMappingNotVirtual   = Cause{"mappingNotVirtual", "{virtual} cannot stand for {real}: such addresses may be somebody's"}
	CauseMappingOverlaps     = Cause{"mappingOverlaps", "addresses of {range} would have two meanings: {other} has them, too"}
	CauseMappingTooMany      = Cause{"mappingTooMany", "{count} ranges are to be mapped; at most {most} can be"}
	CauseNotIntoTunnel       = Cause{"notIntoTunnel", "{address} is not routed into the tunnel"}
)

// Said is a sentence of ours with its values, as it crosses a link.
type Said struct {
	ID     string            `json:"id"`
	Values map[string]string `json:"values"`
}

// Problem makes a problem of the code with this cause. Pairs are the names of the sentence's values and the values.
func (cause Cause) Problem(code string, pairs ...any) *Problem {
	values := map[string]string{}
	sentence := cause.sentence
	for at := 0; at+1 < len(pairs); at += 2 {
		name, value := fmt.Sprint(pairs[at]), fmt.Sprint(pairs[at+1])
		values[name] = value
		sentence = strings.ReplaceAll(sentence, "{"+name+"}", value)
	}
	return &Problem{Code: code, Cause: sentence, Said: &Said{ID: cause.id, Values: values}}
}
