package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// maxDialled is how many targets of a kind are tried before that kind counts as silent: one may be ill by itself.
const maxDialled = 3

// reachCluster is the cluster's side of the reach check: what answers the agent, asked by the engine's own stack, whose
// questions and connections the agent makes with fresh sockets of its pod, as it does for the laptop's programs.
type reachCluster struct{ connection *connection }

// answer is what one kind of target did.
type answer struct {
	tried   []string
	subject string // what answered, or was tried first
	isOpen  bool   // a connection was made
	refused bool   // something refused one: the way is there, unless nothing at all answers otherwise
}

func (answer answer) isSilent() bool {
	return len(answer.tried) > 0 && !answer.isOpen && !answer.refused
}

// check asks the cluster's DNS, and dials a Service, a pod and a pod on the agent's own node, all at once.
func (cluster *reachCluster) check(ctx context.Context, targets wire.ReachTargets) []wire.ReachCheck {
	connection := cluster.connection
	connection.mutex.Lock()
	isUp, facts, stack := connection.isUp, connection.facts, connection.path != nil
	connection.mutex.Unlock()
	name := targets.Name
	if name == "" && facts.ClusterDomain != "" {
		name = "kubernetes.default.svc." + facts.ClusterDomain
	}
	if !isUp || !stack { // what the heartbeat tells is not told again
		return []wire.ReachCheck{notRun(wire.ReachResolver, name), notRun(wire.ReachService, ""), notRun(wire.ReachPod, "")}
	}
	patience := connection.config.Timing.ClusterAnswer + 4*connection.agent.roundTrip()
	var running sync.WaitGroup
	var first, second answers
	var asked nameAnswer
	running.Go(func() { asked = cluster.ask(ctx, name, facts.Nameservers, 2*patience) })
	anyOf4, _ := byFamily(addressesOf(slices.Concat(targets.Services, targets.Pods, targets.LocalPods)))
	for _, kind := range []struct {
		targets      []string
		first, other *answer
	}{
		{targets.Services, &first.services, &second.services}, {targets.Pods, &first.pods, &second.pods},
		{targets.LocalPods, &first.local, &second.local},
	} {
		of4, of6 := byFamily(addressesOf(kind.targets))
		if len(anyOf4) == 0 { // a cluster of one family
			of4, of6 = of6, nil
		}
		running.Go(func() { *kind.first = cluster.dial(ctx, of4, patience) })
		running.Go(func() { *kind.other = cluster.dial(ctx, of6, patience) })
	}
	running.Wait()
	if ctx.Err() != nil {
		return []wire.ReachCheck{notRun(wire.ReachResolver, name), notRun(wire.ReachService, ""), notRun(wire.ReachPod, "")}
	}
	namespace := connection.agent.namespace()
	return judgeOther(namespace, judge(namespace, asked, first.services, first.pods, first.local), second)
}

// answers are those of one family.
type answers struct{ services, pods, local answer }

func byFamily(addresses []netip.AddrPort) (of4, of6 []netip.AddrPort) {
	for _, address := range addresses {
		if address.Addr().Is4() {
			of4 = append(of4, address)
		} else {
			of6 = append(of6, address)
		}
	}
	return of4, of6
}

// judgeOther adds what the second family of a dual-stack cluster does, where the first has nothing to tell of the same kind: what
// answers by IPv4 says nothing of IPv6.
func judgeOther(namespace string, checks []wire.ReachCheck, other answers) []wire.ReachCheck {
	add := func(kind, code string, silent ...answer) {
		index := slices.IndexFunc(checks, func(check wire.ReachCheck) bool { return check.Check == kind })
		for _, each := range silent {
			switch {
			case index < 0 || checks[index].Problem != nil:
			case each.isOpen && checks[index].State == wire.ReachNotRun:
				checks[index] = verdictOn(kind, each.subject, nil)
			case each.isSilent():
				problem := wire.CauseOtherFamilySilent.Problem(code, "targets", strings.Join(each.tried, ", "))
				problem.Facts = map[string]string{"namespace": namespace}
				checks[index] = verdictOn(kind, each.subject, problem)
			}
		}
	}
	add(wire.ReachService, wire.CodeServicesUnreachable, other.services)
	add(wire.ReachPod, wire.CodePodsUnreachable, other.pods, other.local)
	return checks
}

// judge tells apart, by what is silent together, what is likely to be the matter.
func judge(namespace string, asked nameAnswer, services, pods, local answer) []wire.ReachCheck {
	var silent []string
	isAnyOpen, isAnyDialled := false, false
	for _, each := range []answer{services, pods, local} {
		isAnyOpen = isAnyOpen || each.isOpen
		isAnyDialled = isAnyDialled || len(each.tried) > 0
		if !each.isOpen {
			silent = append(silent, each.tried...)
		}
	}
	// A policy may refuse instead of dropping. Then nothing at all opens, and DNS is as dead.
	isBlocked := isAnyDialled && !isAnyOpen && asked.problem != nil && !asked.isHeard
	resolverCheck := verdictOn(wire.ReachResolver, asked.name, asked.problem)
	if asked.name == "" || len(asked.servers) == 0 {
		resolverCheck = notRun(wire.ReachResolver, asked.name)
	}
	// A node that lost the others reaches its own pods only; what else is silent then lies behind pods of theirs.
	isCutOff := !isBlocked && pods.isSilent() && local.isOpen
	facts := map[string]string{"namespace": namespace}
	cutOff := wire.CauseOwnNodeAnswers.Problem(wire.CodeAgentNodeCutOff, "targets", strings.Join(pods.tried, ", "))
	cutOff.Facts = facts
	blocked := wire.CauseNothingAnswers.Problem(wire.CodeAgentEgressBlocked, "targets", strings.Join(append([]string{asked.name}, silent...), ", "))
	blocked.Facts = facts
	if resolverCheck.Problem != nil {
		resolverCheck.Problem.Facts = facts
		switch {
		case isBlocked:
			resolverCheck.Problem = blocked
		case isCutOff && !asked.isHeard:
			resolverCheck.Problem = cutOff
		}
	}
	problemOf := func(each answer, code string, cause wire.Cause) *wire.Problem {
		switch {
		case isBlocked && len(each.tried) > 0:
			return blocked
		case isCutOff && each.isSilent():
			return cutOff
		case each.isSilent():
			problem := cause.Problem(code, "targets", strings.Join(each.tried, ", "))
			problem.Facts = facts
			return problem
		}
		return nil
	}
	serviceCause := wire.CauseNoneAnswers
	if pods.isOpen || local.isOpen {
		serviceCause = wire.CausePodsAnswer
	}
	podCheck := verdictOn(wire.ReachPod, pods.subject, problemOf(pods, wire.CodePodsUnreachable, wire.CauseNoneAnswers))
	if podCheck.Problem == nil && local.isSilent() || len(pods.tried) == 0 {
		podCheck = verdictOn(wire.ReachPod, local.subject, problemOf(local, wire.CodePodsUnreachable, wire.CauseNoneAnswers))
	}
	if len(pods.tried) == 0 && len(local.tried) == 0 {
		podCheck = notRun(wire.ReachPod, "")
	}
	serviceCheck := verdictOn(wire.ReachService, services.subject, problemOf(services, wire.CodeServicesUnreachable, serviceCause))
	if len(services.tried) == 0 {
		serviceCheck = notRun(wire.ReachService, "")
	}
	return []wire.ReachCheck{resolverCheck, serviceCheck, podCheck}
}

// dial connects from the agent to the first of the targets, and where that does not answer to the next ones.
func (cluster *reachCluster) dial(ctx context.Context, addresses []netip.AddrPort, patience time.Duration) (result answer) {
	addresses = addresses[:min(len(addresses), maxDialled)]
	if len(addresses) == 0 {
		return result
	}
	result.subject = addresses[0].String()
	for _, batch := range [][]netip.AddrPort{addresses[:1], addresses[1:]} {
		var mutex sync.Mutex
		var running sync.WaitGroup
		for _, address := range batch {
			result.tried = append(result.tried, address.String())
			running.Go(func() {
				isOpen, isRefused := cluster.connect(ctx, address, patience)
				mutex.Lock()
				defer mutex.Unlock()
				if isOpen && !result.isOpen {
					result.isOpen, result.subject = true, address.String()
				}
				result.refused = result.refused || isRefused
			})
		}
		running.Wait()
		if result.isOpen {
			return result
		}
	}
	return result
}

func (cluster *reachCluster) connect(ctx context.Context, address netip.AddrPort, patience time.Duration) (isOpen, isRefused bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	opened, err := cluster.connection.path.stack.DialTCP(ctx, address)
	if err != nil {
		return false, isRefusal(err)
	}
	opened.Close()
	return true, false
}

// isRefusal tells a RST, which gVisor words itself, from silence and from errors of routers.
func isRefusal(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "connection was refused")
}

// nameAnswer is what the cluster's DNS did.
type nameAnswer struct {
	name    string
	servers []netip.AddrPort
	isHeard bool // it answered something
	problem *wire.Problem
}

// ask asks every nameserver of the agent's pod at once for a name that must exist. One that answers is enough; SERVFAIL,
// REFUSED and "no such name" are no answers.
func (cluster *reachCluster) ask(ctx context.Context, name string, texts []string, patience time.Duration) nameAnswer {
	result := nameAnswer{name: name, servers: nameservers(texts)}
	if name == "" || len(result.servers) == 0 {
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), dns.TypeA)
	answers := make(chan *dns.Msg, len(result.servers))
	for _, server := range result.servers {
		go func() {
			response, err := resolver.NewCluster(cluster.connection.path.dialServer, []netip.AddrPort{server}).Exchange(ctx, question)
			if err != nil {
				response = nil
			}
			answers <- response
		}()
	}
	var told *dns.Msg
	for range result.servers {
		if response := <-answers; response != nil {
			if told = response; response.Rcode == dns.RcodeSuccess {
				break
			}
		}
	}
	listed := strings.Join(texts, ", ")
	switch {
	case told == nil:
		result.problem = wire.CauseClusterDNSSilent.Problem(wire.CodeClusterDNSSilent,
			"servers", listed, "name", name, "time", fmt.Sprintf("%.1f s", patience.Seconds()))
	case told.Rcode != dns.RcodeSuccess:
		result.isHeard = true
		result.problem = wire.CauseClusterDNSAnswered.Problem(wire.CodeClusterDNSFailing,
			"servers", listed, "name", name, "answer", dns.RcodeToString[told.Rcode])
	default:
		result.isHeard = true
	}
	return result
}
