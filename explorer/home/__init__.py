"""The parts of Home: a tour from an untrained model to what its heads see, and a landscape."""
