package bind

// Codes of findings and reasons of denials: conditions' reasons of the Gateway API. The package documentation says what
// each one means here.
const (
	RefNotPermitted                = "RefNotPermitted"
	InvalidKind                    = "InvalidKind"
	BackendNotFound                = "BackendNotFound"
	UnsupportedProtocol            = "UnsupportedProtocol"
	UnsupportedValue               = "UnsupportedValue"
	NoMatchingParent               = "NoMatchingParent"
	NotAllowedByListeners          = "NotAllowedByListeners"
	NoMatchingListenerHostname     = "NoMatchingListenerHostname"
	InvalidRouteKinds              = "InvalidRouteKinds"
	InvalidCertificateRef          = "InvalidCertificateRef"
	InvalidCACertificateKind       = "InvalidCACertificateKind"
	InvalidClientCertificateRef    = "InvalidClientCertificateRef"
	InsecureFrontendValidationMode = "InsecureFrontendValidationMode"
	InvalidParameters              = "InvalidParameters"
	UnsupportedAddress             = "UnsupportedAddress"
	AddressNotAssigned             = "AddressNotAssigned"
	NotAllowed                     = "NotAllowed"
	ParentNotAccepted              = "ParentNotAccepted"
	ListenersNotValid              = "ListenersNotValid"
	InvalidCACertificateRef        = "InvalidCACertificateRef"
	NoValidCACertificate           = "NoValidCACertificate"
	TargetNotFound                 = "TargetNotFound"
	Conflicted                     = "Conflicted"
	Invalid                        = "Invalid"
	IncompatibleFilters            = "IncompatibleFilters"
	HostnameConflict               = "HostnameConflict"
	ProtocolConflict               = "ProtocolConflict"
)

// Codes of gwsync's own, for what the Gateway API has no reason for. The package documentation says what each one means.
const (
	ParentNotFound          = "ParentNotFound"
	ForeignParent           = "ForeignParent"
	ForeignGateway          = "ForeignGateway"
	UnknownGateway          = "UnknownGateway"
	UnknownGatewayClass     = "UnknownGatewayClass"
	InvalidSelector         = "InvalidSelector"
	NoParentRefs            = "NoParentRefs"
	UnservedHostname        = "UnservedHostname"
	IsolatedHostname        = "IsolatedHostname"
	UnusedGrant             = "UnusedGrant"
	ShadowedRoute           = "ShadowedRoute"
	SharedListener          = "SharedListener"
	ExternalName            = "ExternalName"
	NoEndpoints             = "NoEndpoints"
	NoWeight                = "NoWeight"
	InvalidBackendTLSPolicy = "InvalidBackendTLSPolicy"
)
