"""A bundle behind HTTP: the same answers as `verticals predict`, one request at a time or many at once.

settings   how a service is run, and how its workers learn of it
app        the addresses, put together; `create` makes it in each worker
scoring    a question to an answer: read, check, predict, and the reasons
questions  the body of a request to a question
"""
