"""What amoCRM starts here: an action of a stage (digital pipeline), or the question of a bot (Salesbot).

An automation is a piece of work with a name and a key. The action in amoCRM carries the key, because hooks of a
pipeline are not signed; each hook is accepted like every write, so that a repetition does nothing twice.
"""
