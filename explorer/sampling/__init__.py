"""The parts of the Sampling page: who writes, the text it writes, and that text compared."""
