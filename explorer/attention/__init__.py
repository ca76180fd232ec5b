"""The parts of the Attention page: what is looked at, and what each part shows of it."""
