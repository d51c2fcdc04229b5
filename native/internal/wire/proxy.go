package wire

// ProxyInput describes the proxy that programs come through.
type ProxyInput struct {
	Port int `json:"port"` // that is wanted, on 127.0.0.1; 0, or where it is taken: any
}

// ProxyEvent tells where the proxy listens, and what lets programs in.
type ProxyEvent struct {
	Port       int    `json:"port"`       // on 127.0.0.1
	KnowsUsers bool   `json:"knowsUsers"` // the user's own programs need no password
	Username   string `json:"username"`
	Password   Secret `json:"password"` // who knows it may use the proxy
	PACToken   Secret `json:"pacToken"` // the path of the file for browsers: /TOKEN/proxy.pac
}
