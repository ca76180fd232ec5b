"""The parts of the Inside page: what is looked at, and what each part shows of it."""
