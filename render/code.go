package render

// Codes of the findings of [Translate], besides those of package bind. docs/findings.md says what each one means.
const (
	// AskedByLua is a rule whose backends Lua asks in Kong's place, since Kong cannot verify them as their BackendTLSPolicy says.
	AskedByLua = "AskedByLua"
	// CaseInsensitiveHeader is a header value that router flavor traditional_compatible compares without regard to case.
	CaseInsensitiveHeader = "CaseInsensitiveHeader"
	// ForeignClass is an object of Kong's own kinds that is for another controller.
	ForeignClass = "ForeignClass"
	// HostReplaced is a rule whose backends get another Host than the Gateway API says, since their BackendTLSPolicy asks for it.
	HostReplaced = "HostReplaced"
	// InconsistentAnnotations are Services of one rule that ask for different fields of the one Kong service.
	InconsistentAnnotations = "InconsistentAnnotations"
	// InexactMirror is a mirror whose Service has annotations that copies of requests know nothing of.
	InexactMirror = "InexactMirror"
	// InexactSession is a rule whose sessions Kong keeps with their backends for the most part.
	InexactSession = "InexactSession"
	// InexactTimeout is a timeout that Kong keeps for each wait, not for all of them together.
	InexactTimeout = "InexactTimeout"
	// InexactWeight is a weight that Kong cannot have.
	InexactWeight = "InexactWeight"
	// InvalidAnnotation is an annotation konghq.com/... whose value Kong would refuse.
	InvalidAnnotation = "InvalidAnnotation"
	// InvalidCredential is a Secret that a KongConsumer names and that Kong cannot take as a credential.
	InvalidCredential = "InvalidCredential"
	// MisdirectedRequest is a port with several HTTPS listeners of which Kong serves requests for one on the connections to another.
	MisdirectedRequest = "MisdirectedRequest"
	// MissingSetting is something that the configuration needs of kong.conf, and the Kong that it is for has not.
	MissingSetting = "MissingSetting"
	// NameCollision is an object whose entities have the names of another's.
	NameCollision = "NameCollision"
	// NeedsSetting is what takes a setting in kong.conf that is not its default.
	NeedsSetting = "NeedsSetting"
	// OverriddenAnnotation is an annotation konghq.com/... of a Service that a route's own field wins over.
	OverriddenAnnotation = "OverriddenAnnotation"
	// ServedElsewhere is a route that Kong answers on more listeners than it is attached to.
	ServedElsewhere = "ServedElsewhere"
	// SharedConnections is a backend whose connections Kong does not keep apart from those of another that is verified otherwise.
	SharedConnections = "SharedConnections"
	// SharedServerName is a listener some of whose clients get the certificate of a listener on another port.
	SharedServerName = "SharedServerName"
	// SharedCacheKey is a match that tells requests apart which Kong's router may answer alike, since its cache does not.
	SharedCacheKey = "SharedCacheKey"
	// SNIConflict is a server name with two certificates.
	SNIConflict = "SNIConflict"
	// TLSWithoutSNI is a route whose TLS requests are told from plain ones by their server name.
	TLSWithoutSNI = "TLSWithoutSNI"
	// TooManyMatches are more matches than Kong can put into an order.
	TooManyMatches = "TooManyMatches"
	// UnusedCertificate is a certificate of a listener that has none of its server names.
	UnusedCertificate = "UnusedCertificate"
	// UnusedObject is an object that would mean something to Kong if another one named it.
	UnusedObject = "UnusedObject"
	// UnmappedPort is a TLSRoute that works only where Kong itself listens on the port of its listener.
	UnmappedPort = "UnmappedPort"
	// UnknownAnnotation is an annotation konghq.com/... that has no effect where it is.
	UnknownAnnotation = "UnknownAnnotation"
	// UnknownPlugin is a KongPlugin whose plugin does not come with an open-source Kong.
	UnknownPlugin = "UnknownPlugin"
	// UnknownPort is a headless Service whose pods listen on a port that only they know.
	UnknownPort = "UnknownPort"
)
