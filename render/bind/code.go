package bind

// Codes of findings and reasons of denials: conditions' reasons of the Gateway API. The package documentation says what
// each one means here.
const (
	RefNotPermitted            = "RefNotPermitted"
	InvalidKind                = "InvalidKind"
	BackendNotFound            = "BackendNotFound"
	UnsupportedProtocol        = "UnsupportedProtocol"
	UnsupportedValue           = "UnsupportedValue"
	NoMatchingParent           = "NoMatchingParent"
	NotAllowedByListeners      = "NotAllowedByListeners"
	NoMatchingListenerHostname = "NoMatchingListenerHostname"
	InvalidRouteKinds          = "InvalidRouteKinds"
	InvalidCertificateRef      = "InvalidCertificateRef"
	InvalidCACertificateRef    = "InvalidCACertificateRef"
	HostnameConflict           = "HostnameConflict"
	ProtocolConflict           = "ProtocolConflict"
)

// Codes of gwsync's own, for what the Gateway API has no reason for. The package documentation says what each one means.
const (
	ParentNotFound      = "ParentNotFound"
	UnsupportedParent   = "UnsupportedParent"
	ForeignParent       = "ForeignParent"
	ForeignGateway      = "ForeignGateway"
	UnknownGatewayClass = "UnknownGatewayClass"
	InvalidSelector     = "InvalidSelector"
	NoParentRefs        = "NoParentRefs"
	UnservedHostname    = "UnservedHostname"
	SharedListener      = "SharedListener"
	ExternalName        = "ExternalName"
)
