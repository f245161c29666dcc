"""Benchmarks: each figure is taken beside its baseline, in one run, as a ratio.

``python -m benchmarks`` runs them all. The data flows like this::

    __main__.py    which cases to run; prints the table, writes the JSON
    cases/         one file a row group of the table: what is compared with what
    processes.py   servers, workers and load clients as pinned child processes
    load.py        the load client: raw sockets, counts frames, times them
    worker.py      runs one subject in process, on request
    script.py      what every subject is asked to do, so that all do the same
    bare.py        baseline: an ASGI app that only writes frames
    sdk/           baseline: openai-chatkit with a dict store, on FastAPI
    engine/        the subject: Chatkeep
    report.py      rows, targets, the table

Timings vary with the machine, so they decide no test: a row says whether its
target was met here and now.
"""
