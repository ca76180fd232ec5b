"""The GPT in torch: layers, the ladder from bigram to transformer, training, sampling.

Importing this package imports nothing. `config`, `training_config`, `schedule`, `report` and
`presets` are standard library only, so that a page can list models, estimate them and read reports
before torch, which takes two seconds, is loaded.

In the order in which to read it: `config`, `tap`, `layers`, `language_model`, `ladder`, `gpt`,
`models`; `batches`, `optimiser`, `schedule`, `training`; `cache`, `filters`, `sampling`, `steps`.
What the field has learnt since the lecture, each part by itself: `rotary`, `token_shift`, `muon`.
`distributed` lets several processes train one model; `microgpt` takes weights to `gpt.scalar` and
back.
"""
