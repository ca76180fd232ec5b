"""What a training run leaves on disk; starting, steering and stopping the process that writes it.

A run is a folder whose every file can be read without this package:

    config.json         everything needed to do it again
    corpus.txt          the text, where it is not in the catalogue
    metrics.jsonl       a line a step
    samples.jsonl       what the model writes, from time to time
    histograms.jsonl    the weights, gradients and updates of every matrix, from time to time
    events.jsonl        who steered what at which step
    commands.jsonl      what the trainer was told; whoever wants to steer appends a line
    status.json         what the trainer is doing now, and which process it is
    checkpoints/        weights: step-000500.safetensors, and best-000750.safetensors
    resume.safetensors  what a killed run goes on from, a few seconds old
    trainer.log         what the process printed, if somebody else started it

Importing this package imports nothing. Only `tensor_training` imports torch, so runs can be listed,
steered and read without it.

In the order in which to read it: `settings`, `config`, `presets`, `data`; `journal`, `arrays`,
`process`, `status`, `run`, `library`; `control`, `queue`, `recorder`, `training` with
`tensor_training` and `scalar_training`, `heartbeat`, `session`, `launch`; `pace`, `evaluation`;
`records`, `archive`, `tensorboard`.
"""
