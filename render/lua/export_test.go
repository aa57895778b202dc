package lua

// Verifying is the part of programs that verifies backends.
const Verifying = verifying
