"""The ``misora`` command: one file for each verb, each thin; heavy imports happen inside the verb that needs them."""
