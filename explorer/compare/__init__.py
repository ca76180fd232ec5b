"""The parts of the Compare page: what is compared, and what each part shows of it."""
