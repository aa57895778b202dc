package manifest

// The codes of this package's findings. Those of this list are errors.
const (
	// CodeUnreadable is a file or directory that could not be read: no permission, or a link that leads out of the tree.
	CodeUnreadable = "Unreadable"
	// CodeTooLarge is a file of more than [MaxFileSize].
	CodeTooLarge = "TooLarge"
	// CodeSyntaxError is a document that is not YAML or JSON, or not UTF-8 text.
	CodeSyntaxError = "SyntaxError"
	// CodeDuplicateKey is a key that its mapping has already.
	CodeDuplicateKey = "DuplicateKey"
	// CodeAliasLimit is a document whose aliases or merge keys would make it grow out of measure.
	CodeAliasLimit = "AliasLimit"
	// CodeUnknownKind is a kind that does not exist and is probably a misspelling of one that does.
	CodeUnknownKind = "UnknownKind"
	// CodeUnknownVersion is an API version that a kind is not served in.
	CodeUnknownVersion = "UnknownVersion"
	// CodeUnknownField is a field that the kind does not have.
	CodeUnknownField = "UnknownField"
	// CodeMissingField is a required field that is not there.
	CodeMissingField = "MissingField"
	// CodeWrongType is a value of another type than the field has.
	CodeWrongType = "WrongType"
	// CodeInvalidValue is a value that the API server would refuse.
	CodeInvalidValue = "InvalidValue"
	// CodeDuplicateItem is a list item with the name of another, or a repeated value of a set.
	CodeDuplicateItem = "DuplicateItem"
	// CodeDuplicateObject is an object with the kind, namespace and name of another.
	CodeDuplicateObject = "DuplicateObject"
)

// The codes of warnings.
const (
	// CodeExperimentalField is a field or value that only the experimental channel of the Gateway API has.
	CodeExperimentalField = "ExperimentalField"
	// CodeDeprecatedVersion is an API version that is read and that the standard channel of the Gateway API does not serve: kubectl
	// apply refuses it, or takes it only where the experimental channel is installed.
	CodeDeprecatedVersion = "DeprecatedVersion"
	// CodeUnsupportedKind is a kind that gwsync does not read though it says how requests are served. It is said once a kind, at the
	// first object. Of an Ingress it is an info: another controller may serve it.
	CodeUnsupportedKind = "UnsupportedKind"
	// CodeKustomization is a kustomization that does more than name files below it: gwsync reads the files as they are. It is said once.
	CodeKustomization = "Kustomization"
	// CodeNotFollowed is a symbolic link to a directory: what it leads to is not read.
	CodeNotFollowed = "NotFollowed"
)
