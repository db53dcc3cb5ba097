"""Step-up challenges: a decision's `challenge` answered by a one-time code, an authenticator or a face match.

In the decision API's process: they work while the control plane is down.
"""
