"""The GPT in torch: layers, the ladder from bigram to transformer, training, sampling.

Importing this package imports nothing. `config`, `schedule` and `presets` are standard library
only, so that a page can list models and estimate them before torch, which takes two seconds, is
loaded.

In the order in which to read it: `config`, `layers`, `ladder`, `gpt`, `models`, `batches`,
`optimiser`, `schedule`, `training`, `sampling`.
"""
