package render

import "testing"

// TestMultiple holds the factor of weights to what dividing them needs: whole shares, and products within 64 bits.
func TestMultiple(t *testing.T) {
	for _, tt := range []struct{ a, b, want int64 }{
		{1, 1, 1}, {1, 3, 3}, {4, 6, 12}, {6, 4, 12}, {1000, 999, 999_000}, {999_999_000, 1_000_003, 1 << 40}, {1 << 40, 7, 1 << 40},
	} {
		if got := multiple(tt.a, tt.b); got != tt.want {
			t.Errorf("multiple(%d, %d) is %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
