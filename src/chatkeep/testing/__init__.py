"""What the tests of a program that uses Chatkeep need.

* `chatkeep.testing.store_contract`: the suite that every store passes.
* `chatkeep.testing.live_contract`: the suite that every live log passes.
* `chatkeep.testing.responder`: a responder that follows a script.
* `chatkeep.testing.client`: a client of a Chatkeep in the same process.
* `chatkeep.testing.server`: a Chatkeep on a real socket, for one test.
* `chatkeep.testing.model_server`: a model that speaks OpenAI's protocol over a
  real socket, and fails as it is told to.
"""
