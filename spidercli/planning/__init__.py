"""Facts and desired objects in, an ordered plan out: pure functions, no I/O."""
