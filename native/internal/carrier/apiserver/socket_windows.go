package apiserver

import "net"

// Windows sizes its send buffer by the ideal send backlog and has no such option.
func limitUnsent(*net.TCPConn) {}
