package render

// streamProtocols are Kong's protocols for routes of the kinds that are not about requests. A TLSRoute has tls as well, where a listener
// terminates TLS.
var streamProtocols = map[string]string{"TCPRoute": "tcp", "UDPRoute": "udp", "TLSRoute": "tls_passthrough"}
