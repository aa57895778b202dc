package manifest

// report adds a finding about a field of the object at hand. The rules of the core kinds do: what the API server's own code says of
// them. They see an object that agrees with its schema and has its defaults. The rules of other kinds are in their schemas.
type report func(code, field, message, hint string)

// invalid reports a value that the API server would refuse.
func (r report) invalid(field, message string) { r(CodeInvalidValue, field, message, "") }
