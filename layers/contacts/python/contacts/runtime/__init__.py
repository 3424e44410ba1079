"""What a function is made of: the one place that names concrete adapters and reads the environment."""

from contacts.runtime.garbage_collection import collect_seldom

# Here, because everything else is still to be loaded: a hundred thousand objects that are there to stay, and looking
# through them for garbage again and again would take a fifth of a cold start.
collect_seldom()
