// Command ask looks names up with Go's resolver. Each line of its input is "KIND NAME", KIND being A, SRV or PTR;
// for each it prints KIND, NAME and what was found, between tabs: nothing where there is no such name, and
// "failed: CAUSE" where that is not known.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		kind, name, _ := strings.Cut(lines.Text(), " ")
		found, err := lookUp(kind, name)
		var missing *net.DNSError
		if err != nil && !(errors.As(err, &missing) && missing.IsNotFound) {
			found = []string{"failed: " + err.Error()}
		}
		fmt.Printf("%s\t%s\t%s\n", kind, name, strings.Join(found, ","))
	}
}

func lookUp(kind, name string) (found []string, err error) {
	switch kind {
	case "A":
		addresses, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip4", name)
		for _, address := range addresses {
			found = append(found, address.Unmap().String())
		}
		return found, err
	case "SRV":
		_, services, err := net.LookupSRV("", "", name)
		for _, service := range services {
			found = append(found, fmt.Sprint(service.Port, " ", service.Target))
		}
		return found, err
	case "PTR":
		return net.LookupAddr(name)
	}
	return nil, errors.ErrUnsupported
}
